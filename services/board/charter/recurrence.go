package charter

import "github.com/evenhand/evenhand/internal/calendar"

// Recurrence says when something happens again and again; package calendar expands it.
type Recurrence = calendar.Recurrence
