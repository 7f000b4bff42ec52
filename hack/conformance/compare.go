package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Some of what BuildKit says varies from run to run with the order of a map: of
// several cycles, or of triggers that are wrong. Ours has to be one of its answers,
// of so many runs.
const runs = 200

// errBeyond is that we do not judge a Dockerfile, by its size.
var errBeyond = errors.New("beyond the limits")

// Compare judges a Dockerfile by both, and returns how they differ: nil if they do
// not, in more than is meant:
//
//   - Where BuildKit rejects, it stops; we judge on. It must have found nothing that
//     we do not find, and what it rejects must be what we reject first.
//   - For some rejections BuildKit has no line: COPY --from and mounts of what is not
//     there, SOURCE_DATE_EPOCH. We have that of the instruction.
//   - CopyIgnoredFile and InvalidBaseImagePlatform are not judged by both: BuildKit
//     asks its client and the registry.
//   - What UndefinedArgInFrom proposes of several names that are equally near, BuildKit
//     chooses by chance.
func Compare(text string, options dockerfile.Options) error {
	source, err := dockerfile.Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, options)
	if err != nil {
		return compareUnread(text, options, err)
	}
	ours, err := Ours(source)
	if err != nil {
		return errBeyond
	}
	var differ error
	for range runs {
		theirs, err := BuildKit([]byte(text), options, source)
		if err != nil {
			return err
		}
		if differ = difference(ours, theirs); differ == nil {
			return nil
		}
	}
	return differ
}

// compareUnread compares with BuildKit that a Dockerfile is refused as we read it.
func compareUnread(text string, options dockerfile.Options, refused error) error {
	if strings.Contains(refused.Error(), "is it the right file?") || strings.ContainsRune(text, 0) || strings.Contains(refused.Error(), "has no stage") {
		return errBeyond
	}
	theirs, err := BuildKit([]byte(text), options, nil)
	if err != nil {
		return err
	}
	if len(theirs.Rejected) == 0 {
		return fmt.Errorf("we refuse it: %w; BuildKit does not", refused)
	}
	var file *checks.FileError
	if errors.As(refused, &file) && file.Location.Line > 0 && theirs.Rejected[0].Line > 0 && file.Location.Line != theirs.Rejected[0].Line {
		return fmt.Errorf("we refuse it: %w; BuildKit in line %d: %s", refused, theirs.Rejected[0].Line, theirs.Rejected[0].Message)
	}
	return nil
}

func difference(ours, theirs Verdict) error {
	var differ []error
	mine, other := comparable(ours), comparable(theirs)
	for f := range other {
		if !mine[f] {
			differ = append(differ, fmt.Errorf("only BuildKit says in line %d: %s: %s", f.Line, f.Rule, f.Message))
		}
	}
	if len(theirs.Rejected) == 0 {
		for f := range mine {
			if !other[f] {
				differ = append(differ, fmt.Errorf("only we say in line %d: %s: %s", f.Line, f.Rule, f.Message))
			}
		}
		for _, f := range ours.Rejected {
			differ = append(differ, fmt.Errorf("only we reject in line %d: %s", f.Line, f.Message))
		}
		return errors.Join(differ...)
	}
	want := theirs.Rejected[0]
	if len(ours.Rejected) == 0 {
		differ = append(differ, fmt.Errorf("only BuildKit rejects in line %d: %s", want.Line, want.Message))
	} else if !slices.ContainsFunc(candidates(ours.Rejected), want.matches) {
		differ = append(differ, fmt.Errorf("BuildKit rejects in line %d: %s\nwe in line %d: %s",
			want.Line, want.Message, ours.Rejected[0].Line, ours.Rejected[0].Message))
	}
	return errors.Join(differ...)
}

// candidates returns which of our rejections BuildKit may say: the first one. Names
// that are no image it judges at the same time, and reports the one that is first.
func candidates(rejected []Finding) []Finding {
	const parallel = "failed to parse stage name "
	n := 1
	for strings.HasPrefix(rejected[0].Message, parallel) && n < len(rejected) && strings.HasPrefix(rejected[n].Message, parallel) {
		n++
	}
	return rejected[:n]
}

// matches reports whether BuildKit's rejection is the same as ours: it may have no
// line.
func (f Finding) matches(ours Finding) bool {
	return f.Message == ours.Message && (f.Line == 0 || f.Line == ours.Line)
}

// comparable returns the findings of the rules that both judge, without what
// BuildKit chooses by chance.
func comparable(v Verdict) map[Finding]bool {
	all := map[Finding]bool{}
	for f := range v.Findings {
		switch f.Rule {
		case linter.RuleCopyIgnoredFile.Name, linter.RuleInvalidBaseImagePlatform.Name:
			continue
		case linter.RuleUndefinedArgInFrom.Name:
			if message, _, ok := strings.Cut(f.Message, " (did you mean "); ok {
				f.Message = message + " (did you mean …"
			}
		}
		all[f] = true
	}
	return all
}
