package dockerfile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/util/system"
)

// parseMounts returns a RUN with these flags and their mounts, to expand; nil if
// there are none.
func parseMounts(flags []string) (*instructions.RunCommand, error) {
	if !slices.ContainsFunc(flags, func(flag string) bool { return strings.HasPrefix(flag, "--mount") }) {
		return nil, nil
	}
	cmd, err := instructions.ParseCommand(&parser.Node{Value: command.Run, Flags: flags, Next: &parser.Node{Value: "true"}})
	if err != nil {
		return nil, err
	}
	return cmd.(*instructions.RunCommand), nil
}

// judgeMounts judges the mounts of a RUN, in the order of its flags.
func (t *trial) judgeMounts(stage *trialStage, s step) error {
	if s.run == nil {
		return nil
	}
	err := s.run.Expand(func(word string) (string, error) { return t.expandIn(stage, s, word) })
	if err != nil {
		return err
	}
	for i, mount := range instructions.GetMounts(s.run) {
		if mount.From == "" && mount.Type == instructions.MountTypeCache {
			mount.From = Scratch
		}
		if mount.From != "" && s.sources[i].comesAfter(stage) {
			return fmt.Errorf("cannot mount from stage %q to %q, stage needs to be defined before current command", mount.From, mount.Target)
		}
		switch mount.Type {
		case instructions.MountTypeSecret:
			err = validSecret(mount, stage.os)
		case instructions.MountTypeSSH:
			if mount.Source != "" {
				err = errors.New("ssh does not support source")
			}
		default:
			target := mount.Target
			if !path.IsAbs(target) {
				target = path.Join("/", system.ToSlash(stage.workdir, stage.os), target)
			}
			if target == "/" {
				err = fmt.Errorf("invalid mount target %q", target)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// validSecret returns why a secret cannot be mounted on Windows: it has no place of
// its own for secrets.
func validSecret(mount *instructions.Mount, os string) error {
	if os != windows {
		return nil
	}
	target := system.ToSlash(mount.Target, os)
	id := mount.CacheID
	if mount.Source != "" {
		id = mount.Source
	}
	if id == "" {
		id = path.Base(target)
	}
	if target != "" && !system.IsAbs(target, os) {
		return fmt.Errorf("secret target %q must be an absolute path with forward slashes on Windows, e.g. --mount=type=secret,id=%s,target=C:/path/to/secret", target, id)
	}
	if target == "" && mount.Env == nil {
		return fmt.Errorf("secret target is required on Windows, e.g. --mount=type=secret,id=%s,target=C:/path/to/secret", id)
	}
	return nil
}
