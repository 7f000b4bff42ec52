package image

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// group is the files of one kind, which one finding is about.
type group struct {
	name string
	Tally
	samples []Sample
	layer   int // of the largest file
}

// groups collects files by the name of their group. Files of more groups than
// anybody reads of are counted together, below the name elsewhere.
type groups map[string]*group

const (
	elsewhere = ""
	// mostGroups is how many are told apart, and maxGroups how many have a finding
	// each.
	mostGroups = 1000
	maxGroups  = 10
)

func (g groups) add(name string, e Entry) {
	of := g[name]
	if of == nil && len(g) >= mostGroups {
		name = elsewhere
		of = g[name]
	}
	if of == nil {
		of = &group{name: name}
		g[name] = of
	}
	size := e.Size
	if e.HardLink {
		size = 0
	}
	of.Tally.add(size)
	if len(of.samples) == 0 || size > of.samples[0].Size {
		of.layer = e.Layer
	}
	of.samples = keepLargest(of.samples, Sample{"/" + e.Path, size})
}

// findings returns one finding for each of the first groups, by name, and one for
// all others.
func (g groups) findings(of func(*group) checks.Finding) []checks.Finding {
	var findings []checks.Finding
	rest := 0
	for i, each := range g.sorted() {
		if i < maxGroups {
			findings = append(findings, of(each))
		} else {
			rest += each.Files
		}
	}
	if other := g[elsewhere]; other != nil {
		rest += other.Files
	}
	if rest > 0 {
		findings = append(findings, checks.At(checks.Location{}, "%d more of this kind in other places", rest))
	}
	return findings
}

// sorted returns the groups by name, without what is elsewhere.
func (g groups) sorted() []*group {
	var all []*group
	for name, of := range g {
		if name != elsewhere {
			all = append(all, of)
		}
	}
	slices.SortFunc(all, func(a, b *group) int { return cmp.Compare(a.name, b.name) })
	return all
}

// place is where a finding about a group of one directory is: the file if there is but
// one, else the directory, so that a waiver for one file accepts no other.
func (g *group) place() checks.Location {
	if g.Files == 1 {
		return checks.Location{Path: g.samples[0].Path}
	}
	return checks.Location{Path: g.name}
}

// String says how many files there are, how large, and names the largest.
func (g *group) String() string {
	s := files(g.Files)
	if g.Bytes > 0 {
		s += ", " + humanSize(g.Bytes)
	}
	return s + ": " + named(g.samples, g.Files)
}

// named names examples of so many files.
func named(samples []Sample, of int) string {
	var names []string
	for _, s := range samples {
		names = append(names, s.Path)
	}
	if more := of - len(samples); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}

func files(n int) string { return count(n, "file") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// layerName names a layer, counted from 1, with what made it if that is certain.
func (img *Image) layerName(i int) string {
	if i < len(img.Layers) && img.Layers[i].Instruction != "" {
		return fmt.Sprintf("layer %d (%s)", i+1, img.Layers[i].Instruction)
	}
	return fmt.Sprintf("layer %d", i+1)
}
