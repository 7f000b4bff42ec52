package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// Comment is a comment of a Compose file: a line of its own, or what stands behind
// a key or a value.
type Comment struct {
	// Text is the comment from its "#" on, without the spaces behind it.
	Text     string
	Location checks.Location
	// First and Last are the lines of the node that the comment stands on: that of
	// its line or, on a line of its own, the next one; with the lines below that are
	// indented further. They are 0 where there is none.
	First, Last int
}

// comments returns the comments of the file that was read.
func (r *reader) comments() []Comment {
	t := &texts{lines: r.lines, at: make([][]span, len(r.lines)+1)}
	for _, root := range r.roots {
		t.add(root)
	}
	var all []Comment
	next := nextNodes(r.lines)
	ends := map[int]int{} // of the nodes that start at a line
	for n, line := range r.lines {
		start, ok := t.comment(n + 1)
		if !ok {
			continue
		}
		text := strings.TrimRightFunc(line[start:], unicode.IsSpace)
		column := utf8.RuneCountInString(line[:start]) + 1
		c := Comment{Text: text, Location: checks.Location{
			Path: r.path, Line: n + 1, Column: column, EndLine: n + 1, EndColumn: column + utf8.RuneCountInString(text),
		}}
		if c.First = next[n]; c.First > 0 {
			if _, ok := ends[c.First]; !ok {
				ends[c.First] = endOfNode(r.lines, c.First)
			}
			c.Last = ends[c.First]
		}
		all = append(all, c)
	}
	return all
}

// span is a part of a line, in bytes.
type span struct{ from, to int }

// texts are the parts of a file that are quoted, or of a block scalar: a # there
// begins no comment.
type texts struct {
	lines []string
	at    [][]span // by the number of the line
	// The place that was last looked for: the next one is behind it, mostly in the
	// same line.
	number, column, from int
}

// comment returns the byte at which the comment of a line begins.
func (t *texts) comment(number int) (int, bool) {
	line, inside := t.lines[number-1], t.at[number]
	for i := 0; i < len(line); i++ {
		if line[i] != '#' || i > 0 && line[i-1] != ' ' && line[i-1] != '\t' {
			continue
		}
		for len(inside) > 0 && inside[0].to <= i {
			inside = inside[1:]
		}
		if len(inside) == 0 || i < inside[0].from {
			return i, true
		}
	}
	return 0, false
}

func (t *texts) add(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Line >= 1 && n.Line <= len(t.lines) {
		switch {
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			t.addBlock(n.Line)
		case n.Style&yaml.DoubleQuotedStyle != 0:
			t.addQuoted(n, '"')
		case n.Style&yaml.SingleQuotedStyle != 0:
			t.addQuoted(n, '\'')
		}
	}
	for _, child := range n.Content {
		t.add(child)
	}
}

// addBlock adds the lines of a block scalar: those below its head that are
// indented further than the key or the dash in front of it.
func (t *texts) addBlock(head int) {
	line := t.lines[head-1]
	indent := indentation(line)
	for strings.HasPrefix(line[indent:], "- ") {
		rest := line[indent+1:]
		next := indent + 1 + len(rest) - len(strings.TrimLeft(rest, " "))
		if next < len(line) && strings.ContainsRune("|>&!", rune(line[next])) {
			break
		}
		indent = next
	}
	for n := head + 1; n <= len(t.lines); n++ {
		text := t.lines[n-1]
		if strings.TrimSpace(text) != "" && indentation(text) <= indent {
			return
		}
		t.at[n] = append(t.at[n], span{0, len(text)})
	}
}

// addQuoted adds a quoted text, over as many lines as it goes.
func (t *texts) addQuoted(n *yaml.Node, quote byte) {
	from := t.byteOf(n.Line, n.Column)
	open := strings.IndexByte(t.lines[n.Line-1][from:], quote) // behind an anchor and a tag
	if open < 0 {
		return
	}
	from += open
	for number, i := n.Line, from+1; number <= len(t.lines); number, i, from = number+1, 0, 0 {
		line := t.lines[number-1]
		for ; i < len(line); i++ {
			switch {
			case quote == '"' && line[i] == '\\':
				i++
			case line[i] != quote:
			case quote == '\'' && i+1 < len(line) && line[i+1] == quote:
				i++
			default:
				t.at[number] = append(t.at[number], span{from, i + 1})
				return
			}
		}
		t.at[number] = append(t.at[number], span{from, len(line)})
	}
}

// byteOf returns the byte at which a column of a line begins.
func (t *texts) byteOf(number, column int) int {
	if number != t.number || column < t.column {
		t.number, t.column, t.from = number, 1, 0
	}
	for line := t.lines[number-1]; t.column < column && t.from < len(line); t.column++ {
		_, size := utf8.DecodeRuneInString(line[t.from:])
		t.from += size
	}
	return t.from
}

// nextNodes returns, for each line, the number of the first one from there on that
// holds more than a comment; 0 if none does.
func nextNodes(lines []string) []int {
	next := make([]int, len(lines))
	number := 0
	for n := len(lines) - 1; n >= 0; n-- {
		if text := strings.TrimSpace(lines[n]); text != "" && !strings.HasPrefix(text, "#") {
			number = n + 1
		}
		next[n] = number
	}
	return next
}

// endOfNode returns the number of the last line of the YAML node that starts at a
// line.
func endOfNode(lines []string, first int) int {
	isItem := func(text string) bool { return text == "-" || strings.HasPrefix(text, "- ") }
	depth, item := indentation(lines[first-1]), isItem(strings.TrimSpace(lines[first-1]))
	last := first
	for n := first; n < len(lines); n++ {
		text := strings.TrimSpace(lines[n])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		indent := indentation(lines[n])
		if indent < depth || indent == depth && (item || !isItem(text)) {
			return last
		}
		last = n + 1
	}
	return last
}

// indentation returns how many spaces a line starts with.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
