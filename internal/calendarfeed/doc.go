// Package calendarfeed keeps the secret addresses at which calendar programs read
// calendars: who made them, of whose calendar they are, when they were read, and that they
// were revoked. What a calendar holds its service says.
package calendarfeed
