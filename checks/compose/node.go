package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// What a file may come to. Real ones stay far below: they bound what aliases of
// aliases, and lists in lists, take.
const (
	// MaxNodes is how many keys and values a file may have once its aliases are
	// replaced by what they stand for.
	MaxNodes = 20_000
	// MaxDepth is how deep they may be nested.
	MaxDepth = 100
)

type shape int

const (
	scalar shape = iota
	mapping
	sequence
)

// Node is a value of a Compose file, its aliases and merge keys replaced by what
// they stand for. The methods that read it take nil for a value that is missing.
type Node struct {
	// Location is that of the value; of an alias, that of what it stands for.
	Location checks.Location

	shape   shape
	tag     string // !reset and !override say how a file is laid over another
	text    string // of a scalar
	value   any    // of a scalar, as YAML has it
	entries []Entry
	items   []*Node
	dir     string // that relative paths in it begin in
	size    int    // how many nodes it comes to
}

// Entry is a key of a mapping and its value.
type Entry struct {
	Key string
	// Location is that of the key.
	Location checks.Location
	Value    *Node
}

// Get returns the value of a key; nil if there is none.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// entry returns the key itself.
func (n *Node) entry(key string) (Entry, bool) {
	if n != nil {
		for _, e := range n.entries {
			if e.Key == key {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// Entries returns the keys of a mapping, in the order of the file.
func (n *Node) Entries() []Entry {
	if n == nil {
		return nil
	}
	return n.entries
}

// Items returns the values of a list; a scalar is a list of itself.
func (n *Node) Items() []*Node {
	switch {
	case n == nil || n.shape == mapping:
		return nil
	case n.shape == scalar && n.value == nil:
		return nil
	case n.shape == scalar:
		return []*Node{n}
	}
	return n.items
}

// IsMapping reports whether the value is a mapping.
func (n *Node) IsMapping() bool { return n != nil && n.shape == mapping }

// isNull reports whether there is no value: neither is there one behind "key:".
func (n *Node) isNull() bool { return n == nil || n.shape == scalar && n.value == nil }

// fault is why a file is not valid, and where.
type fault struct {
	location checks.Location
	message  string
	// doubted is whether it may be right where it is run.
	doubted bool
}

func (f *fault) Error() string { return f.location.String() + ": " + f.message }

// reader makes the nodes of one file.
type reader struct {
	path, dir string
	lines     []string
	// runes are those of the line at a number, the one that was last looked at.
	runes  []rune
	number int
	nodes  map[*yaml.Node]*Node // those that are made
	open   map[*yaml.Node]bool  // those that are being made
	roots  []*yaml.Node         // those of the documents
}

// read returns the documents of a file.
func (r *reader) read(text []byte) ([]*Node, error) {
	var documents []*Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		err := decode(decoder, &document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, r.invalid(text, err)
		}
		if len(document.Content) == 0 {
			continue
		}
		r.roots = append(r.roots, document.Content[0])
		n, err := r.node(document.Content[0], 0)
		if err != nil {
			return nil, err
		}
		if !n.isNull() {
			documents = append(documents, n)
		}
	}
}

// decode is Decode, for which a panic of the parser is an error as well.
func decode(decoder *yaml.Decoder, document *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the file is no YAML: %v", r)
		}
	}()
	return decoder.Decode(document)
}

// invalid words an error of the parser.
func (r *reader) invalid(text []byte, err error) *fault {
	f := &fault{location: checks.Location{Path: r.path, Line: 1}, message: err.Error()}
	var load *yaml.LoadError
	if errors.As(err, &load) {
		f.message = "the file is no YAML: " + load.Message
		f.location.Line, f.location.Column = load.Mark.Line, load.Mark.Column
		if load.Mark.Line == 0 && load.Mark.Index > 0 {
			before := text[:min(load.Mark.Index, len(text))]
			f.location.Line = 1 + bytes.Count(before, []byte("\n"))
			f.location.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		}
		if f.location.Line > len(r.lines) {
			f.location.Column = 0 // behind the last line
		}
	}
	f.location.Line = max(1, min(f.location.Line, len(r.lines)))
	return f
}

// node makes a node of YAML's, once.
func (r *reader) node(from *yaml.Node, depth int) (*Node, error) {
	if from.Kind == yaml.AliasNode {
		if r.open[from.Alias] {
			return nil, r.faultAt(from, "the alias *%s is in what it stands for", from.Value)
		}
		from = from.Alias
	}
	if n, ok := r.nodes[from]; ok {
		return n, nil
	}
	if depth > MaxDepth {
		return nil, r.faultAt(from, "values are nested deeper than %d levels, the most that is judged", MaxDepth)
	}
	n := &Node{Location: r.locate(from), dir: r.dir, size: 1}
	if strings.HasPrefix(from.Tag, "!") && !strings.HasPrefix(from.Tag, "!!") {
		n.tag = from.Tag
	}
	r.open[from] = true
	var err error
	switch from.Kind {
	case yaml.MappingNode:
		n.shape = mapping
		err = r.fillMapping(n, from, depth)
	case yaml.SequenceNode:
		n.shape = sequence
		for _, item := range from.Content {
			var child *Node
			if child, err = r.node(item, depth+1); err != nil {
				break
			}
			n.items = append(n.items, child)
			n.size += child.size
		}
	default:
		n.text, n.value = from.Value, scalarOf(from)
	}
	delete(r.open, from)
	if err != nil {
		return nil, err
	}
	if n.size > MaxNodes {
		return nil, r.faultAt(from, "the file has more than %d values, aliases replaced: the most that is judged", MaxNodes)
	}
	r.nodes[from] = n
	return n, nil
}

func (r *reader) fillMapping(n *Node, from *yaml.Node, depth int) error {
	var merged []*Node
	lines := map[string]int{} // of the keys
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := from.Content[i]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return r.faultAt(key, "a key is no text")
		}
		value, err := r.node(from.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if key.Tag == "!!merge" || key.Value == "<<" && key.Style == 0 {
			sources := []*Node{value}
			if value.shape == sequence {
				sources = value.items
			}
			for _, source := range sources {
				if source.shape != mapping {
					return r.faultAt(key, "what << merges is no mapping")
				}
			}
			merged = append(merged, sources...)
			continue
		}
		if line, ok := lines[key.Value]; ok {
			return r.faultAt(key, "the key %s is there a second time, after line %d", key.Value, line)
		}
		lines[key.Value] = key.Line
		n.entries = append(n.entries, Entry{Key: key.Value, Location: r.locate(key), Value: value})
		n.size += 1 + value.size
	}
	for _, source := range merged {
		for _, e := range source.entries {
			if _, ok := lines[e.Key]; !ok {
				lines[e.Key] = e.Location.Line
				n.entries = append(n.entries, e)
				n.size += 1 + e.Value.size
			}
		}
	}
	return nil
}

func (r *reader) faultAt(n *yaml.Node, format string, args ...any) *fault {
	return &fault{location: r.locate(n), message: fmt.Sprintf(format, args...)}
}

// scalarOf returns the value of a scalar as JSON can have it.
func scalarOf(n *yaml.Node) any {
	switch n.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
		var value any
		if err := n.Decode(&value); err != nil {
			return n.Value
		}
		switch v := value.(type) {
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return n.Value
			}
		case nil, bool, int, int64, uint64:
		default:
			return n.Value
		}
		return value
	}
	return n.Value
}

// locate returns the place of a value; its end where it is a text in one line.
func (r *reader) locate(n *yaml.Node) checks.Location {
	at := checks.Location{Path: r.path, Line: n.Line, Column: n.Column}
	if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line > len(r.lines) {
		return at
	}
	if n.Line != r.number {
		r.runes, r.number = []rune(r.lines[n.Line-1]), n.Line
	}
	line := r.runes
	start := n.Column - 1
	for start >= 0 && start < len(line) && (line[start] == '&' || line[start] == '!') {
		space := slices.Index(line[start:], ' ')
		if space < 0 {
			return at
		}
		start += space + 1
	}
	if start < 0 || start >= len(line) {
		return at
	}
	rest := line[start:]
	end := 0
	switch quote := rest[0]; quote {
	case '"', '\'':
		end = endOfQuote(rest)
	default:
		if count := utf8.RuneCountInString(n.Value); count > 0 && count <= len(rest) && string(rest[:count]) == n.Value {
			end = count
		}
	}
	if end > 0 {
		at.Column, at.EndLine, at.EndColumn = start+1, n.Line, start+1+end
	}
	return at
}

// endOfQuote returns the length of the quoted text that a line begins with; 0 if
// it does not end there.
func endOfQuote(line []rune) int {
	quote := line[0]
	for i := 1; i < len(line); i++ {
		switch {
		case quote == '"' && line[i] == '\\':
			i++
		case line[i] != quote:
		case quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return 0
}
