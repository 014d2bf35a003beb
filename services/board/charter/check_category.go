package charter

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/names"
)

func (k *checker) categories() {
	all := k.charter.Categories
	if len(all) > maxCategories {
		k.add("categories", "are %d; at most %d are possible", len(all), maxCategories)
	}
	seen := map[string]bool{}
	for i := range all {
		path := fmt.Sprintf("categories[%d]", i)
		c := &all[i]
		switch {
		case !names.IsID(c.Name):
			k.add(path+".name", "%q is not an id: use up to 63 lower-case letters, digits and hyphens", c.Name)
		case c.Name == TurnCategory:
			k.add(path+".name", "%q is the name under which those who have waited longest go first: choose another", c.Name)
		case seen[c.Name]:
			k.add(path+".name", "%q is the name of a category before it: choose another", c.Name)
		}
		seen[c.Name] = true
		k.source(path, c)
		k.bands(path, c)
		k.quotas(path, c)
		k.values(path, c)
	}
}

func (k *checker) source(path string, c *Category) {
	switch c.Source {
	case Attribute:
		if !names.IsID(c.Key) {
			k.add(path+".key", "%q is not an attribute key: use up to 63 lower-case letters, digits and hyphens", c.Key)
		}
	case Tenure:
		if c.Key != "" {
			k.add(path+".key", "goes with the source attribute only: remove it")
		}
		if len(c.Bands) == 0 {
			k.add(path+".bands", "are missing: say which months of tenure form one value, as below 24, from 24")
		}
	default:
		k.add(path+".source", "%q is not known: write attribute or tenure", c.Source)
	}
}

func (k *checker) bands(path string, c *Category) {
	for i, b := range c.Bands {
		at := fmt.Sprintf("%s.bands[%d]", path, i)
		for _, bound := range []*float64{b.From, b.Below} {
			if bound != nil && (math.IsNaN(*bound) || math.IsInf(*bound, 0)) {
				k.add(at, "has a bound that is no number: leave it out where there is none")
			}
		}
		if b.From != nil && b.Below != nil && *b.From >= *b.Below {
			k.add(at, "is empty: from is to be less than below")
		}
		if i == 0 {
			continue
		}
		before := c.Bands[i-1].Below
		if before == nil || b.From == nil || *b.From < *before {
			k.add(at, "overlaps the band before it: bands ascend, and each begins no lower than the one before ends")
		}
	}
}

// quotas checks the numbers.
func (k *checker) quotas(path string, c *Category) {
	if len(c.Quotas) == 0 || len(c.Quotas) > maxValues {
		k.add(path+".quotas", "are %d: give 1 to %d", len(c.Quotas), maxValues)
		return
	}
	least, most := 0, 0
	seen := map[string]bool{}
	for i, q := range c.Quotas {
		at := fmt.Sprintf("%s.quotas[%d]", path, i)
		if strings.TrimSpace(q.Value) == "" || utf8.RuneCountInString(q.Value) > maxText {
			k.add(at+".value", "%q is no value: give a text of at most %d characters", q.Value, maxText)
		}
		if seen[q.Value] {
			k.add(at+".value", "%q has a quota already: remove one", q.Value)
		}
		seen[q.Value] = true
		if q.Min < 0 || q.Min > q.Max {
			k.add(at+".min", "is %d, and max is %d: give 0 <= min <= max", q.Min, q.Max)
		}
		least, most = least+q.Min, most+q.Max
	}
	if least > k.charter.Seats {
		k.add(path+".quotas", "need %s, and the board has %d: lower some min", count(least, "seat"), k.charter.Seats)
	}
	if most < k.charter.Seats {
		k.add(path+".quotas", "leave room for %s, and the board has %d: raise some max", count(most, "seat"), k.charter.Seats)
	}
}

// values checks that whatever accounts may have has a quota, and the other way round.
func (k *checker) values(path string, c *Category) {
	made := map[string]bool{c.NotGiven: true, c.Other: true}
	for i, b := range c.Bands {
		made[b.Value] = true
		if !c.has(b.Value) {
			k.add(fmt.Sprintf("%s.bands[%d].value", path, i), "%q has no quota: add one to the category's quotas", b.Value)
		}
	}
	for _, v := range []struct{ key, value string }{{"not_given", c.NotGiven}, {"other", c.Other}} {
		if v.value != "" && !c.has(v.value) {
			k.add(path+"."+v.key, "%q has no quota: add one to the category's quotas", v.value)
		}
	}
	if len(c.Bands) == 0 {
		return
	}
	for i, q := range c.Quotas {
		if !made[q.Value] {
			k.add(fmt.Sprintf("%s.quotas[%d].value", path, i), "%q is the value of no band: add a band for it, or remove the quota", q.Value)
		}
	}
}
