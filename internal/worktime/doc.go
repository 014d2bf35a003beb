// Package worktime counts working time: how long the hours of a calendar have
// run between two instants, and when so much of it will have passed.
//
// Hours are wall-clock, durations are elapsed time. An instant is working time
// when the date and time that clocks show then are in the calendar's hours and
// the date is no holiday. So hours of 02:00-03:00 have no length on the day on
// which clocks jump over them and two hours on the day on which clocks show them
// twice, and a day of 00:00-24:00 has 23 or 25 hours. A date that a zone left out
// (Apia had no 30 December 2011) has no hours.
package worktime
