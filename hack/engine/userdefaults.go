package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dagger takes defaults for a module's arguments, as MODULE_argumentName, from a
// file .env beside dagger.json. Those that this engine needs stand there between
// two lines, by which hack/dagger finds them to take them out where another
// engine is used.
const (
	defaultsBegin = "# hack/dagger: begin (for the engine of hack/engine; rewritten, so keep your own lines outside)"
	defaultsEnd   = "# hack/dagger: end"
)

// writeUserDefaults makes .env in a directory hold the variables between the two
// lines, and leaves all other lines as they are.
func writeUserDefaults(dir string, variables []string) error {
	file := filepath.Join(dir, ".env")
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the user defaults: %w", err)
	}
	old := string(b)
	text := withDefaults(old, variables)
	if text == old {
		return nil
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	part, err := os.CreateTemp(dir, ".env.*")
	if err != nil {
		return fmt.Errorf("write the user defaults: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = part.WriteString(text)
	if err := errors.Join(err, part.Chmod(mode), part.Close()); err != nil {
		return fmt.Errorf("write the user defaults: %w", err)
	}
	return os.Rename(part.Name(), file)
}

// withDefaults returns the text with the variables between the two lines. A
// variable that the user has set is left to the user.
func withDefaults(text string, variables []string) string {
	var own []string
	inside := false
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case defaultsBegin:
			inside = true
		case defaultsEnd:
			inside = false
		default:
			if !inside {
				own = append(own, line)
			}
		}
	}
	block := defaultsBegin + "\n"
	for _, v := range variables {
		name, _, _ := strings.Cut(v, "=")
		if !sets(own, name) {
			block += v + "\n"
		}
	}
	kept := strings.Join(own, "")
	if kept != "" && !strings.HasSuffix(kept, "\n") {
		kept += "\n"
	}
	return kept + block + defaultsEnd + "\n"
}

// sets tells whether a line gives the variable a value.
func sets(lines []string, name string) bool {
	for _, line := range lines {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if n, _, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return true
		}
	}
	return false
}
