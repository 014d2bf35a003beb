// Package feeds keeps the secret addresses at which calendar programs read what happens
// on boards. What they were told is in the diary, so that a change is told as one.
package feeds
