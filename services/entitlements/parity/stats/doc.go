// Package stats has the statistics of the parity audit: tests and effect sizes
// for two groups of cases, A and B, compared within strata of like cases.
//
// # Which to use
//
//   - Yes or no (breached, remedied, reopened): TestRates for the p-value and
//     RiskRatio for the effect.
//   - Times that have all ended, and amounts: Samples.VanElteren for the p-value,
//     Samples.Ratio and Samples.Shift for the effect on times, RatioOfMeans for that on
//     amounts.
//   - Times of which some are still running: Durations.Early, of it LogRank for the
//     p-value and Ratio for the effect.
//   - All p-values of one audit together: Holm.
//
// # What holds for all of them
//
// Every effect is that of A in terms of B: a ratio is A over B, a shift A minus
// B. Every test is two-sided. A stratum where one of the groups does not occur
// tells nothing and is passed over, so callers may leave it in.
//
// Where the data cannot carry an answer the last result is false; what is
// returned is then the zero value. No result is ever NaN. A confidence interval
// that the data do not bound on one side says so by an infinite limit (or 0
// below, for a ratio), never by a made-up number.
//
// Values given must be finite; times and amounts must not be negative where a
// ratio is asked for. Nothing here reads a clock, draws at random or keeps state.
package stats
