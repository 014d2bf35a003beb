package panel

import (
	"fmt"
	"math/rand/v2"
)

// pool generates a problem with categories of as many values as given, skewed towards the
// first, and with quotas around what one panel drawn from it at random has.
func pool(seed uint64, size, seats int, values []int, slack int) *Problem {
	random := rand.New(rand.NewPCG(seed, 1))
	p := &Problem{Seats: seats}
	for c, n := range values {
		category := Category{Name: fmt.Sprintf("category %d", c)}
		for v := range n {
			category.Values = append(category.Values, Quota{Value: fmt.Sprintf("value %d", v)})
		}
		p.Categories = append(p.Categories, category)
	}
	for i := range size {
		member := Member{ID: fmt.Sprintf("member %d", i)}
		for _, n := range values {
			member.Values = append(member.Values, fmt.Sprintf("value %d", int(float64(n)*random.Float64()*random.Float64())))
		}
		p.Pool = append(p.Pool, member)
	}
	drawn := random.Perm(size)[:seats]
	for c := range values {
		for v := range p.Categories[c].Values {
			quota := &p.Categories[c].Values[v]
			n := 0
			for _, i := range drawn {
				if p.Pool[i].Values[c] == quota.Value {
					n++
				}
			}
			quota.Min, quota.Max = max(0, n-slack), n+slack
		}
	}
	return p
}

// pairs adds conflicts between pairs drawn at random.
func pairs(seed uint64, p *Problem, n int) *Problem {
	random := rand.New(rand.NewPCG(seed, 2))
	for range n {
		a := random.IntN(len(p.Pool))
		b := (a + 1 + random.IntN(len(p.Pool)-1)) % len(p.Pool)
		p.Conflicts = append(p.Conflicts, [2]int{a, b})
	}
	return p
}

// dense has a tenth of all pairs in conflict, so that it takes long.
func dense(seed uint64, size, seats int) *Problem {
	return pairs(seed, pool(seed, size, seats, []int{3, 3, 4}, 1), size*size/20)
}
