package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Template returns a policy that sets nothing: every key stands in it as a comment,
// with what it is for and a value.
func Template() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\n", SchemaURL)
	b.WriteString("# What imagegate holds the image of this project to, and what it accepts. A key that\n# stands behind a # is not set: remove the # to set it.\n")
	writeSection(&b, "", "")
	return b.String()
}

func writeSection(b *strings.Builder, section, indent string) {
	for _, name := range namesIn(section) {
		full := strings.TrimPrefix(section+"."+name, ".")
		if section == "" {
			b.WriteString("\n")
		}
		if l, ok := listNamed(full); ok {
			comment(b, indent, l.doc)
			fmt.Fprintf(b, "%s%s:\n", indent, name)
			for _, line := range l.example {
				fmt.Fprintf(b, "%s  # %s\n", indent, line)
			}
		} else if i := slices.IndexFunc(keys, func(k key) bool { return k.name == full }); i >= 0 {
			comment(b, indent, keys[i].doc)
			fmt.Fprintf(b, "%s# %s: %s", indent, name, keys[i].example)
			if keys[i].initial {
				b.WriteString(" # the default")
			}
			b.WriteString("\n")
		} else {
			comment(b, indent, sections[full])
			fmt.Fprintf(b, "%s%s:\n", indent, name)
			writeSection(b, full, indent+"  ")
		}
	}
}

func comment(b *strings.Builder, indent, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(b, "%s# %s\n", indent, line)
	}
}
