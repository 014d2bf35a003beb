// Package panel computes how to draw the members of an advisory board by lot, as
// fairly as the board's quotas allow.
//
// A Problem says how many seats there are, which quotas and conflicts a panel must
// meet, and who is in the pool. Leximin returns the lottery over such panels that
// makes the lowest probability of being drawn as high as possible, then the second
// lowest, and so on (Flanigan, Gölz, Gupta, Hennig, Procaccia, "Fair algorithms for
// selecting citizens' assemblies", Nature 596, 2021), with a certificate that shows
// for each level that no lottery does better.
//
// The package is a pure library: it reads and writes nothing and keeps no state.
package panel
