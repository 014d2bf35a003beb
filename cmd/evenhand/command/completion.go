package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Completion is `evenhand completion`.
type Completion struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help implements kong.HelpProvider.
func (*Completion) Help() string {
	return `Prints a script that completes commands, flags and their values.

Examples:

  source <(evenhand completion bash)
  evenhand completion zsh > "${fpath[1]}/_evenhand"
  evenhand completion fish > ~/.config/fish/completions/evenhand.fish`
}

// Run prints the script.
func (c *Completion) Run(env *Env) error {
	_, err := io.WriteString(env.Stdout, completionScripts[c.Shell])
	return err
}

// The scripts ask `evenhand complete-words WORD...` for what the last word may become;
// where it has no answer they fall back to files.
var completionScripts = map[string]string{
	"bash": `_evenhand() {
  local IFS=$'\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" complete-words -- "${words[@]}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _evenhand evenhand
`,
	"zsh": `#compdef evenhand
_evenhand() {
  local -a candidates
  candidates=("${(@f)$("${words[1]}" complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${candidates[*]}" ]]; then compadd -- "${candidates[@]}"; else _files; fi
}
if [[ "${funcstack[1]}" = "_evenhand" ]]; then _evenhand "$@"; else compdef _evenhand evenhand; fi
`,
	"fish": `function __evenhand_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete-words -- $words[2..-1] 2>/dev/null
end
complete -c evenhand -a '(__evenhand_complete)'
`,
}

// CompleteWords is what the completion scripts call.
type CompleteWords struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints what the last word may become, a candidate a line.
func (c *CompleteWords) Run(env *Env, app *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	for _, candidate := range candidates(app.Model.Node, words[:len(words)-1], words[len(words)-1]) {
		if _, err := fmt.Fprintln(env.Stdout, candidate); err != nil {
			return err
		}
	}
	return nil
}

// candidates lists what the word begun may become, behind the words before it.
func candidates(node *kong.Node, before []string, begun string) []string {
	var awaited *kong.Flag // the flag whose value comes next
	for _, word := range before {
		switch {
		case awaited != nil:
			awaited = nil
		case strings.HasPrefix(word, "-"):
			if flag := findFlag(node, word); flag != nil && !flag.IsBool() {
				awaited = flag
			}
		default:
			if child := findChild(node, word); child != nil {
				node = child
			}
		}
	}
	var found []string
	switch {
	case awaited != nil:
		found = enum(awaited.Value)
	case strings.HasPrefix(begun, "-"):
		for _, group := range node.AllFlags(true) {
			for _, flag := range group {
				found = append(found, "--"+flag.Name)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				found = append(found, child.Name)
			}
		}
		if len(node.Positional) > 0 {
			found = append(found, enum(node.Positional[0])...)
		}
	}
	found = slices.DeleteFunc(found, func(c string) bool { return !strings.HasPrefix(c, begun) })
	slices.Sort(found)
	return slices.Compact(found)
}

func findFlag(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}

func findChild(node *kong.Node, word string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == word || slices.Contains(child.Aliases, word) {
			return child
		}
	}
	return nil
}

func enum(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return value.EnumSlice()
}
