package dockerfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/opencontainers/go-digest"

	"github.com/imagegate/imagegate/checks"
)

// sourceDateEpoch is the argument that says the time of all that a build makes: in
// seconds, or as the name of a stage that takes it from what it fetches.
const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// setEpoch gives the argument the value that BuildKit makes of it: none where that
// depends on what is fetched.
func (t *trial) setEpoch() {
	value, given := t.args[sourceDateEpoch]
	if !given {
		if value, _ = t.globals.Get(sourceDateEpoch); value == "" {
			return
		}
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		value = strconv.FormatInt(seconds, 10)
		if given {
			t.args[sourceDateEpoch] = value
		}
		if _, ok := t.globals.Get(sourceDateEpoch); ok {
			t.set(t.globals, sourceDateEpoch, value)
		}
		return
	}
	delete(t.args, sourceDateEpoch)
	t.globals.unset(sourceDateEpoch)
	if value == "" || value == "context" {
		return
	}
	where := checks.Location{Path: t.source.Path}
	err := errors.New("invalid SOURCE_DATE_EPOCH: " + value)
	for _, in := range t.source.GlobalArgs {
		for _, arg := range in.Command.(*instructions.ArgCommand).Args {
			if arg.Key == sourceDateEpoch {
				where = in.Location
			}
		}
	}
	for _, stage := range t.source.Stages {
		if strings.EqualFold(stage.Name, value) {
			where, err = stage.From.Location, t.judgeEpochStage(stage)
			break
		}
	}
	if err != nil {
		t.reject(where, err)
	}
}

// judgeEpochStage returns why a stage cannot say the time: it has to add one thing
// from elsewhere to nothing.
func (t *trial) judgeEpochStage(stage *Stage) error {
	env := newEnvironment(t.globals)
	base, err := t.expand(env, stage.BaseName.Raw)
	if err != nil {
		return fmt.Errorf("failed to process source stage base name %q: %w", stage.BaseName.Raw, err)
	}
	if base.Result != Scratch {
		return errors.New("SOURCE_DATE_EPOCH stage must use FROM scratch")
	}
	adds := 0
	for _, in := range stage.Instructions {
		if in.Trigger {
			continue
		}
		switch cmd := in.Command.(type) {
		case *instructions.ArgCommand:
			for _, arg := range cmd.Args {
				if given, ok := t.args[arg.Key]; ok {
					t.set(env, arg.Key, given)
				} else if arg.Value != nil {
					res, err := t.expand(env, *arg.Value)
					if err != nil {
						return err
					}
					t.set(env, arg.Key, res.Result)
				}
			}
		case *instructions.AddCommand:
			if adds++; adds > 1 {
				return errors.New("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD")
			}
			if err := t.judgeEpochSource(cmd, env); err != nil {
				return err
			}
		default:
			return fmt.Errorf("SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported %s instruction", in.written)
		}
	}
	if adds == 0 {
		return errors.New("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD")
	}
	return nil
}

func (t *trial) judgeEpochSource(cmd *instructions.AddCommand, env *environment) error {
	if len(cmd.SourceContents) != 0 || len(cmd.SourcePaths) != 1 {
		return errors.New("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source")
	}
	src, err := t.expand(env, cmd.SourcePaths[0])
	if err != nil {
		return err
	}
	ref, isGit, err := ParseGit(src.Result)
	if isHTTP(src.Result) && (!isGit || err != nil) {
		if cmd.Checksum == "" {
			return nil
		}
		checksum, err := t.expand(env, cmd.Checksum)
		if err != nil {
			return err
		}
		_, err = digest.Parse(checksum.Result)
		return err
	}
	if err != nil {
		return err
	}
	if !isGit || ref.Local {
		return errors.New("SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD")
	}
	_, err = t.expand(env, cmd.Checksum)
	return err
}

func isHTTP(src string) bool {
	return strings.HasPrefix(src, "http://") || strings.HasPrefix(src, "https://")
}
