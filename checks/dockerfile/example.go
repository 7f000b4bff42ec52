package dockerfile

import (
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/tools/txtar"
)

// Example returns the source that an example text describes, as the Good and
// Bad of every check of this package do: a txtar archive, each file under a
// line "-- path --". A text without such lines is the Dockerfile, alone.
func Example(text string) (fs.FS, error) { return ExampleFile(text, DefaultDockerfile) }

// ExampleFile is Example, where a text without such lines is the file of this
// name, alone.
func ExampleFile(text, name string) (fs.FS, error) {
	archive := txtar.Parse([]byte(text))
	switch {
	case len(archive.Files) == 0:
		archive.Files = []txtar.File{{Name: name, Data: archive.Comment}}
	case strings.TrimSpace(string(archive.Comment)) != "":
		return nil, fmt.Errorf("reading example: text before its first file: %q", archive.Comment)
	}
	files, err := txtar.FS(archive)
	if err != nil {
		return nil, fmt.Errorf("reading example: %w", err)
	}
	return files, nil
}
