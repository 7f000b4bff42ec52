package dockerfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/system"
)

// judgeStage judges the instructions of a stage, all before it being judged.
func (t *trial) judgeStage(stage *trialStage) {
	if base := stage.base; base != nil {
		stage.env = newEnvironment(base.env)
		stage.workdir, stage.setsWorkdir, stage.setsShell = base.workdir, base.setsWorkdir, base.setsShell
	} else {
		stage.env = newEnvironment(nil)
		if stage.os != windows {
			t.keep(stage.env, "PATH", system.DefaultPathEnv(stage.os))
		}
		if stage.image == Scratch {
			stage.workdir = system.FromSlash("/", stage.os)
		}
	}
	for _, s := range stage.steps {
		if err := t.judgeStep(stage, s); err != nil {
			t.reject(s.where, err)
		}
	}
}

const windows = "windows"

// judgeStep judges an instruction; the error is why BuildKit rejects it.
func (t *trial) judgeStep(stage *trialStage, s step) error {
	switch cmd := s.command.(type) {
	case *instructions.ArgCommand:
		return t.judgeArg(stage, s, cmd)
	case *instructions.EnvCommand:
		return t.judgeEnv(stage, s, cmd)
	case *instructions.LabelCommand:
		_, err := t.expandAll(stage, s, keyValues(cmd.Labels))
		if err == nil {
			t.judgeKeyValues(s, cmd.Labels)
		}
		return err
	case *instructions.RunCommand:
		return t.judgeMounts(stage, s)
	case *instructions.AddCommand:
		return t.judgeAdd(stage, s, cmd)
	case *instructions.CopyCommand:
		return t.judgeCopy(stage, s, cmd)
	case *instructions.WorkdirCommand:
		return t.judgeWorkdir(stage, s, cmd)
	case *instructions.UserCommand:
		_, err := t.expandIn(stage, s, cmd.User)
		return err
	case *instructions.VolumeCommand:
		volumes, err := t.expandAll(stage, s, cmd.Volumes)
		if err == nil && slices.Contains(volumes, "") {
			err = errors.New("VOLUME specified can not be an empty string")
		}
		return err
	case *instructions.StopSignalCommand:
		signal, err := t.expandIn(stage, s, cmd.Signal)
		if err == nil && !isSignal(signal) {
			err = errors.New("invalid signal: " + signal)
		}
		return err
	case *instructions.ExposeCommand:
		return t.judgeExpose(stage, s, cmd)
	case *instructions.ShellCommand:
		stage.setsShell = true
	case *instructions.CmdCommand:
		t.judgeOnce(stage, s)
		t.judgeExecForm(stage, s, cmd.PrependShell)
	case *instructions.EntrypointCommand:
		t.judgeOnce(stage, s)
		t.judgeExecForm(stage, s, cmd.PrependShell)
	case *instructions.HealthCheckCommand:
		t.judgeOnce(stage, s)
	}
	return nil
}

func (t *trial) judgeArg(stage *trialStage, s step, cmd *instructions.ArgCommand) error {
	var failed error
	for _, arg := range cmd.Args {
		t.judgeSecret(s, "ARG", arg.Key)
		given, isGiven := t.args[arg.Key]
		value, isSet := given, isGiven
		switch {
		case isGiven || failed != nil:
		case arg.Value != nil:
			value, failed = t.expandIn(stage, s, *arg.Value)
			isSet = true
		default:
			value, isSet = t.globals.Get(arg.Key)
		}
		if isSet && !slices.Contains(scanArgs, arg.Key) {
			t.set(stage.env, arg.Key, value)
		}
		stage.env.declare(arg.Key)
	}
	return failed
}

// scanArgs are arguments for BuildKit itself, and never variables.
var scanArgs = []string{"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"}

func (t *trial) judgeEnv(stage *trialStage, s step, cmd *instructions.EnvCommand) error {
	words, err := t.expandAll(stage, s, keyValues(cmd.Env))
	if err != nil {
		// What comes behind it is judged as if the variables had a value.
		for _, kv := range cmd.Env {
			t.keep(stage.env, kv.Key, "")
		}
		return err
	}
	for i := range cmd.Env {
		t.judgeKeyValues(s, cmd.Env[i:i+1])
		t.judgeSecret(s, "ENV", words[2*i])
		t.keep(stage.env, words[2*i], words[2*i+1])
	}
	return nil
}

func keyValues(pairs instructions.KeyValuePairs) []string {
	words := make([]string, 0, 2*len(pairs))
	for _, kv := range pairs {
		words = append(words, kv.Key, kv.Value)
	}
	return words
}

func (t *trial) judgeKeyValues(s step, pairs instructions.KeyValuePairs) {
	for _, kv := range pairs {
		if kv.NoDelim {
			rule := linter.RuleLegacyKeyValueFormat
			t.find(rule.Name, rule.URL, rule.Format(s.command.Name()), s.where)
		}
	}
}

// The names of variables that BuildKit takes for secrets, and what makes them none.
var (
	secretName = regexp.MustCompile(`(?i)(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)`)
	publicName = regexp.MustCompile(`(?i)(?:_|^)(?:public|file|version)(?:_|$)`)
)

func (t *trial) judgeSecret(s step, keyword, name string) {
	if secretName.MatchString(name) && !publicName.MatchString(name) {
		rule := linter.RuleSecretsUsedInArgOrEnv
		t.find(rule.Name, rule.URL, rule.Format(keyword, name), s.where)
	}
}

func (t *trial) judgeWorkdir(stage *trialStage, s step, cmd *instructions.WorkdirCommand) error {
	dir, err := t.expandIn(stage, s, cmd.Path)
	if err != nil {
		return err
	}
	if !stage.setsWorkdir && !system.IsAbs(dir, stage.os) {
		rule := linter.RuleWorkdirRelativePath
		t.find(rule.Name, rule.URL, rule.Format(dir), s.where)
	}
	stage.setsWorkdir = true
	workdir, err := system.NormalizeWorkdir(stage.workdir, dir, stage.os)
	if err != nil {
		return fmt.Errorf("normalizing workdir: %w", err)
	}
	stage.workdir = workdir
	return nil
}

// judgeOnce judges a CMD, ENTRYPOINT or HEALTHCHECK: only the last one of a stage
// counts.
func (t *trial) judgeOnce(stage *trialStage, s step) {
	keyword := strings.ToUpper(s.command.Name())
	if before, ok := stage.last[keyword]; ok {
		rule := linter.RuleMultipleInstructionsDisallowed
		t.find(rule.Name, rule.URL, rule.Format(s.command.Name()), before)
	}
	stage.last[keyword] = s.where
}

func (t *trial) judgeExecForm(stage *trialStage, s step, shell bool) {
	if shell && !stage.setsShell {
		rule := linter.RuleJSONArgsRecommended
		t.find(rule.Name, rule.URL, rule.Format(s.command.Name()), s.where)
	}
}

func (t *trial) judgeExpose(stage *trialStage, s step, cmd *instructions.ExposeCommand) error {
	var ports []string
	for _, word := range cmd.Ports {
		if err := t.count(word); err != nil {
			return err
		}
		words, err := t.lexer.ProcessWords(word, stage.env)
		if err != nil {
			return err
		}
		ports = append(ports, words...)
	}
	for _, word := range ports {
		port, err := parseExposed(word)
		if err != nil {
			return err
		}
		if port.protocol != strings.ToLower(port.protocol) {
			rule := linter.RuleExposeProtoCasing
			t.find(rule.Name, rule.URL, rule.Format(word), s.where)
		}
		if port.ip != "" || port.hostPort != "" {
			rule := linter.RuleExposeInvalidFormat
			t.find(rule.Name, rule.URL, rule.Format(word), s.where)
		}
		if err := port.validate(); err != nil {
			return err
		}
	}
	return nil
}

// expandAll expands the words of an instruction, as far as the first error.
func (t *trial) expandAll(stage *trialStage, s step, words []string) ([]string, error) {
	expanded := make([]string, len(words))
	for i, word := range words {
		var err error
		if expanded[i], err = t.expandIn(stage, s, word); err != nil {
			return nil, err
		}
	}
	return expanded, nil
}

// expandIn expands a word of an instruction, and judges its variables.
func (t *trial) expandIn(stage *trialStage, s step, word string) (string, error) {
	res, err := t.expand(stage.env, word)
	t.judgeVariables(stage, s, res)
	return res.Result, err
}

// judgeVariables judges the variables of a word that have no value. One that the
// base image may set, which is not known here, is left out, unless its name is
// nearly that of another.
func (t *trial) judgeVariables(stage *trialStage, s step, res shell.ProcessWordResult) {
	for _, name := range slices.Sorted(maps.Keys(res.Unmatched)) {
		if stage.env.declares(name) || slices.Contains(scanArgs, name) {
			continue
		}
		match := stage.env.nearest(name, false)
		if match == "" && stage.Root().BaseName.Text != Scratch {
			continue
		}
		rule := linter.RuleUndefinedVar
		t.find(rule.Name, rule.URL, rule.Format(name, match), s.where)
	}
}

// errExpanded ends the expansion of words that would come to more than MaxExpanded.
var errExpanded = errors.New("the variables expand to more than is judged")

// expand expands a word by BuildKit's lexer.
func (t *trial) expand(env *environment, word string) (shell.ProcessWordResult, error) {
	if isPlain(word) {
		return shell.ProcessWordResult{Result: word}, nil
	}
	if err := t.count(word); err != nil {
		return shell.ProcessWordResult{}, err
	}
	return t.lexer.ProcessWordWithMatches(word, env)
}

// isPlain reports whether the lexer leaves a word as it is: it changes quotes,
// escapes, variables, and what is not valid UTF-8.
func isPlain(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case c == '$', c == '"', c == '\'', c == '\\', c == '`', c >= 0x80:
			return false
		}
	}
	return true
}

// count reckons what a word may expand to, before anybody expands it.
func (t *trial) count(word string) error {
	t.expanded += mayExpandTo(word, t.longest)
	if t.expanded <= MaxExpanded {
		return nil
	}
	t.lint.Err = cmp.Or(t.lint.Err, fileError(t.source.Path, errExpanded, "Name the right file, or make it smaller"))
	return errExpanded
}

func (t *trial) set(env *environment, name, value string) {
	t.longest = max(t.longest, len(value))
	env.set(name, value)
}

func (t *trial) keep(env *environment, name, value string) {
	t.longest = max(t.longest, len(value))
	env.keep(name, value)
}
