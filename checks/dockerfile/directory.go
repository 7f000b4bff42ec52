package dockerfile

import "path"

// Directory returns the working directory that the stage leaves. It is not known
// where the external base image decides.
func (s *Stage) Directory() Value { return s.dir }

// Resolve returns a path that the instruction names as an absolute and clean one:
// a relative path starts in the working directory.
func (in *Instruction) Resolve(name Value) Value {
	switch {
	case !name.Known, !path.IsAbs(name.Text) && !in.Dir.Known:
		return Value{Raw: name.Raw}
	case path.IsAbs(name.Text):
		return Value{Raw: name.Raw, Text: path.Clean(name.Text), Known: true}
	}
	return Value{Raw: name.Raw, Text: path.Join(in.Dir.Text, name.Text), Known: true}
}
