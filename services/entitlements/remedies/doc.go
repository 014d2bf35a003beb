// Package remedies is the catalogue of what is done about customers' problems: by issue
// and facts, so that the same issue with the same facts gets the same remedy, whoever has
// it and whoever serves them.
package remedies
