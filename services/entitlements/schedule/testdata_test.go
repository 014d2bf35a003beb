package schedule

// example is the schedule file of the documentation, with every kind of part.
const example = `schedule: service-promise
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:00-17:30", holidays: [1997-12-25, 1998-01-01]}
commitments:                       # the baseline: everyone, always
  - id: first-reply
    promise: Every customer gets a first reply within 4 working hours.
    clock: {from: opened, to: first_reply, within: 4h, calendar: office}
  - id: courtesy
    promise: Every customer is treated with courtesy.
    attest: [courtesy, fairness]
benefits:                          # the extras, each spelled out
  - {id: free-shipping, promise: Free shipping on every order., kind: feature, unit_cost: 4.50, expected_use_per_year: 12}
  - {id: expert-hours, promise: Ten hours a year with our own experts., kind: metered, unit: hour, limit: 10, period: P1Y, rollover: 2, unit_cost: 120.00}
  - {id: late-fee-waiver, promise: No late-payment fee., kind: waiver, house_rule: late-payment-fee}
bundles:
  - {id: partner, display_name: Partner, benefits: [free-shipping, expert-hours, late-fee-waiver]}
rules:
  - id: partner-500
    promise: A customer who spends $500 within a year becomes a Partner.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [partner]
    lasts: P12M                    # kept that long once earned
    on_refund: recheck
  - id: loyal
    promise: Free shipping after three years, or for a group that spends $10,000 in a calendar year.
    when:
      any:
        - {tenure: months, at_least: 36}
        - all:
            - {spend: calendar-year, at_least: "10000", scope: group}
            - {spend: since-joining, at_least: 1}
    grants: [free-shipping]
    on_refund: keep
notice: {effective: 1997-01-01, reason: First edition, minimum: P90D}
`
