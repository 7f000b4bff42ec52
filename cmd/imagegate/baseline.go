package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/imagegate/imagegate/checks/policy"
	gates "github.com/imagegate/imagegate/checks/report" // report is the command's own
)

func initCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	dirs, err := parse(newFlags("init"), args)
	if err != nil {
		return 0, err
	}
	dir := "."
	switch len(dirs) {
	case 0:
	case 1:
		dir = dirs[0]
	default:
		return 0, fmt.Errorf("init: it writes the policy of one directory, and got %q", dirs)
	}
	for _, there := range []string{policy.File, policy.Misnamed} {
		if exists(dir, there) {
			return 0, fmt.Errorf("init: %s is there: remove it first if it is of no use", filepath.Join(dir, there))
		}
	}
	name := filepath.Join(dir, policy.File)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, fmt.Errorf("init: write the policy: %w", err)
	}
	_, err = io.WriteString(file, policy.Template())
	if err := errors.Join(err, file.Close()); err != nil {
		return 0, fmt.Errorf("init: write the policy: %w", err)
	}
	fmt.Fprintf(stdout, "%s: written; it sets nothing yet\n", name)
	return exitClean, nil
}

// baselineOf is the baseline of one directory while it is brought up to date.
type baselineOf struct {
	root string
	// add is whether new findings go in as well.
	add            bool
	baseline       *policy.Baseline
	added, removed int
	// left is how many new findings were left out, since add is not set.
	left int
}

func baselineCommand(args []string, stdin io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("baseline")
	o := newOverrides(flags)
	named := newDockerfile(flags)
	add := flags.Bool("add", false, "Accept what is new as well, where there is a baseline already.")
	paths, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		return 0, errors.New("baseline: name a Dockerfile or a directory")
	}
	if err := o.check(); err != nil {
		return 0, fmt.Errorf("baseline: %w", err)
	}
	targets, unusable := targetsOf(paths, *named)
	if len(unusable) > 0 {
		return 0, fmt.Errorf("baseline: %w", errors.Join(unusable...))
	}
	all, err := baselines(targets, newStandardInput(stdin), *o, *add)
	if err != nil {
		return 0, err
	}
	for _, b := range all {
		text, err := b.baseline.JSON()
		if err != nil {
			return 0, err
		}
		name := filepath.Join(b.root, policy.BaselineFile)
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return 0, fmt.Errorf("baseline: write it: %w", err)
		}
		if current, err := os.Getwd(); err == nil {
			name = relative(current, name)
		}
		fmt.Fprintf(stdout, "%s: %d added, %d removed, %d accepted\n", name, b.added, b.removed, b.baseline.Len())
		if b.left > 0 {
			fmt.Fprintf(stdout, "%s: %d new left out: --add takes them in\n", name, b.left)
		}
	}
	return exitClean, nil
}

// baselines returns the baselines of the targets as they are now. A directory that has
// none yet gets one with all findings; else new ones go in only if add is set. Where
// anything cannot be judged, nothing is known of what is gone: it is an error.
func baselines(targets []target, input *standardInput, o overrides, add bool) ([]*baselineOf, error) {
	now := time.Now()
	var all []*baselineOf
	of := map[string]*baselineOf{}
	for i, terms := range termsOf(targets, o) {
		t := targets[i]
		if err := errors.Join(terms.policy.Err, terms.err); err != nil {
			return nil, fmt.Errorf("baseline: in %s: %w", terms.root, err)
		}
		b := of[terms.root]
		if b == nil {
			b = &baselineOf{root: terms.root, add: add || terms.baseline == nil, baseline: terms.baseline}
			of[terms.root] = b
			all = append(all, b)
		}
		found, err := results(t, input, terms, now)
		if err != nil {
			return nil, fmt.Errorf("baseline: %s: %w", t.path(t.dockerfile), err)
		}
		for _, res := range found {
			if res.Err != nil {
				return nil, fmt.Errorf("baseline: %s: %s: %w", t.path(t.whole()), res.Check, res.Err)
			}
		}
		lint := []gates.Gate{{Name: "lint", Results: found}}
		if !b.add {
			_, left, _ := b.baseline.Update(terms.image, lint, *terms.policy.Read, allRules(), true)
			b.left += left
		}
		updated, added, removed := b.baseline.Update(terms.image, lint, *terms.policy.Read, allRules(), b.add)
		b.baseline, b.added, b.removed = updated, b.added+added, b.removed+removed
	}
	return all, nil
}
