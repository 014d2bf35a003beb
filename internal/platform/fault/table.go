package fault

import "errors"

// Rule says what some errors mean to callers: it returns nil for all others.
type Rule func(error) *Error

// Table is a list of rules; the first that knows an error decides.
type Table []Rule

// Is makes a rule for the errors that wrap a sentinel. Callers are told the fault as
// it is, never the text of the error.
func Is(sentinel error, told *Error) Rule {
	return func(err error) *Error {
		if errors.Is(err, sentinel) {
			return told.Because(err)
		}
		return nil
	}
}

// As makes a rule for the errors that wrap one of type E; tell says what callers are
// told.
func As[E error](tell func(E) *Error) Rule {
	return func(err error) *Error {
		var e E
		if !errors.As(err, &e) {
			return nil
		}
		told := tell(e)
		if told == nil {
			return nil
		}
		return told.Because(err)
	}
}

// Find returns what an error means to callers: the Error it wraps, or else what the
// table says, or nil where neither knows.
func (t Table) Find(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	for _, rule := range t {
		if told := rule(err); told != nil {
			return told
		}
	}
	return nil
}
