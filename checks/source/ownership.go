package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// ownership is a call that changes the owner or the mode of files.
type ownership struct {
	// program is chown, chgrp or chmod.
	program string
	// value is the owner, the group or the mode that it sets.
	value     string
	recursive bool
	// paths are absolute and clean; those that are not known are left out.
	paths []string
}

// parseOwnership recognizes chown, chgrp and chmod.
func parseOwnership(in *dockerfile.Instruction, index int) (ownership, bool) {
	call := in.Calls[index]
	o := ownership{program: call.Program()}
	if !slices.Contains([]string{"chown", "chgrp", "chmod"}, o.program) {
		return ownership{}, false
	}
	var operands []string
	for i, word := range call.Words[1:] {
		switch {
		case word == "--":
			operands = append(operands, call.Words[i+2:]...)
		case strings.HasPrefix(word, "--reference"):
			return ownership{}, false
		case word == "--recursive", isLetters(word) && strings.Contains(word, "R"):
			o.recursive = true
			continue
		case o.program == "chmod" && len(word) > 1 && word[0] == '-' && strings.Trim(word[1:], "rwxXst") == "":
			operands = append(operands, word)
			continue
		case strings.HasPrefix(word, "-"):
			continue
		default:
			operands = append(operands, word)
			continue
		}
		break
	}
	if len(operands) < 2 {
		return ownership{}, false
	}
	o.value = operands[0]
	if value := in.Expand(o.value); strings.Contains(o.value, "$") && value.Known {
		o.value = value.Text
	}
	moved := slices.ContainsFunc(in.Calls[:index], func(c dockerfile.Call) bool { return c.Program() == "cd" || c.Program() == "pushd" })
	for _, name := range operands[1:] {
		below := false
		if rest, ok := strings.CutSuffix(name, "/*"); ok {
			name, below = rest, true
		}
		if value := in.Expand(name); strings.Contains(name, "$") && value.Known {
			name = value.Text
		}
		switch {
		case strings.ContainsAny(name, "$`*?~[{"), name == "" && !below:
		case path.IsAbs(name):
			o.paths = append(o.paths, path.Clean(name))
		case !moved && in.Dir.Known:
			o.paths = append(o.paths, path.Join(in.Dir.Text, name))
		}
	}
	return o, true
}

// owner returns the user of a chown's value; empty if it changes the group alone.
func (o ownership) owner() string {
	if o.program != "chown" {
		return ""
	}
	name, _, _ := strings.Cut(strings.ReplaceAll(o.value, ".", ":"), ":")
	return name
}

// mounted reports whether a path lies in a mount of a RUN, and is not part of the
// layer.
func mounted(in *dockerfile.Instruction, name string) bool {
	run, ok := in.Command.(*instructions.RunCommand)
	return ok && slices.ContainsFunc(instructions.GetMounts(run), func(m *instructions.Mount) bool {
		target := in.Before.Resolve(dockerfile.Value{Text: m.Target, Known: m.Target != ""})
		return target.Known && liesIn(name, target.Text)
	})
}
