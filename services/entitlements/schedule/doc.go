// Package schedule is the model of a company's published promise and of the
// file it is written in.
//
// A Schedule holds the baseline (Commitments), the extras (Benefits, gathered in
// Bundles) and the Rules that grant extras for spend, tenure or terms served on
// advisory boards. A condition is data: subjects, windows and thresholds joined by
// all and any. It knows neither "less than" nor "not", so nobody can lose a benefit
// by spending more.
//
// Parse reads the YAML file and reports every problem with its place; Validate
// makes the same checks on a Schedule that came another way, with the path alone.
// Format writes the canonical file and Hash identifies the content whatever its
// spelling. Amounts are integer minor units throughout, never floats.
package schedule
