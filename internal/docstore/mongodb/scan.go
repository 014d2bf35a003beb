package mongodb

import (
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// scan is one stretch of an index: conditions that all hold in it, and its order.
type scan struct {
	conditions bson.A
	sort       bson.D
}

func is(field, op string, value any) bson.D {
	return bson.D{{Key: field, Value: bson.D{{Key: op, Value: value}}}}
}

// filter is what the live documents of the stretch match.
func (s scan) filter() bson.D {
	absent := bson.D{{Key: "dead", Value: nil}}
	return bson.D{{Key: "$and", Value: append(slices.Clip(s.conditions), absent)}}
}

// indexScan is the whole of an index. It repeats the filter of a filtered index,
// since a server uses such an index only where the query implies it.
func indexScan(ix docstore.Index) scan {
	var s scan
	if filtered(ix) {
		for _, f := range ix.Fields {
			s.conditions = append(s.conditions, bson.D{{Key: bodyField(f), Value: bson.D{present}}})
		}
	}
	return s
}

// scansOf cuts a query into stretches of its index, in order. Going on from a place
// in an index of several open fields takes one for each of them: first what has the
// same values in all but the last, and so on. Each is one range of the index on any
// server, which a filter with $or is not.
func scansOf(ix docstore.Index, q docstore.Query) ([]scan, error) {
	if len(q.Equal) > len(ix.Fields) {
		return nil, errors.New("more values than the index has fields")
	}
	var open []string
	for _, f := range ix.Fields[len(q.Equal):] {
		open = append(open, bodyField(f))
	}
	if q.After != nil && len(q.After) != len(open)+1 {
		return nil, errors.New("the place to go on from is not one of this index")
	}
	if !ix.Unique || ix.Multikey {
		open = append(open, "_id") // a unique index is in order without
	}

	whole := indexScan(ix)
	for i, v := range q.Equal {
		whole.conditions = append(whole.conditions, is(bodyField(ix.Fields[i]), "$eq", v))
	}
	if len(open) > 0 && q.From != nil {
		whole.conditions = append(whole.conditions, is(open[0], "$gte", q.From))
	}
	if len(open) > 0 && q.To != nil {
		whole.conditions = append(whole.conditions, is(open[0], "$lt", q.To))
	}
	direction, beyond := 1, "$gt"
	if q.Descending {
		direction, beyond = -1, "$lt"
	}
	for _, f := range open {
		whole.sort = append(whole.sort, bson.E{Key: f, Value: direction})
	}
	if q.After == nil {
		return []scan{whole}, nil
	}

	var scans []scan
	for k := len(open) - 1; k >= 0; k-- {
		s := scan{conditions: slices.Clip(whole.conditions), sort: whole.sort[k:]}
		for i := range k {
			s.conditions = append(s.conditions, is(open[i], "$eq", q.After[i]))
		}
		s.conditions = append(s.conditions, is(open[k], beyond, q.After[k]))
		scans = append(scans, s)
	}
	return scans, nil
}
