package demo

import _ "embed" // the schedule files

//go:embed promise-1.yaml
var firstVersion string

//go:embed promise-2.yaml
var secondVersion string
