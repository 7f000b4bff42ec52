package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/patternmatcher"
)

// Copy is a COPY or an ADD: what it takes, and where it puts it.
type Copy struct {
	*Instruction
	// From is the stage or image that it takes from, as written; empty for the
	// build context.
	From string
	// Sources are the paths that it takes. Heredocs are not among them.
	Sources []Value
	// Dest is the path that it writes to.
	Dest Value
	// Exclude are the patterns of --exclude.
	Exclude []string

	contextPaths []string
}

// Copy returns the instruction as a Copy; false if it is neither COPY nor ADD.
func (in *Instruction) Copy() (Copy, bool) {
	if in.copy == nil {
		return Copy{}, false
	}
	return *in.copy, true
}

// addCopy enters what a COPY or ADD takes into the instruction and its stage.
func (s *Source) addCopy(in *Instruction, from string, paths instructions.SourcesAndDest, exclude []string) {
	c := Copy{Instruction: in, From: from, Exclude: exclude, Dest: in.Expand(paths.DestPath)}
	for _, name := range paths.SourcePaths {
		c.Sources = append(c.Sources, in.Expand(name))
	}
	if from == "" {
		c.contextPaths = contextPaths(c.Sources)
	}
	in.copy = &c
	in.Stage.copies = append(in.Stage.copies, c)
}

// ContextPaths returns the paths or patterns that it takes from the build
// context, relative to its root and cleaned: "." is all of it. Sources that are
// not known, and URLs, are not among them.
func (c Copy) ContextPaths() []string { return c.contextPaths }

func contextPaths(sources []Value) []string {
	var paths []string
	for _, src := range sources {
		if !src.Known || isRemote(src.Text) {
			continue
		}
		name := strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(src.Text, `\`, "/")), "/")
		if name == "" || name == "*" || name == "**" {
			name = "."
		}
		paths = append(paths, name)
	}
	return paths
}

// TakesContext reports whether it takes the whole build context.
func (c Copy) TakesContext() bool { return slices.Contains(c.ContextPaths(), ".") }

// Excludes reports whether --exclude leaves out a path, relative to the source.
// A pattern that cannot be read leaves out nothing; BuildKit rejects it.
func (c Copy) Excludes(name string) bool {
	if len(c.Exclude) == 0 {
		return false
	}
	excluded, err := patternmatcher.MatchesOrParentMatches(name, c.Exclude)
	return err == nil && excluded
}

func isRemote(src string) bool {
	return strings.Contains(src, "://") || strings.HasPrefix(src, "git@")
}

// Copies returns the COPY and ADD instructions of the stage.
func (s *Stage) Copies() []Copy { return s.copies }
