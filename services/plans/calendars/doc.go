// Package calendars keeps the secret addresses at which calendar programs read what is due
// for somebody by relationship plans, and makes these calendars.
package calendars
