// Package imports takes over cases that happened elsewhere, from files.
//
// A case is known by the source and its id there: the same file again finds all of it
// there, and one that has grown brings what is new, cases that have gone on since included,
// as long as nobody here has done anything about them. No clock of what is over is told of.
package imports
