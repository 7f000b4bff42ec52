package dockerfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imagegate/imagegate/checks"
)

// trial goes through a Dockerfile as BuildKit does before it builds it, with empty
// base images instead of a registry's, and notes what BuildKit would say.
type trial struct {
	source *Source
	lint   Lint
	// seen are the findings so far, rejected the places of those in lint.Rejected.
	seen     map[finding]bool
	rejected map[checks.Location]bool
	lexer    *shell.Lex
	// platform is what is built for. BuildKit's linter takes it for the builder's, too.
	platform ocispecs.Platform
	args     map[string]string // the build arguments that are given
	globals  *environment
	stages   []*trialStage
	byName   map[string]*trialStage
	// images counts those that instructions take from: BuildKit numbers them behind
	// the stages, so that COPY --from=N may mean one.
	images int
	// names are images whose names are still to be judged, by the instruction.
	names []imageName
	// longest is the length of the longest value so far, expanded the sum of what the
	// words may have come to.
	longest, expanded int
}

// finding is what makes a finding the same as another one.
type finding struct {
	rule, message string
	where         checks.Location
}

type imageName struct {
	name  string
	where checks.Location
}

// trialStage is a stage as the trial finds it.
type trialStage struct {
	*Stage
	base *trialStage // nil if it is built from an image
	// image is the name of that image; empty if it is not known.
	image string
	os    string
	steps []step
	// built is whether the final stage is made from it, or is it.
	built bool

	env *environment
	// workdir is in the form of the stage's system; empty if the image decides.
	workdir string
	// setsWorkdir and setsShell are whether a WORKDIR or SHELL was there, here or in a
	// stage that this one is built from.
	setsWorkdir, setsShell bool
	// last is the place of the last CMD, ENTRYPOINT or HEALTHCHECK of this stage, by
	// keyword.
	last map[string]checks.Location
}

// step is an instruction of a stage, or a trigger that an ONBUILD brings: BuildKit
// places that at the FROM.
type step struct {
	command instructions.Command
	where   checks.Location
	// sources are the stages that a COPY or the mounts of a RUN take from; nil for what
	// is no stage.
	sources []*trialStage
	// run is the RUN once more, if it has mounts: expanding them changes it.
	run *instructions.RunCommand
}

// runTrial judges BuildKit's rules.
func (s *Source) runTrial() Lint {
	t := &trial{
		source:   s,
		lint:     Lint{Findings: map[string][]checks.Finding{}},
		seen:     map[finding]bool{},
		rejected: map[checks.Location]bool{},
		lexer:    shell.NewLex(s.escape),
		platform: platforms.DefaultSpec(),
		args:     maps.Clone(s.options.BuildArgs),
		byName:   map[string]*trialStage{},
	}
	t.platform.OS, t.platform.OSVersion = "linux", ""
	if s.Windows() {
		t.platform = ocispecs.Platform{OS: "windows", Architecture: "amd64"}
	}
	for _, f := range s.parsed {
		t.find(f.rule, f.url, f.message, s.locate(f.where))
	}
	t.judgeStageNames()
	t.judgeCasing()
	t.judgeDefaultImages()
	t.globals = t.globalEnvironment(t.args, t.reject)
	t.setEpoch()
	for _, stage := range s.Stages {
		t.judgeFrom(stage)
	}
	t.resolveSources()
	t.judgeCycles()
	t.judgeImageNames()
	t.buildTarget()
	t.judgeImageNames()
	for _, stage := range t.stages {
		if stage.built || s.options.Target == "" {
			t.judgeStage(stage)
		}
	}
	t.lint.Err = cmp.Or(t.lint.Err, t.judgeIgnored())
	if s.directive.ReturnAsError {
		for _, findings := range t.lint.Findings {
			for i := range findings {
				findings[i].Status = checks.Fail
			}
		}
	}
	return t.lint
}

// find enters a finding of a rule, with the place in BuildKit's documentation.
func (t *trial) find(rule, url, message string, where checks.Location) {
	t.findOf(rule, url, "", message, where)
}

func (t *trial) findOf(rule, url, subject, message string, where checks.Location) {
	key := finding{rule, message, where}
	if t.seen[key] {
		return
	}
	t.seen[key] = true
	f := checks.At(where, "%s", message)
	f.Reference, f.Subject = url, subject
	t.lint.Findings[rule] = append(t.lint.Findings[rule], f)
}

// reject enters why BuildKit would not build the Dockerfile.
func (t *trial) reject(where checks.Location, err error) {
	if errors.Is(err, errExpanded) || t.rejected[where] {
		return
	}
	t.rejected[where] = true
	message := strings.Join(strings.Fields(err.Error()), " ")
	t.lint.Rejected = append(t.lint.Rejected, checks.At(where, "BuildKit rejects the Dockerfile: %s", message))
}

// resolveSources finds what the instructions of each stage take from.
func (t *trial) resolveSources() {
	for _, stage := range t.stages {
		for _, in := range stage.Instructions {
			if in.Trigger {
				continue
			}
			s := step{command: in.Command, where: in.Location}
			if err := t.resolve(&s, in.flags); err != nil {
				t.reject(s.where, err)
			}
			stage.steps = append(stage.steps, s)
		}
	}
}

// judgeImageNames judges the names of the images that stages and instructions take
// from and that were not judged yet.
func (t *trial) judgeImageNames() {
	for _, image := range t.names {
		if image.name == Scratch {
			continue
		}
		if _, err := reference.ParseNormalizedNamed(image.name); err != nil {
			t.reject(image.where, fmt.Errorf("failed to parse stage name %q: %w", image.name, err))
		}
	}
	t.names = nil
}

// buildTarget marks the stages that the final one is made from, and puts the
// triggers of those that they are built from before their own instructions.
func (t *trial) buildTarget() {
	var queue []*trialStage
	add := func(stage *trialStage) {
		if stage != nil && !stage.built {
			stage.built = true
			queue = append(queue, stage)
		}
	}
	add(t.stages[t.source.Final.Index])
	for len(queue) > 0 {
		stage := queue[0]
		queue = queue[1:]
		add(stage.base)
		stage.steps = append(t.triggers(stage), stage.steps...)
		for _, s := range stage.steps {
			for _, source := range s.sources {
				add(source)
			}
		}
	}
}

// triggers returns the steps that the ONBUILDs of its base bring to a stage.
func (t *trial) triggers(stage *trialStage) []step {
	if stage.base == nil {
		return nil
	}
	var steps []step
	for _, s := range stage.base.steps {
		onbuild, ok := s.command.(*instructions.OnbuildCommand)
		if !ok {
			continue
		}
		where := stage.From.Location
		trigger, err := parseTrigger(onbuild, where)
		if err != nil {
			t.reject(where, err)
			continue
		}
		s := step{command: trigger.command, where: where}
		if err := t.resolve(&s, trigger.flags); err != nil {
			t.reject(where, err)
		}
		steps = append(steps, s)
	}
	return steps
}

// judgeStageNames judges the names that stages give themselves.
func (t *trial) judgeStageNames() {
	names := map[string]bool{}
	for _, stage := range t.source.Stages {
		if stage.Name == Scratch || stage.Name == "context" {
			rule := linter.RuleReservedStageName
			t.find(rule.Name, rule.URL, rule.Format(stage.Name), stage.From.Location)
		}
		if stage.Name != "" && names[stage.Name] {
			rule := linter.RuleDuplicateStageName
			t.find(rule.Name, rule.URL, rule.Format(stage.Name), stage.From.Location)
		}
		names[stage.Name] = true
	}
}

// judgeCasing judges that all keywords from the first FROM on are in the case that
// most of them are in.
func (t *trial) judgeCasing() {
	balance := 0
	t.eachWritten(func(in *Instruction) {
		switch in.written {
		case strings.ToLower(in.written):
			balance--
		case strings.ToUpper(in.written):
			balance++
		}
	})
	wanted, casing := strings.ToUpper, "uppercase"
	if balance < 0 {
		wanted, casing = strings.ToLower, "lowercase"
	}
	rule := linter.RuleConsistentInstructionCasing
	t.eachWritten(func(in *Instruction) {
		if in.written != wanted(in.written) {
			t.find(rule.Name, rule.URL, rule.Format(in.written, casing), in.Location)
		}
	})
}

func (t *trial) eachWritten(do func(*Instruction)) {
	for _, stage := range t.source.Stages {
		do(stage.From)
		for _, in := range stage.Instructions {
			if !in.Trigger {
				do(in)
			}
		}
	}
}

// judgeCycles rejects stages that copy from each other in a circle, or from
// themselves. What FROM names does not count: it can only name an earlier stage.
func (t *trial) judgeCycles() {
	const entered, left = 1, 2
	state := map[*trialStage]int{}
	// visit returns the places that lead from a stage into a circle and around it.
	var visit func(*trialStage) []checks.Location
	visit = func(stage *trialStage) []checks.Location {
		state[stage] = entered
		defer func() { state[stage] = left }()
		for _, source := range stage.takesFrom() {
			switch state[source.stage] {
			case entered:
				return []checks.Location{source.where}
			case left:
				continue
			}
			if way := visit(source.stage); way != nil {
				return append(way, source.where)
			}
		}
		return nil
	}
	for _, stage := range t.stages {
		if state[stage] == left {
			continue
		}
		if way := visit(stage); way != nil {
			first := slices.MinFunc(way, func(a, b checks.Location) int { return cmp.Compare(a.Line, b.Line) })
			t.reject(first, errors.New("circular dependency detected on stage: "+stage.label()))
			return
		}
	}
}

// taken is a stage that another one takes from, and by which instruction: the last
// of several.
type taken struct {
	stage *trialStage
	where checks.Location
}

func (s *trialStage) takesFrom() []taken {
	var all []taken
	index := map[*trialStage]int{}
	for _, step := range s.steps {
		for _, source := range step.sources {
			if source == nil {
				continue
			}
			i, ok := index[source]
			if !ok {
				i = len(all)
				index[source] = i
				all = append(all, taken{stage: source})
			}
			all[i].where = step.where
		}
	}
	return all
}
