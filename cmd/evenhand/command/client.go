package command

// Client holds the client commands: what a server is asked from a shell.
type Client struct {
	Accounts         Accounts         `cmd:"" help:"Customers: import, list, change."`
	Revenue          Revenue          `cmd:"" help:"What customers paid: import, list, correct."`
	Schedule         Schedule         `cmd:"" help:"The written promise: publish, show."`
	Requests         Requests         `cmd:"" help:"Special requests: declined with a reason, or made a rule for everybody."`
	Check            Check            `cmd:"" help:"Is an account entitled to a benefit, by which rule, until when, and if not, how far away?"`
	Entitlements     Entitlements     `cmd:"" help:"All that an account is entitled to, and what not."`
	Holders          Holders          `cmd:"" help:"Who is entitled to a benefit."`
	Baseline         Baseline         `cmd:"" help:"What everybody is promised."`
	Programmes       Programmes       `cmd:"" help:"Places that are limited: criteria, capacity, who has one, who is next."`
	Case             Case             `cmd:"" help:"Customers' problems: open, assign, reply, resolve, import, against the clocks of what everybody is promised."`
	Acknowledgements Acknowledgements `cmd:"" help:"Who of the staff knows what everybody is promised."`
	Usage            Usage            `cmd:"" help:"What is left of metered benefits, and what was used of all: use, reserve, give back."`
	Spend            Spend            `cmd:"" help:"What an account has spent, as the rules see it."`
	Costs            Costs            `cmd:"" help:"What it costs to keep what is promised beyond the baseline: by account, benefit and rule, its trend, limits."`
	Bands            Bands            `cmd:"" help:"Bands of spend, tenure and reach, by which audits compare like with like."`
	Remedies         Remedies         `cmd:"" help:"What is done about customers' problems: the same issue with the same facts has the same remedy."`
	Houserules       Houserules       `cmd:"" help:"What customers are asked to keep, and how often they do not."`
	Clauses          Clauses          `cmd:"" help:"Clauses of contracts that staff have to cite, and how often they do."`
	Reviews          Reviews          `cmd:"" help:"Reviews of house rules, of clauses, and of what else is in question."`
	Board            Board            `cmd:"" help:"Advisory boards: members drawn and rotated, meetings, questions and answers."`
	Plan             Plan             `cmd:"" help:"Relationship plans: what customers want to reach, what we do for it, how we keep in touch."`
	Lotteries        Lotteries        `cmd:"" help:"Draws of who gets places: commit, draw, and the record that anybody can replay."`
	Audit            Audit            `cmd:"" help:"Audits: were like cases treated alike?"`
	Company          Company          `cmd:"" help:"The company: currency, time zone, fiscal year."`
	Rates            Rates            `cmd:"" help:"Dated exchange rates."`
	Attributes       Attributes       `cmd:"" help:"Keys under which accounts carry attributes."`
	Imports          Imports          `cmd:"" help:"What was imported."`
	Principals       Principals       `cmd:"" help:"Who may call, and what they may do."`
	Tokens           Tokens           `cmd:"" help:"Tokens of principals."`
	Caller           Caller           `cmd:"" aliases:"whoami" help:"Whose token you use, and what it may do."`
	Projections      Projections      `cmd:"" help:"What entitlements keeps of accounts and ledger."`
	Panel            Panel            `cmd:"" help:"The draw of a panel, without a server: solve, compare, draw, verify."`
	Clock            Clock            `cmd:"" help:"Working time by a schedule file, without a server: when is a clock due?"`
	Health           Health           `cmd:"" help:"Is a server ready? For health checks of containers."`
	Completion       Completion       `cmd:"" help:"Print a completion script for a shell."`
	Version          Version          `cmd:"" help:"Print the version."`

	CompleteWords CompleteWords `cmd:"" hidden:"" help:"What the completion scripts call."`
}
