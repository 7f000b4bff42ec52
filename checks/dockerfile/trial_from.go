package dockerfile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/suggest"

	"github.com/imagegate/imagegate/checks"
)

// globalEnvironment returns the variables before the first FROM, with these build
// arguments for the ARGs. What BuildKit makes of the platforms is there always.
func (t *trial) globalEnvironment(args map[string]string, reject func(checks.Location, error)) *environment {
	target := t.source.options.Target
	if target == "" {
		target = t.source.Stages[len(t.source.Stages)-1].Name
	}
	if target == "" {
		target = "default"
	}
	env := newEnvironment(nil)
	p := t.platform
	for i, value := range []string{
		platforms.Format(p), p.OS, p.OSVersion, p.Architecture, p.Variant,
		platforms.FormatAll(p), p.OS, p.OSVersion, p.Architecture, p.Variant, target,
	} {
		name := platformArgs[i]
		if given, ok := t.source.options.BuildArgs[name]; ok {
			value = given
		}
		t.set(env, name, value)
	}
	for _, in := range t.source.GlobalArgs {
		for _, arg := range in.Command.(*instructions.ArgCommand).Args {
			env.declare(arg.Key)
			if given, ok := args[arg.Key]; ok {
				t.set(env, arg.Key, given)
			} else if arg.Value != nil {
				res, err := t.expand(env, *arg.Value)
				if err != nil {
					reject(in.Location, err)
				}
				t.set(env, arg.Key, res.Result)
			}
		}
	}
	return env
}

// judgeDefaultImages judges what FROM names if no build argument is given.
func (t *trial) judgeDefaultImages() {
	var failed error
	env := t.globalEnvironment(nil, func(_ checks.Location, err error) { failed = err })
	rule := linter.RuleInvalidDefaultArgInFrom
	for _, stage := range t.source.Stages {
		res, err := t.expand(env, stage.BaseName.Raw)
		if err != nil || failed != nil {
			return // as BuildKit
		}
		if _, err := reference.ParseNormalizedNamed(res.Result); err != nil {
			t.find(rule.Name, rule.URL, rule.Format(stage.BaseName.Raw), stage.From.Location)
		}
	}
}

// judgeFrom judges a FROM, and finds what its stage is built from.
func (t *trial) judgeFrom(from *Stage) {
	stage := &trialStage{Stage: from, os: t.platform.OS, last: map[string]checks.Location{}}
	t.stages = append(t.stages, stage)
	where := from.From.Location

	res, err := t.expand(t.globals, from.BaseName.Raw)
	t.judgeFromArgs(res, where)
	switch {
	case err != nil:
		t.reject(where, err)
	case res.Result == "":
		t.reject(where, fmt.Errorf("base name (%s) should not be blank", from.BaseName.Raw))
	default:
		stage.image = res.Result
		stage.base = t.byName[res.Result]
	}
	if from.Platform.Raw != "" {
		t.judgePlatform(stage)
	}
	if stage.base != nil {
		stage.image, stage.os = "", stage.base.os
	} else if stage.image == Scratch {
		stage.os = t.platform.OS
	} else if stage.image != "" {
		t.names = append(t.names, imageName{stage.image, where})
	}
	if from.Name != "" {
		t.byName[from.Name] = stage
	}
}

// judgeFromArgs judges the variables of a FROM that have no value.
func (t *trial) judgeFromArgs(res shell.ProcessWordResult, where checks.Location) {
	rule := linter.RuleUndefinedArgInFrom
	for _, name := range slices.Sorted(maps.Keys(res.Unmatched)) {
		if !t.globals.declares(name) {
			t.find(rule.Name, rule.URL, rule.Format(name, t.globals.nearest(name, true)), where)
		}
	}
}

func (t *trial) judgePlatform(stage *trialStage) {
	raw, where := stage.Platform.Raw, stage.From.Location
	res, err := t.expand(t.globals, raw)
	t.judgeFromArgs(res, where)

	const target = "TARGETPLATFORM"
	_, redundant := res.Matched[target]
	if value, _ := t.globals.Get(target); redundant && len(res.Matched) == 1 && len(res.Unmatched) == 0 && res.Result == value {
		rule := linter.RuleRedundantTargetPlatform
		t.find(rule.Name, rule.URL, rule.Format(raw), where)
	}
	p, parseErr := platforms.Parse(res.Result)
	// A name that says the platform tells that it is meant.
	if parseErr == nil && len(res.Matched) == 0 && len(res.Unmatched) == 0 && !strings.Contains(stage.Name, p.OS) && !strings.Contains(stage.Name, p.Architecture) {
		rule := linter.RuleFromPlatformFlagConstDisallowed
		t.find(rule.Name, rule.URL, rule.Format(res.Result), where)
	}

	switch {
	case err != nil:
		t.reject(where, fmt.Errorf("failed to process arguments for platform %s: %w", res.Result, err))
	case res.Result == "":
		t.reject(where, t.suggestArg(errors.New("empty platform value from expression "+raw), res))
	case parseErr != nil:
		t.reject(where, fmt.Errorf("failed to parse platform %s: %w", raw, t.suggestArg(parseErr, res)))
	default:
		stage.os = p.OS
	}
}

// suggestArg adds the variable that is meant by the first one that has no value.
func (t *trial) suggestArg(err error, res shell.ProcessWordResult) error {
	for _, name := range slices.Sorted(maps.Keys(res.Unmatched)) {
		if match := t.globals.nearest(name, false); match != "" {
			return suggest.WrapError(err, name, []string{match}, true)
		}
	}
	return err
}

// resolve finds what an instruction takes from: stages, or images, whose names are
// still to be judged.
func (t *trial) resolve(s *step, flags []string) error {
	switch cmd := s.command.(type) {
	case *instructions.CopyCommand:
		if cmd.From == "" {
			return nil
		}
		res, err := t.lexer.ProcessWordWithMatches(cmd.From, newEnvironment(nil))
		if err != nil {
			return err
		}
		if res.Result != cmd.From {
			return errors.New("variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround")
		}
		index, err := strconv.Atoi(cmd.From)
		if err != nil {
			s.sources = []*trialStage{t.stageOrImage(cmd.From, s.where)}
			return nil
		}
		if index < 0 || index >= len(t.stages)+t.images {
			return fmt.Errorf("invalid stage index %d", index)
		}
		if index < len(t.stages) {
			s.sources = []*trialStage{t.stages[index]}
		} else {
			t.images++ // one more, even of the same
		}
	case *instructions.RunCommand:
		run, err := parseMounts(flags)
		if err != nil || run == nil {
			return err
		}
		s.run = run
		for _, mount := range instructions.GetMounts(run) {
			name := mount.From
			if name == "" {
				name = Scratch // even where a stage has that name
			}
			s.sources = append(s.sources, t.stageOrImage(name, s.where))
		}
	}
	return nil
}

// stageOrImage returns the stage of a name; nil if it names an image.
func (t *trial) stageOrImage(name string, where checks.Location) *trialStage {
	if stage := t.byName[strings.ToLower(name)]; stage != nil {
		return stage
	}
	t.images++
	t.names = append(t.names, imageName{name, where})
	return nil
}

// label is how BuildKit calls a stage.
func (s *trialStage) label() string {
	if s.Name != "" {
		return s.Name
	}
	return "stage-" + strconv.Itoa(s.Index)
}
