package checks

import (
	"strings"
	"unicode"
)

// Printable returns a text as a terminal shows it as it is: U+FFFD stands for each
// character that moves the cursor, colours, turns the direction of writing or is not
// to be seen, as names of files in an image may have. Line ends and tabs stay.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, text)
}

// printableLine is Printable for what has to stay in one line.
func printableLine(text string) string { return strings.Map(printable, text) }

func printable(r rune) rune {
	if unicode.IsGraphic(r) {
		return r
	}
	return unicode.ReplacementChar
}
