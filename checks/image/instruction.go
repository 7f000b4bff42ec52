package image

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

// Step is an instruction of the stage that an image was built from.
type Step struct {
	// Keyword is RUN, COPY, ADD, WORKDIR or another, in upper case.
	Keyword string
	// Name is how findings call it: "Dockerfile:12, RUN".
	Name string
	// Into is where COPY and ADD write, absolute; empty where that is not known.
	Into string
}

// StepsOf returns the instructions of a stage, those of the stages that it is
// built on first.
func StepsOf(stage *dockerfile.Stage) []Step {
	var steps []Step
	if stage.Base != nil {
		steps = StepsOf(stage.Base)
	}
	for _, in := range stage.Instructions {
		s := Step{Keyword: in.Keyword, Name: fmt.Sprintf("%s:%d, %s", in.Location.Path, in.Location.Line, in.Keyword)}
		if c, ok := in.Copy(); ok && c.Dest.Known {
			switch {
			case path.IsAbs(c.Dest.Text):
				s.Into = path.Clean(c.Dest.Text)
			case in.Dir.Known:
				s.Into = path.Join("/", in.Dir.Text, c.Dest.Text)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// nameLayers names the instruction of each layer by the history in the
// configuration, if that has as many entries that made a layer as there are
// layers. What Dagger builds has none.
func nameLayers(img *Image) {
	var made []string
	for _, h := range img.Config.History {
		if !h.EmptyLayer {
			made = append(made, h.CreatedBy)
		}
	}
	if len(made) != len(img.Layers) {
		return
	}
	for i, by := range made {
		img.Layers[i].Instruction = instruction(by)
	}
}

// buildArgs is how classic builders note the build arguments of a RUN: their
// values are nobody's to see.
var buildArgs = regexp.MustCompile(`^(RUN )?\|\d+ .*?(/bin/\S*sh -c )`)

// instruction returns an entry of the history as it stands in a Dockerfile, short
// enough for a finding; empty where a secret is in it.
func instruction(by string) string {
	by = strings.Join(strings.Fields(by), " ")
	if _, secret := source.TokenIn(by); secret {
		return ""
	}
	by = buildArgs.ReplaceAllString(by, "RUN $2")
	by = strings.TrimSuffix(by, " # buildkit")
	if rest, ok := strings.CutPrefix(by, "/bin/sh -c #(nop) "); ok {
		by = strings.TrimSpace(rest)
	} else if rest, ok := strings.CutPrefix(strings.TrimPrefix(by, "RUN "), "/bin/sh -c "); ok {
		by = "RUN " + rest
	}
	const long = 80
	if len(by) > long {
		for by = by[:long]; !utf8.ValidString(by); by = by[:len(by)-1] {
		}
		by += "…"
	}
	return by
}

// NameLayers names the layers that the instructions of a stage made, the last
// ones of the image, as far as there is but one way to line them up: RUN, COPY and
// ADD make a layer each, WORKDIR one where its directory was not there yet; a layer
// of COPY or ADD holds nothing but what lies where they write. Layers that have a
// name keep it.
func NameLayers(layers []Layer, steps []Step) {
	var makers []Step
	for _, s := range steps {
		switch s.Keyword {
		case "RUN", "COPY", "ADD", "WORKDIR":
			makers = append(makers, s)
		}
	}
	l := lineUp{layers: layers, steps: makers, names: make([]string, len(layers))}
	l.from(len(layers)-1, len(makers)-1)
	if l.tries > maxTries {
		return
	}
	for i, name := range l.agreed {
		if layers[i].Instruction == "" {
			layers[i].Instruction = name
		}
	}
}

// lineUp tries the ways to line layers up with steps, from their ends.
type lineUp struct {
	layers []Layer
	steps  []Step
	names  []string // of the way that is tried
	agreed []string // of all ways so far
	tries  int
}

// maxTries is how many steps of all ways are tried: Dockerfiles have few WORKDIR.
const maxTries = 10_000

func (l *lineUp) from(layer, step int) {
	if l.tries++; l.tries > maxTries {
		return
	}
	if step < 0 {
		if l.agreed == nil {
			l.agreed = slices.Clone(l.names)
		}
		for i, name := range l.names {
			if l.agreed[i] != name {
				l.agreed[i] = ""
			}
		}
		return
	}
	s := l.steps[step]
	if s.Keyword == "WORKDIR" {
		l.from(layer, step-1)
	}
	if layer < 0 || !s.canMake(l.layers[layer]) {
		return
	}
	l.names[layer] = s.Name
	l.from(layer-1, step-1)
	l.names[layer] = ""
}

// canMake reports whether a step may have made a layer.
func (s Step) canMake(l Layer) bool {
	switch s.Keyword {
	case "WORKDIR":
		return l.Others == 0
	case "COPY", "ADD":
		into := strings.TrimSuffix(s.Into, "/")
		if into == "" || l.Others == 0 {
			return true
		}
		below := l.Below + "/"
		return strings.HasPrefix(below, into+"/") || l.Others == 1 && l.Below == path.Dir(into)
	}
	return true
}
