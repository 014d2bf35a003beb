// Package meetings keeps the meetings of advisory boards: scheduled from the charter's
// recurrence or called by hand, invited to, held with a quorum, minuted, and their
// decisions followed up.
//
// A meeting is one document, so that who was there, who stood aside, and what was
// decided always agree: every change of the record of a meeting is checked against all
// of it. Only the texts of the minutes are kept beside it.
package meetings
