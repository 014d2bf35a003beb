package architecture

import (
	"fmt"
	"slices"
	"strings"
)

// A rule says what the packages it covers may import. Patterns are paths below
// the module, or whole import paths of other modules: "*" stands for one path
// segment, a last segment "..." for the package and everything below it, and
// "{service}" for one segment that has the same value throughout the rule.
type rule struct {
	name   string
	covers []string
	except []string

	// only lists the packages of this module that may be imported; nil allows all.
	only []string
	// never lists packages of other modules and of the standard library that may
	// not be imported, neither directly nor through packages of this module.
	never []string
	// unless lists exceptions to never.
	unless []string
	// direct limits never to direct imports.
	direct bool
}

// A graph holds the direct imports of each package of the module, by import path.
type graph map[string][]string

// check returns a sentence for each import that breaks a rule, in a stable order.
func check(module string, imports graph, rules []rule) []string {
	var broken []string
	for _, pkg := range sortedKeys(imports) {
		for _, r := range rules {
			service, covered := r.covered(relative(module, pkg))
			if covered {
				broken = append(broken, r.breaches(module, imports, pkg, service)...)
			}
		}
	}
	return broken
}

// covered reports whether the rule is about pkg, and the value of {service}.
func (r rule) covered(pkg string) (service string, ok bool) {
	for _, pattern := range r.except {
		if _, excepted := match(pattern, pkg, ""); excepted {
			return "", false
		}
	}
	for _, pattern := range r.covers {
		if service, ok := match(pattern, pkg, ""); ok {
			return service, true
		}
	}
	return "", false
}

func (r rule) breaches(module string, imports graph, pkg, service string) []string {
	var broken []string
	report := func(chain []string) {
		broken = append(broken, fmt.Sprintf("%s: %s", r.name, strings.Join(chain, " -> ")))
	}
	if r.only != nil {
		for _, imported := range imports[pkg] {
			if within(module, imported) && !matchAny(r.only, relative(module, imported), service) {
				report([]string{pkg, imported})
			}
		}
	}
	if r.never != nil {
		for _, chain := range r.chains(module, imports, pkg, service) {
			report(chain)
		}
	}
	return broken
}

// chains returns, for each forbidden package reached from pkg, a shortest way to it.
func (r rule) chains(module string, imports graph, pkg, service string) [][]string {
	var found [][]string
	seen := map[string]bool{pkg: true}
	for queue := [][]string{{pkg}}; len(queue) > 0; queue = queue[1:] {
		chain := queue[0]
		for _, imported := range imports[chain[len(chain)-1]] {
			if seen[imported] {
				continue
			}
			seen[imported] = true
			longer := append(slices.Clone(chain), imported)
			switch {
			case matchAny(r.never, relative(module, imported), service) &&
				!matchAny(r.unless, relative(module, imported), service):
				found = append(found, longer)
			case within(module, imported) && !r.direct:
				queue = append(queue, longer)
			}
		}
	}
	return found
}

func matchAny(patterns []string, pkg, service string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		_, ok := match(pattern, pkg, service)
		return ok
	})
}

// match reports whether pattern fits pkg. A non-empty service is the value that
// {service} must have; otherwise the value it takes is returned.
func match(pattern, pkg, service string) (string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(pkg, "/")
	for i, segment := range want {
		switch {
		case segment == "...":
			return service, true
		case i >= len(have):
			return "", false
		case segment == "*", segment == have[i]:
		case segment == "{service}" && service == "":
			service = have[i]
		case segment == "{service}" && service == have[i]:
		default:
			return "", false
		}
	}
	return service, len(have) == len(want)
}

func within(module, pkg string) bool {
	return pkg == module || strings.HasPrefix(pkg, module+"/")
}

// relative returns the path of pkg below the module, or pkg if it lies elsewhere.
func relative(module, pkg string) string {
	return strings.TrimPrefix(pkg, module+"/")
}

func sortedKeys(imports graph) []string {
	keys := make([]string, 0, len(imports))
	for key := range imports {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
