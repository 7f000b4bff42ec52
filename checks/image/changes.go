package image

import (
	"archive/tar"
	"cmp"
	"maps"
	"slices"
)

// Tally counts files and the bytes of their content.
type Tally struct {
	Files int
	Bytes int64
}

func (t *Tally) add(bytes int64) {
	t.Files++
	t.Bytes += bytes
}

// Waste is what one layer adds and a later one takes away or writes again: it is
// pulled and stored with the image for nothing.
type Waste struct {
	// Layer and By are the layers' indices in Image.Layers.
	Layer, By int
	// Removed is whether the files are gone; else they were written again.
	Removed bool
	Tally
	// Samples are the largest of the files, at most three.
	Samples []Sample
}

// Sample is a file that stands for others of its kind.
type Sample struct {
	// Path is absolute.
	Path string
	Size int64
}

// maxSamples is how many files a finding names.
const maxSamples = 3

// keepLargest adds a file to samples, of which the largest stay; of several as
// large the first.
func keepLargest(samples []Sample, e Sample) []Sample {
	i := len(samples)
	for i > 0 && samples[i-1].Size < e.Size {
		i--
	}
	if i >= maxSamples {
		return samples
	}
	return slices.Insert(samples[:min(len(samples), maxSamples-1)], min(i, len(samples)), e)
}

// changes notes what layers do to each other, while a tree is made of them. A nil
// one notes nothing.
type changes struct {
	layers []Layer
	waste  map[wasteKey]*Waste
	// secrets are those seen so far, by where they were seen.
	secrets map[origin][]*Secret
}

// wasteBytes is about what one Waste takes.
const wasteBytes = 512

type wasteKey struct {
	layer, by uint16
	removed   bool
}

// origin is an entry of a layer.
type origin struct{ layer, index int }

// wrote notes that a layer writes to a node, before it does.
func (c *changes) wrote(t *Tree, id nodeID, layer int, kind byte, size int64) {
	if c == nil || kind != tar.TypeReg {
		return
	}
	l, old := &c.layers[layer], t.node(id)
	switch {
	case old.kind == 0:
		l.Added.add(size)
	case int(old.layer) != layer:
		l.Changed.add(size)
	}
}

// lost notes that a layer takes a node away, or what it holds, before it does.
func (c *changes) lost(t *Tree, id nodeID, layer int, removed bool) {
	n := t.node(id)
	if c == nil || n.kind != tar.TypeReg {
		return
	}
	if n.flags&flagHardLink == 0 {
		for _, s := range c.secrets[origin{int(n.layer), int(n.index)}] {
			s.RemovedIn = layer
		}
	}
	size := t.size(id)
	if n.flags&flagHardLink != 0 {
		size = 0
	}
	if removed {
		c.layers[layer].Removed.add(size)
	}
	if int(n.layer) == layer || size == 0 {
		return
	}
	key := wasteKey{n.layer, uint16(layer), removed}
	w := c.waste[key]
	if w == nil {
		w = &Waste{Layer: int(n.layer), By: layer, Removed: removed}
		c.waste[key] = w
		t.held.Add(wasteBytes)
	}
	w.add(size)
	if len(w.Samples) < maxSamples || w.Samples[maxSamples-1].Size < size {
		w.Samples = keepLargest(w.Samples, Sample{"/" + t.path(id), size})
	}
}

// wasted returns what was noted, what takes the most bytes first.
func (c *changes) wasted() []Waste {
	var all []Waste
	for _, w := range c.waste {
		all = append(all, *w)
	}
	slices.SortFunc(all, func(a, b Waste) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.By, b.By), removedFirst(a, b))
	})
	return all
}

func removedFirst(a, b Waste) int {
	switch {
	case a.Removed == b.Removed:
		return 0
	case a.Removed:
		return -1
	}
	return 1
}

// found notes the secrets that were seen in a layer, before it is laid over the
// others.
func (c *changes) found(secrets []Secret) {
	for i := range secrets {
		at := origin{secrets[i].Layer, secrets[i].index}
		c.secrets[at] = append(c.secrets[at], &secrets[i])
	}
}

// all returns the secrets that were seen in all layers, in their order.
func (c *changes) all() []Secret {
	var all []Secret
	for _, at := range slices.SortedFunc(maps.Keys(c.secrets), func(a, b origin) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.index, b.index))
	}) {
		for _, s := range c.secrets[at] {
			all = append(all, *s)
		}
	}
	return all
}
