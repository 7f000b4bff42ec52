package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// MaxFileSize is how many bytes a Compose file may have.
const MaxFileSize = 512 << 10

// How a file is used, going by its name.
type use int

const (
	anyUse use = iota
	development
	production
)

// File is one Compose file.
type File struct {
	// Path is its path in the source.
	Path string
	// Comments are those of the file, in its order.
	Comments []Comment
	// documents are its YAML documents, each laid over the one before it; none if
	// it is not valid.
	documents []*Node
	fault     *fault
	use       use
}

// fileName is the name of a Compose file: what stands behind compose says what
// it is for.
var fileName = regexp.MustCompile(`(?i)^(?:docker-)?compose(?:[._-]([A-Za-z0-9._-]+))?\.ya?ml$`)

// defaultNames are the files that "docker compose" looks for, the first one that
// there is alone.
var defaultNames = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}

// overrideWord stands in the name of a file that "docker compose" lays over the
// default one by itself.
const overrideWord = "override"

// The words in the name of a file that say what it is for.
var (
	developmentWords = []string{
		overrideWord, "dev", "devel", "develop", "development", "local", "test", "tests", "testing", "ci", "e2e", "integration", "debug",
		"devcontainer", "sandbox", "watch",
	}
	productionWords = []string{"prod", "production", "staging", "stage", "live", "release", "deploy", "swarm"}
)

// useOf says what a file is for by the words of its name.
func useOf(name string) use {
	m := fileName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return anyUse
	}
	words := strings.FieldsFunc(strings.ToLower(m[1]), func(r rune) bool { return r == '.' || r == '_' || r == '-' })
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	switch {
	case path.Base(path.Dir(name)) == ".devcontainer", has(developmentWords):
		return development
	case has(productionWords):
		return production
	}
	return anyUse
}

// isOverride reports whether "docker compose" lays a file of this name over the
// default one by itself.
func isOverride(name string) bool {
	m := fileName.FindStringSubmatch(path.Base(name))
	return m != nil && strings.EqualFold(m[1], overrideWord)
}

// readFile reads one file, which a directory is not. What is wrong with it is its
// fault, not an error; an error is that it cannot be read.
func readFile(files fs.FS, name, dir string) (*File, error) {
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fs.ErrNotExist
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	return parseFile(name, dir, text)
}

func unreadable(name string, err error) error {
	return &checks.FileError{Location: checks.Location{Path: name}, Err: err, Fix: "Make it a file that can be read"}
}

// parseFile reads the text of a file whose relative paths begin in dir.
func parseFile(name, dir string, text []byte) (*File, error) {
	file := &File{Path: name, use: useOf(name)}
	start := checks.Location{Path: name, Line: 1}
	if len(text) > MaxFileSize {
		file.fault = &fault{location: start, message: fmt.Sprintf("the file is larger than %d bytes, the most that is judged: is it the right file?", MaxFileSize)}
		return file, nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		file.fault = &fault{location: start, message: "the file is no text in UTF-8"}
		return file, nil
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	r := &reader{path: name, dir: dir, lines: lines, nodes: map[*yaml.Node]*Node{}, open: map[*yaml.Node]bool{}}
	documents, err := r.read(text)
	file.Comments = r.comments()
	if err != nil {
		return file, file.setFault(err)
	}
	if len(documents) == 0 {
		file.fault = &fault{location: start, message: "the file is empty"}
	}
	for _, document := range documents {
		if err := checkDocument(document); err != nil {
			return file, file.setFault(err)
		}
	}
	if file.fault == nil {
		file.documents = documents
	}
	return file, nil
}

// setFault keeps a fault of the file; any other error is the caller's.
func (f *File) setFault(err error) error {
	var invalid *fault
	if errors.As(err, &invalid) {
		f.fault = invalid
		return nil
	}
	return err
}

func checkDocument(document *Node) error {
	if !document.IsMapping() {
		return &fault{location: document.Location, message: "the file has to be a mapping, with services in it"}
	}
	if f := templateFault(document, map[*Node]bool{}); f != nil {
		return f
	}
	f, err := schemaFault(document)
	if err != nil {
		return err
	}
	if f != nil {
		return f
	}
	return nil
}

// templateFault returns the first value whose variables Compose cannot read, as
// in ${A B}. It looks at each node once.
func templateFault(n *Node, seen map[*Node]bool) *fault {
	if seen[n] {
		return nil
	}
	seen[n] = true
	if n.shape == scalar && strings.Contains(n.text, "$") {
		var invalid *template.InvalidTemplateError
		if _, err := substitute(n.text); errors.As(err, &invalid) {
			return &fault{location: n.Location, message: "what begins with $ is no variable that Compose can read: a dollar sign is written as $$"}
		}
	}
	for _, e := range n.entries {
		if f := templateFault(e.Value, seen); f != nil {
			return f
		}
	}
	for _, item := range n.items {
		if f := templateFault(item, seen); f != nil {
			return f
		}
	}
	return nil
}
