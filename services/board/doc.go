// Package board is the board service: customer advisory boards, the charters by which
// their members rotate, the pool of candidates, the rotations that draw from it, and the
// terms and seats that come of them. Nobody is seated by hand: a term begins only with a
// rotation.
//
// What a charter alone decides is in package charter, the draw in package panel, both
// without storage; this package keeps what happens.
package board
