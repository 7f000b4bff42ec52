package source

import (
	"path"
	"slices"
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

func newImageFiles(s *dockerfile.Source) imageFiles {
	return imageFiles{s, fileHistories.Of(s).ends}
}

// workdir returns the working directory of the image.
func (f imageFiles) workdir() string { return f.ends[f.source.Final].workdir }

// script returns the shell script at an absolute path of the image, as the build
// context or a heredoc has it; nil if that is not known, or it is none.
func (f imageFiles) script(target string) *dockerfile.Script {
	found := f.find(f.source.Final, target, maxTaken)
	if found.path == "" {
		return found.heredoc
	}
	script, err := f.source.ReadScript(found.path)
	if err != nil {
		return nil
	}
	return script
}

// path returns the path in the build context of the file at an absolute path of
// the image; empty if that is not known.
func (f imageFiles) path(target string) string {
	return f.find(f.source.Final, target, maxTaken).path
}

// imageFile is where a file of the image comes from; empty if that is not known.
type imageFile struct {
	path    string
	heredoc *dockerfile.Script
}

func (f imageFiles) find(stage *dockerfile.Stage, target string, deeper int) imageFile {
	files, ok := f.ends[stage]
	if !ok || deeper == 0 {
		return imageFile{}
	}
	for _, p := range slices.Backward(files.puts) {
		rel, below := within(p.dest, target)
		if !below {
			continue
		}
		if !p.origin {
			if found, brings := f.taken(p, rel, deeper); brings {
				return found
			}
			continue
		}
		for name, script := range p.from.Heredocs() {
			if rel == "." && !strings.HasSuffix(p.from.Dest.Text, "/") || rel == name {
				return imageFile{heredoc: script}
			}
		}
		switch found := p.find(files.context, target); found.presence {
		case present:
			return imageFile{path: found.path}
		case maybe:
			return imageFile{}
		}
	}
	return imageFile{}
}

// taken looks for a file that a COPY --from brings, and reports whether it may be
// the one that does.
func (f imageFiles) taken(p put, rel string, deeper int) (imageFile, bool) {
	var from *dockerfile.Stage
	for _, ref := range p.from.Stage.References {
		if ref.Instruction == p.from.Instruction {
			from = ref.Stage
		}
	}
	if from == nil {
		return imageFile{}, true
	}
	for _, src := range p.from.Sources {
		if !src.Known || strings.ContainsAny(src.Text, "*?[") {
			return imageFile{}, true
		}
		origin := path.Join("/", src.Text)
		file := rel == "." || rel == path.Base(origin)
		candidates := []string{path.Join(origin, rel)}
		if file {
			candidates = append(candidates, origin)
		}
		for _, candidate := range candidates {
			if found := f.find(from, candidate, deeper-1); found != (imageFile{}) {
				return found, true
			}
		}
		if file {
			return imageFile{}, true // one that the other stage makes
		}
	}
	return imageFile{}, false
}
