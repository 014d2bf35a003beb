// Package feeds keeps the secret addresses at which calendar programs read what happens
// on boards, and what they were told, so that a change is told as one.
package feeds
