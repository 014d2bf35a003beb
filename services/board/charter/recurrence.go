package charter

import "github.com/evenhand/evenhand/services/board/calendar"

// Recurrence says when something happens again and again; package calendar expands it.
type Recurrence = calendar.Recurrence
