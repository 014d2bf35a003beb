package test

import "strings"

// adviser is the promise with a rule about terms on advisory boards.
var adviser = strings.NewReplacer("rules:\n", `  - {id: dinner, promise: A dinner of thanks each year., kind: feature}
rules:
  - id: adviser
    promise: Who has served a term on an advisory board is thanked with a dinner.
    when: {board: terms-served, at_least: 1}
    grants: [dinner]
`, "First edition", "Advice is thanked for").Replace(promise)

// promise is a schedule with two thresholds, whose benefits last while they are met.
const promise = `schedule: service-promise
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:00-17:30", holidays: [1997-12-25, 1998-01-01]}
commitments:
  - id: first-reply
    promise: Every customer gets a first reply within 4 working hours.
    clock: {from: opened, to: first_reply, within: 4h, calendar: office}
benefits:
  - {id: thanks, promise: A thank-you that is worth having., kind: feature, unit_cost: 20.00, expected_use_per_year: 1}
  - {id: hello, promise: A greeting card., kind: feature, unit_cost: 1.00, expected_use_per_year: 1}
rules:
  - id: thanks-500
    promise: A customer who spends $500 within a year gets our thanks.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [thanks]
    lasts: P0D
  - id: hello-100
    promise: A customer who spends $100 within a year gets a card.
    when: {spend: trailing-12-months, at_least: 100.00}
    grants: [hello]
    lasts: P0D
notice: {reason: First edition}
`
