// Package calendar says when things happen, and tells calendars of it: recurrences that
// keep their local time, working days, what is laid out years ahead, and iCalendar feeds
// and invitations (RFC 5545). It is pure: nothing here reads a clock, a store or a
// network.
package calendar
