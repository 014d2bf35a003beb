// Package calendar says when things of an advisory board happen, and tells calendars of
// it: recurrences that keep their local time, working days, rotations and meetings laid
// out years ahead, and iCalendar feeds (RFC 5545). It is pure: nothing here reads a
// clock, a store or a network.
package calendar
