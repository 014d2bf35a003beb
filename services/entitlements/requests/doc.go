// Package requests is how the written promise is changed: drafts of its next edition, which
// one person proposes and another approves, and special requests, which end in one of two
// ways, declined with a reason or made a rule for everybody who meets it.
//
// A draft is one document, and so is a request. Approving a draft is three writes: the
// approval, the version of the schedule, and the note in the draft that it was published.
// Making a rule of a request is three: the request names the draft that is to be, the draft
// is created, and the request notes that; no draft is proposed or approved that the request
// it is of does not wait for. Each of these writes can be repeated, and whatever a process that died
// has left half done is finished by Run.
package requests
