package pages

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence returns a text of a rule with a capital letter and a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	first, _, _ := strings.Cut(text, " ")
	if first != "" && strings.Trim(first, "abcdefghijklmnopqrstuvwxyz") == "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?:`", last) {
		text += "."
	}
	return text
}

var checkID = regexp.MustCompile(`\b[a-z]+/[A-Za-z]+(-[a-z]+)*\b`)

// prose returns plain text as Markdown that reads the same, on the page of this
// path: the ids of checks are links.
func (b book) prose(page, text string) string {
	return checkID.ReplaceAllStringFunc(escape(text), func(id string) string {
		if to := b.pages[id]; to != "" && to != page {
			return "[" + id + "](" + link(page, to) + ")"
		}
		return id
	})
}

// cell returns plain text as a cell of a table.
func (b book) cell(page, text string) string {
	return strings.ReplaceAll(b.prose(page, text), "|", `\|`)
}

// escape returns plain text as Markdown that reads the same. What stands between
// backticks is code already.
func escape(text string) string {
	var b strings.Builder
	code := false
	runes := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i, r := range runes {
		switch {
		case r == '`':
			code = !code
		case code:
		case r == '*', r == '$', r == '\\', r == '~',
			r == '_' && !(inWord(at(i-1)) && inWord(at(i+1))),
			r == '<' && !unicode.IsSpace(at(i+1)):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// anchor returns the name by which a link goes to a heading.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }
