// Package clauses is the clauses of a company's contracts that its staff have to cite to
// customers, and how often they do: a clause that is cited again and again gets a review,
// since something in it, or in what it is about, surprises people.
package clauses
