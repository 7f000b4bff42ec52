// Package pages writes the documentation of the checks from the checks
// themselves: a page for each, an index, and how they compare with the rules of
// other tools. Its test keeps the files below docs as they would be written now:
//
//	go test ./checks/pages -update
package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/coverage"
)

// The pages that are not those of a check.
const (
	indexPage    = "docs/checks/README.md"
	coveragePage = "docs/coverage.md"
)

// Pages returns the text of every page by its path in the repository.
func Pages(entries []catalog.Entry) map[string]string {
	b := book{entries: entries, pages: map[string]string{}}
	for _, e := range entries {
		b.pages[e.ID] = e.Page()
	}
	all := map[string]string{
		indexPage:    b.index(),
		coveragePage: b.comparison(),
	}
	for _, e := range entries {
		all[e.Page()] = b.page(e)
	}
	return all
}

// book is what a page can show and link to.
type book struct {
	entries []catalog.Entry
	// pages are the paths of the checks' pages by their ids.
	pages map[string]string
}

// page returns the page of a check.
func (b book) page(e catalog.Entry) string {
	var out strings.Builder
	family := familyOf(e.ID)
	prose := func(text string) string { return b.prose(e.Page(), sentence(text)) }
	fmt.Fprintf(&out, "# %s\n\n%s\n\n", e.ID, prose(title(e)))
	fmt.Fprintf(&out, "**Severity:** %s\n\n", effect(e.Rule))
	fmt.Fprintf(&out, "## Why\n\n%s\n\n", prose(e.Why))
	fmt.Fprintf(&out, "## Fix\n\n%s\n\n", prose(e.Fix))
	if family.shows != "" {
		fmt.Fprintf(&out, "## Examples\n\n%s\n\n", family.shows)
		fmt.Fprintf(&out, "### Good\n\n%s### Bad\n\n%s", blocks(e.Good, family.language), blocks(e.Bad, family.language))
	} else {
		fmt.Fprintf(&out, "## Good\n\n%s## Bad\n\n%s", blocks(e.Good, family.language), blocks(e.Bad, family.language))
	}
	if table := aliases(e); table != "" {
		fmt.Fprintf(&out, "## Other tools\n\n%s\n", table)
	}
	if e.Differs != "" {
		fmt.Fprintf(&out, "### Where the verdicts differ\n\n%s\n\n", prose(e.Differs))
	}
	fmt.Fprintf(&out, "## More\n\n- <%s>\n- The check itself: [%s](%s)\n- [All checks](%s)\n",
		e.Reference, sourceOf(e.ID), link(e.Page(), sourceOf(e.ID)), link(e.Page(), indexPage))
	return out.String()
}

// title returns what holds when a check passes, as a sentence. BuildKit's own
// titles say what is wrong: its rules have ours.
func title(e catalog.Entry) string {
	for _, tool := range coverage.Tools() {
		for _, r := range tool.Rules {
			if e.ID == "buildkit/"+r.ID {
				return sentence(r.Title)
			}
		}
	}
	return sentence(e.Title)
}

// effect says how severe a finding is, and what it does to the verdict.
func effect(r checks.Rule) string {
	word := word(r.Severity)
	switch {
	case !familyOf(r.ID).profiles && r.Severity.AtLeast(checks.High):
		return word + ". Blocks."
	case !familyOf(r.ID).profiles:
		return word + "."
	case r.Severity.AtLeast(checks.Medium) && r.Strict:
		return word + ". Judged in the strict profile alone, where it blocks."
	case r.Severity.AtLeast(checks.High):
		return word + ". Blocks in every profile."
	case r.Severity.AtLeast(checks.Medium):
		return word + ". Warns in the default profile, blocks in the strict one."
	case r.Strict:
		return word + ". Judged in the strict profile alone, where it warns."
	}
	return word + ". Warns in the default and the strict profile."
}

// word returns a severity as prose has it.
func word(s checks.Severity) string { return string(s[:1]) + strings.ToLower(string(s[1:])) }

// aliases returns the table of the rules of other tools that a check answers.
func aliases(e catalog.Entry) string {
	var b strings.Builder
	for _, tool := range coverage.Tools() {
		for _, a := range tool.Answers([]checks.Rule{e.Rule}) {
			if len(a.Checks) > 0 {
				fmt.Fprintf(&b, "| [%s](%s#%s) | %s | %s |\n", tool.Name, link(e.Page(), coveragePage), anchor(tool.Name), a.ID, strings.ReplaceAll(escape(a.Title), "|", `\|`))
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "| Tool | Rule | Asks for |\n|---|---|---|\n" + b.String()
}

// sourceOf returns the file of a check.
func sourceOf(id string) string {
	if strings.HasPrefix(id, "buildkit/") {
		return "checks/source/buildkit_rules.go"
	}
	return "checks/" + strings.ReplaceAll(id, "-", "_") + ".go"
}

// link returns the path of a file of the repository as a page links to it.
func link(from, to string) string {
	rel, err := filepath.Rel(path.Dir(from), to)
	if err != nil {
		return to
	}
	return filepath.ToSlash(rel)
}

// blocks returns an example as blocks of code: each of its files under its name,
// if it is an archive of several.
func blocks(text, language string) string {
	archive := txtar.Parse([]byte(text))
	if len(archive.Files) == 0 {
		return block(text, language)
	}
	var b strings.Builder
	for _, file := range archive.Files {
		if len(archive.Files) > 1 {
			fmt.Fprintf(&b, "`%s`\n\n", file.Name)
		}
		if strings.TrimSpace(string(file.Data)) == "" {
			b.WriteString("(empty)\n\n")
			continue
		}
		b.WriteString(block(string(file.Data), languageOf(file.Name)))
	}
	return b.String()
}

func block(text, language string) string {
	if language == "json" {
		text = indent(text)
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + language + "\n" + strings.Trim(text, "\n") + "\n" + fence + "\n\n"
}

// flat are the lines of a JSON array or object that holds no other.
var flat = regexp.MustCompile(`[\[{]\n\s*[^\[\]{}]*\n\s*[\]}]`)

// indent breaks the lines of a JSON document that is written as one.
func indent(text string) string {
	var out bytes.Buffer
	if strings.Contains(strings.TrimSpace(text), "\n") || json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return flat.ReplaceAllStringFunc(out.String(), func(lines string) string {
		fields := strings.Split(lines, "\n")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		return fields[0] + strings.Join(fields[1:len(fields)-1], " ") + fields[len(fields)-1]
	})
}

// languageOf returns the name by which Markdown colours a file.
func languageOf(name string) string {
	base := path.Base(name)
	switch ext := path.Ext(base); {
	case strings.HasPrefix(base, "Dockerfile") && ext != ".dockerignore", ext == ".Dockerfile":
		return "dockerfile"
	case ext == ".yaml" || ext == ".yml":
		return "yaml"
	case ext == ".json":
		return "json"
	case ext == ".toml":
		return "toml"
	case ext == ".sh":
		return "sh"
	case ext == ".py":
		return "python"
	case ext == ".js":
		return "javascript"
	}
	return "text"
}
