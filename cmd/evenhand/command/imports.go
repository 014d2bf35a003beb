package command

import (
	"strconv"
	"strings"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Imports is `evenhand imports`.
type Imports struct {
	List ImportsList `cmd:"" help:"List what was imported."`
	Get  ImportsGet  `cmd:"" help:"Show an import."`
}

// ImportsList is `evenhand imports list`.
type ImportsList struct {
	Output
	Connection
}

// Run asks and prints.
func (c *ImportsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccountsServiceClient(s)
		l := c.newList(env.Stdout, "imports", "Import", "Kind", "State", "Source", "Batch", "Read", "Written", "Already there", "Refused", "Begun")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.Import], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListImports(ctx, &accountsv1.ListImportsRequest{PageSize: size, PageToken: token})
			return page[*accountsv1.Import]{answer.GetImports(), answer.GetNextPageToken()}, err
		}, func(i *accountsv1.Import) error {
			counts := i.GetCounts()
			return l.add(i, i.GetName(), i.GetKind(), showEnum(i.GetState(), "STATE_"), i.GetSource(), i.GetBatch(),
				strconv.FormatInt(counts.GetRead(), 10), strconv.FormatInt(counts.GetWritten(), 10),
				strconv.FormatInt(counts.GetAlreadyThere(), 10), strconv.FormatInt(counts.GetRefused(), 10), showTime(i.GetCreateTime()))
		})
	})
}

// ImportsGet is `evenhand imports get`.
type ImportsGet struct {
	Import string `arg:"" help:"The import's id."`
	Output
	Connection
}

// Run asks and prints.
func (c *ImportsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := accountsv1.NewAccountsServiceClient(s).GetImport(ctx, &accountsv1.GetImportRequest{
			Name: "imports/" + strings.TrimPrefix(c.Import, "imports/"),
		})
		if err != nil {
			return err
		}
		pairs := append([]pair{{"Kind", i.GetKind()}, {"State", showEnum(i.GetState(), "STATE_")}, {"Source", i.GetSource()}, {"Batch", i.GetBatch()}, {"Digest", i.GetDigest()}},
			importPairs(i)...)
		return c.printOne(env.Stdout, i, append(pairs, pair{"Begun", showTime(i.GetCreateTime())}, pair{"Ended", showTime(i.GetFinishTime())}))
	})
}
