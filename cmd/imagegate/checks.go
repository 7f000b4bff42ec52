package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/coverage"
)

// listed is a check as an element of the JSON list.
type listed struct {
	catalog.Entry
	Doc string `json:"doc"`
}

func checksCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("checks")
	format := newChoice(flags, "format", "The `FORMAT` of the list: text, the default, a table for people; or json, an array.", "text", "json")
	others, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(others) > 0 {
		return 0, fmt.Errorf("checks: it takes no arguments, and got %q", others)
	}
	if format.value == "json" {
		var list []listed
		for _, e := range catalog.Entries() {
			list = append(list, listed{e, pages + e.Page()})
		}
		return exitClean, encode(stdout, list)
	}
	if _, err := io.WriteString(stdout, catalog.Table()); err != nil {
		return 0, fmt.Errorf("checks: %w", err)
	}
	return exitClean, nil
}

func explainCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	names, err := parse(newFlags("explain"), args)
	if err != nil {
		return 0, err
	}
	if len(names) != 1 {
		return 0, errors.New("explain: name one check, as in source/user or DL3002")
	}
	entries := map[string]catalog.Entry{}
	for _, e := range catalog.Entries() {
		entries[e.ID] = e
	}
	ids := checks.NamesOf(catalog.Rules()).Find(names[0])
	if len(ids) == 0 {
		for rule, reason := range coverage.LeftOut() {
			if strings.EqualFold(rule, names[0]) {
				fmt.Fprintf(stdout, "%s is left out: %s\n", rule, reason)
				return exitClean, nil
			}
		}
		if near := checks.NamesOf(catalog.Rules()).Nearest(names[0]); near != "" {
			return 0, fmt.Errorf("explain: there is no check %q: did you mean %s? imagegate checks lists them", names[0], near)
		}
		return 0, fmt.Errorf("explain: there is no check %q: imagegate checks lists them", names[0])
	}
	for i, id := range ids {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if _, err := io.WriteString(stdout, explanation(entries[id])); err != nil {
			return 0, fmt.Errorf("explain: %w", err)
		}
	}
	return exitClean, nil
}

func explanation(e catalog.Entry) string {
	var b strings.Builder
	severity := string(e.Severity)
	if e.Strict {
		severity += ", strict profile alone"
	}
	fmt.Fprintf(&b, "%s (%s)\n%s\n", e.ID, severity, e.Title)
	section := func(title, text string) {
		if text = strings.Trim(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n%s:\n", title)
			for line := range strings.Lines(text + "\n") {
				b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
			}
		}
	}
	section("Why", e.Why)
	section("Fix", e.Fix)
	section("Good", e.Good)
	section("Bad", e.Bad)
	section("In other tools", strings.Join(e.Aliases, ", "))
	section("Where the verdict differs", e.Differs)
	section("More", e.Reference+"\n"+pages+e.Page())
	return b.String()
}
