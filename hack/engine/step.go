package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// step makes one directory of the state home. What it was made of is written
// beside it, so that it is made again when that changes, and only then.
type step struct {
	// name is what the progress lines call the step.
	name string
	// dir is the directory that the step makes, relative to the state home.
	dir string
	// needs are the steps that have to be done before.
	needs []*step
	// inputs are what the outcome depends on, besides the outcomes of needs.
	inputs []string
	// run makes the content of dir in a new directory, and writes what its
	// commands say to log.
	run func(ctx context.Context, dir string, log *os.File) error
}

// keyFile holds, in the directory that a step made, the key it was made for.
const keyFile = ".key"

// key names everything that the outcome of the step depends on.
func (s *step) key() string {
	parts := append([]string{s.name}, s.inputs...)
	for _, need := range s.needs {
		parts = append(parts, need.key())
	}
	return checksum(parts...)
}

// done tells whether the step's directory is there and up to date.
func (s *step) done(home string) bool {
	b, err := os.ReadFile(filepath.Join(home, s.dir, keyFile))
	return err == nil && string(b) == s.key()
}

// make runs the step in a new directory and puts that in place once it is whole.
func (s *step) make(ctx context.Context, h home) (err error) {
	logName := filepath.Join(h.logs(), strings.ReplaceAll(s.dir, "/", "-")+".log")
	log, err := os.Create(logName)
	if err != nil {
		return fmt.Errorf("make the log of %s: %w", s.name, err)
	}
	defer log.Close()
	work, err := os.MkdirTemp(h.tmp(), strings.ReplaceAll(s.dir, "/", "-")+"-")
	if err != nil {
		return fmt.Errorf("make the work directory of %s: %w", s.name, err)
	}
	defer os.RemoveAll(work)
	made, target := filepath.Join(work, "made"), filepath.Join(string(h), s.dir)
	if err := os.Mkdir(made, 0o755); err != nil {
		return fmt.Errorf("make the work directory of %s: %w", s.name, err)
	}
	if err := s.run(ctx, made, log); err != nil {
		return &stepError{s.name, logName, err}
	}
	if err := os.WriteFile(filepath.Join(made, keyFile), []byte(s.key()), 0o644); err != nil {
		return fmt.Errorf("write the key of %s: %w", s.name, err)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("put %s in place: %w", s.name, err)
	}
	if err := os.Rename(target, filepath.Join(work, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put %s in place: %w", s.name, err)
	}
	if err := os.Rename(made, target); err != nil {
		return fmt.Errorf("put %s in place: %w", s.name, err)
	}
	return nil
}

// stepError is the failure of a step, with the end of its log.
type stepError struct {
	name, log string
	err       error
}

func (e *stepError) Error() string {
	return fmt.Sprintf("%s: %v\n%ssee %s", e.name, e.err, tail(e.log, 10), e.log)
}

func (e *stepError) Unwrap() error { return e.err }

// tail returns the last lines of a file, indented; nothing where it has none.
func tail(file string, lines int) string {
	b, err := os.ReadFile(file)
	text := strings.TrimSpace(string(b))
	if err != nil || text == "" {
		return ""
	}
	last := strings.Split(text, "\n")
	if n := len(last) - lines; n > 0 {
		last = last[n:]
	}
	return "    " + strings.Join(last, "\n    ") + "\n"
}

// progress writes one line for each step that takes place.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

// patience is how long a step runs before a line says that it does.
const patience = 3 * time.Second

func (p *progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "engine: "+format+"\n", args...)
}

// during runs f and says what it took; where that is long, also that it started.
func (p *progress) during(name string, f func() error) error {
	start := time.Now()
	started := time.AfterFunc(patience, func() { p.line("%s ...", name) })
	defer started.Stop()
	err := f()
	if err == nil {
		p.line("%s %.1fs", name, time.Since(start).Seconds())
	}
	return err
}

// makeAll makes the steps that are not done, each as soon as those it needs are,
// and side by side. The first failure ends the others, and is what it returns.
func makeAll(ctx context.Context, h home, p *progress, steps []*step) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	finished := make(map[*step]chan struct{}, len(steps))
	for _, s := range steps {
		finished[s] = make(chan struct{})
	}
	var side sync.WaitGroup
	for _, s := range steps {
		side.Go(func() {
			for _, need := range s.needs {
				select {
				case <-finished[need]:
				case <-ctx.Done():
					return
				}
			}
			if ctx.Err() != nil {
				return
			}
			if !s.done(string(h)) {
				if err := p.during(s.name, func() error { return s.make(ctx, h) }); err != nil {
					cancel(err)
					return
				}
			}
			close(finished[s])
		})
	}
	side.Wait()
	return context.Cause(ctx)
}

// checksum returns one checksum of all the parts, in order.
func checksum(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checksumTree returns a checksum of the names and contents of all files below
// the root of a file system, or of those only whose names match a pattern.
func checksumTree(fsys fs.FS, pattern ...string) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !matches(name, pattern) {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(b))
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func matches(name string, patterns []string) bool {
	for _, p := range patterns {
		if ok, err := filepath.Match(p, name); ok && err == nil {
			return true
		}
	}
	return len(patterns) == 0
}
