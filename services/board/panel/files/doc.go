// Package files reads and writes the CSV files that the sortition tools share: a
// problem as categories.csv (category,name,min,max), respondents.csv (id, and one
// column a category) and conflicts.csv (a,b); a result as marginals
// (id,probability) and panels (probability,members).
//
// Files are UTF-8 with a header line. Columns are found by name, so that their order
// means nothing, and further columns are left alone. Every mistake is named by file
// and line.
package files
