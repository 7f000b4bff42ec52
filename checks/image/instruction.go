package image

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/imagegate/imagegate/checks/source"
)

// Step is an instruction of the stage that an image was built from.
type Step struct {
	// Keyword is RUN, COPY, ADD, WORKDIR or another, in upper case.
	Keyword string
	// Name is how findings call it: "Dockerfile:12: RUN npm ci".
	Name string
	// Into is where COPY and ADD write, and which directory WORKDIR makes,
	// absolute; empty where that is not known.
	Into string
}

// Bounds are a number that is known to lie between two, both included.
type Bounds struct{ Least, Most int }

// nameLayers names the instruction of each layer by the history in the
// configuration, if that has as many entries that made a layer as there are
// layers. Dagger's history has none: it names its own calls.
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

// daggerCall is what Dagger notes in place of an instruction: the call of its API that
// made the layer, which nobody has written.
var daggerCall = regexp.MustCompile(`^((Container|Directory|File)\.[a-z]\w*|with(out)?[A-Z]\w*|import image layer sha256:\w+)( |$)`)

// instruction returns an entry of the history as it stands in a Dockerfile, short
// enough for a finding; empty where it is none, or a secret may be in it.
func instruction(by string) string {
	by = strings.Join(strings.Fields(by), " ")
	if daggerCall.MatchString(by) {
		return ""
	}
	by = buildArgs.ReplaceAllString(by, "RUN $2")
	by = strings.TrimSuffix(by, " # buildkit")
	if rest, ok := strings.CutPrefix(by, "/bin/sh -c #(nop) "); ok {
		by = strings.TrimSpace(rest)
	} else if rest, ok := strings.CutPrefix(strings.TrimPrefix(by, "RUN "), "/bin/sh -c "); ok {
		by = "RUN " + rest
	}
	if source.MayHoldSecret(strings.TrimPrefix(by, "RUN ")) {
		return ""
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
//
// It returns how many layers lie below those of the stage, which are the ones of its
// base image, at least and at most: the ways may differ in that. Both are 0 where
// there is no way.
func NameLayers(layers []Layer, steps []Step) (base Bounds) {
	var makers []Step
	for _, s := range steps {
		switch s.Keyword {
		case "RUN", "COPY", "ADD", "WORKDIR":
			makers = append(makers, s)
		}
	}
	l := lineUp{layers: layers, steps: makers, names: make([]string, len(layers))}
	l.from(len(layers)-1, len(makers)-1)
	if l.tries > maxTries || l.agreed == nil {
		return Bounds{}
	}
	for i, name := range l.agreed {
		if layers[i].Instruction == "" {
			layers[i].Instruction = name
		}
	}
	return l.base
}

// lineUp tries the ways to line layers up with steps, from their ends.
type lineUp struct {
	layers []Layer
	steps  []Step
	names  []string // of the way that is tried
	agreed []string // of all ways so far
	base   Bounds   // layers below the steps in all ways so far
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
			l.agreed, l.base = slices.Clone(l.names), Bounds{layer + 1, layer + 1}
		}
		l.base.Least, l.base.Most = min(l.base.Least, layer+1), max(l.base.Most, layer+1)
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
