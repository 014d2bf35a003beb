// Package innovation is the work that the company and its customers do together on
// something new. A project is proposed, agreed by both sides, taken through stages with
// gates, tried in pilots, launched, and completed. What each side is to gain is stated
// before it starts, and what each side really gained is recorded before it is completed.
//
// A completion counts for a customer once a named contact there has confirmed it, and
// somebody else than whoever leads the project has recorded that. A confirmation that was
// wrong is not deleted: it is withdrawn, with a reason.
package innovation
