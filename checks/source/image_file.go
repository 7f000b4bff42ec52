package source

import (
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// maxTaken is how many copies from stage to stage a file is followed through.
const maxTaken = 8

// imageFiles finds where the files of the image come from.
type imageFiles struct {
	source *dockerfile.Source
	ends   map[*dockerfile.Stage]stageFiles
}

func newImageFiles(s *dockerfile.Source) *imageFiles {
	return &imageFiles{s, walkFiles(s, func(*dockerfile.Instruction, *stageFiles) {})}
}

// script returns the shell script at an absolute path of the image, as the build
// context or a heredoc has it; nil if that is not known, or it is none.
func (f *imageFiles) script(target string) *dockerfile.Script {
	return f.find(f.source.Final, target, maxTaken)
}

func (f *imageFiles) find(stage *dockerfile.Stage, target string, deeper int) *dockerfile.Script {
	files, ok := f.ends[stage]
	if !ok || deeper == 0 {
		return nil
	}
	for i := len(files.puts) - 1; i >= 0; i-- {
		p := files.puts[i]
		rel, below := within(p.dest, target)
		if !below {
			continue
		}
		if !p.origin {
			if found, brings := f.taken(p, rel, path.Base(target), deeper); brings {
				return found
			}
			continue
		}
		for name, script := range p.from.Heredocs() {
			if rel == "." && !strings.HasSuffix(p.from.Dest.Text, "/") || rel == name {
				return script
			}
		}
		switch found := p.find(files.context, target); found.presence {
		case present:
			script, err := f.source.ReadScript(found.path)
			if err != nil {
				return nil
			}
			return script
		case maybe:
			return nil
		}
	}
	return nil
}

// taken looks for a file that a COPY --from brings, and reports whether it may be
// the one that does.
func (f *imageFiles) taken(p put, rel, base string, deeper int) (*dockerfile.Script, bool) {
	var from *dockerfile.Stage
	for _, ref := range p.from.Stage.References {
		if ref.Instruction == p.from.Instruction {
			from = ref.Stage
		}
	}
	if from == nil {
		return nil, true
	}
	for _, src := range p.from.Sources {
		if !src.Known || strings.ContainsAny(src.Text, "*?[") {
			return nil, true
		}
		origin := path.Join("/", src.Text)
		if rel == "." || rel == path.Base(origin) {
			if found := f.find(from, origin, deeper-1); found != nil {
				return found, true
			}
		}
		if rel != "." {
			if found := f.find(from, path.Join(origin, rel), deeper-1); found != nil {
				return found, true
			}
		}
		if rel == base && path.Base(origin) == base {
			return nil, true // a file that the other stage makes
		}
	}
	return nil, false
}
