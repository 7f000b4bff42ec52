package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Difference is the first thing in which two builds of an image differ.
type Difference struct {
	// Layer is the layer's number, counted from 1; 0 for the configuration.
	Layer int
	// Path is the file's in the layer, absolute, or a field of the configuration
	// ("config.Env"); empty where the layer as a whole differs.
	Path string
	// What is what differs, as in "modification time", and Detail both values in
	// words.
	What, Detail string
	// Fix says what to do about differences of this kind.
	Fix string
}

// String says it in one line.
func (d *Difference) String() string {
	where := "the configuration"
	if d.Layer > 0 {
		where = fmt.Sprintf("layer %d", d.Layer)
	}
	if d.Path != "" {
		where += ", " + d.Path
	}
	return fmt.Sprintf("%s: %s: %s", where, d.What, d.Detail)
}

// What to do about the differences there are.
const (
	fixTime     = "build with SOURCE_DATE_EPOCH and rewrite-timestamp=true, so that every file has the same time"
	fixContent  = "make what writes the file deterministic: no times, no random names, sorted input; pin the versions that it installs"
	fixOrder    = "create files in a fixed order; tools that list a directory have to sort it"
	fixOwner    = "give the owner by number, and do not depend on the user that builds"
	fixConfig   = "build with SOURCE_DATE_EPOCH, and without labels and variables that change from build to build"
	fixCompress = "compress with the same tool at the same level"
)

// CompareOptions say how two builds are compared.
type CompareOptions struct {
	Limits Limits
	// IgnoreTimes is whether they may differ in when files were changed and when the
	// image was made: in what no program behaves by.
	IgnoreTimes bool
	// IgnoreVariables are environment variables that both may set as they like.
	IgnoreVariables []string
}

// Compare explains the first difference between two builds of the image for a
// platform; nil where there is none. It reads layers that differ side by side, as far
// as it takes, and holds no more than one entry of each.
func Compare(ctx context.Context, a, b *Archive, platform v1.Platform, o CompareOptions) (*Difference, error) {
	if err := o.Limits.check(); err != nil {
		return nil, err
	}
	o.Limits = o.Limits.withDefaults()
	limits := o.Limits
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Time, fmt.Errorf("comparing the images took more than %s", limits.Time))
	defer cancel()
	first, err := a.find(platform)
	if err != nil {
		return nil, fmt.Errorf("first image: %w", err)
	}
	second, err := b.find(platform)
	if err != nil {
		return nil, fmt.Errorf("second image: %w", err)
	}
	if first.Digest == second.Digest {
		return nil, nil
	}
	diffs, others := first.Config.RootFS.DiffIDs, second.Config.RootFS.DiffIDs
	for i := range min(len(diffs), len(others)) {
		if diffs[i] == others[i] {
			continue
		}
		d, err := compareLayers(ctx, o, a, b, first, second, i)
		if err != nil {
			return nil, fmt.Errorf("comparing layer %d: %w", i+1, err)
		}
		if d == nil {
			continue
		}
		d.Layer = i + 1
		return d, nil
	}
	if len(diffs) != len(others) {
		return &Difference{Layer: min(len(diffs), len(others)) + 1, What: "number of layers", Detail: fmt.Sprintf("%d and %d", len(diffs), len(others)), Fix: fixContent}, nil
	}
	if first.Manifest.Config.Digest != second.Manifest.Config.Digest {
		return compareConfigs(a.documents[first.Manifest.Config.Digest], b.documents[second.Manifest.Config.Digest], o)
	}
	if o.IgnoreTimes {
		return nil, nil
	}
	for i, l := range first.Manifest.Layers {
		if other := second.Manifest.Layers[i]; l.Digest != other.Digest {
			return &Difference{Layer: i + 1, What: "compression", Detail: fmt.Sprintf("the same tar is %s and %s (%s and %s)", humanSize(l.Size), humanSize(other.Size), l.MediaType, other.MediaType), Fix: fixCompress}, nil
		}
	}
	return &Difference{What: "manifest", Detail: fmt.Sprintf("same layers and configuration, but digests %s and %s: annotations differ", first.Digest, second.Digest), Fix: fixConfig}, nil
}

// layerTar is a layer that is read entry by entry.
type layerTar struct {
	*tar.Reader
	close func() error
}

func openLayer(ctx context.Context, limits Limits, a *Archive, layer v1.Descriptor) (*layerTar, error) {
	blob, err := a.blob(layer.Digest)
	if err != nil {
		return nil, err
	}
	plain, err := decompress(bufio.NewReaderSize(blob, 128<<10), layer.MediaType, limits)
	if err != nil {
		return nil, err
	}
	m := &meter{ctx: ctx, plain: plain, hasher: sha256.New(), limits: limits, compressed: layer.Size, total: new(atomic.Int64)}
	return &layerTar{tar.NewReader(m), plain.Close}, nil
}

// compareLayers explains the first difference between two layers that have different
// bytes; nil where only times differ, and may.
func compareLayers(ctx context.Context, o CompareOptions, a, b *Archive, first, second Manifest, i int) (*Difference, error) {
	one, err := openLayer(ctx, o.Limits, a, first.Manifest.Layers[i])
	if err != nil {
		return nil, fmt.Errorf("first image: %w", err)
	}
	defer one.close()
	two, err := openLayer(ctx, o.Limits, b, second.Manifest.Layers[i])
	if err != nil {
		return nil, fmt.Errorf("second image: %w", err)
	}
	defer two.close()
	for n := 0; ; n++ {
		if n > o.Limits.Entries {
			return nil, fmt.Errorf("more than %d entries", o.Limits.Entries)
		}
		h, err := one.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("first image: after %d entries: %w", n, err)
		}
		g, other := two.Next()
		if other != nil && !errors.Is(other, io.EOF) {
			return nil, fmt.Errorf("second image: after %d entries: %w", n, other)
		}
		switch {
		case err != nil && other != nil && o.IgnoreTimes:
			return nil, nil
		case err != nil && other != nil:
			return &Difference{What: "form of the tar", Detail: "the entries are the same, but written in another way: the tools that packed them differ", Fix: fixCompress}, nil
		case err != nil:
			return only(g, "second"), nil
		case other != nil:
			return only(h, "first"), nil
		case h.Name != g.Name:
			return compareNames(one, two, h, g)
		}
		if d := compareHeaders(h, g, o.IgnoreTimes); d != nil {
			d.Path = absolute(h.Name)
			return d, nil
		}
		at, same, err := compareContent(one, two)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		if !same {
			return &Difference{Path: absolute(h.Name), What: "content", Detail: fmt.Sprintf("%s each, different from byte %d on", humanSize(h.Size), at), Fix: fixContent}, nil
		}
	}
}

func absolute(name string) string {
	clean, err := entryName(name)
	if err != nil {
		return name
	}
	return "/" + clean
}

func only(h *tar.Header, image string) *Difference {
	return &Difference{Path: absolute(h.Name), What: "file", Detail: "it is in the " + image + " image alone", Fix: fixContent}
}

// compareNames explains why two layers have different entries in one place.
func compareNames(one, two *layerTar, h, g *tar.Header) (*Difference, error) {
	later, err := has(one, g.Name)
	if err != nil {
		return nil, fmt.Errorf("first image: %w", err)
	}
	if !later {
		return only(g, "second"), nil
	}
	if later, err = has(two, h.Name); err != nil {
		return nil, fmt.Errorf("second image: %w", err)
	}
	if !later {
		return only(h, "first"), nil
	}
	return &Difference{Path: absolute(h.Name), What: "order", Detail: fmt.Sprintf("the other image has %s in its place, and it later", absolute(g.Name)), Fix: fixOrder}, nil
}

// has reports whether the rest of a layer has an entry of this name.
func has(l *layerTar, name string) (bool, error) {
	for {
		h, err := l.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if h.Name == name {
			return true, nil
		}
	}
}

// compareHeaders explains how two entries of one name differ, apart from their
// content; what is most telling first.
func compareHeaders(h, g *tar.Header, ignoreTimes bool) *Difference {
	differ := func(what, fix string, a, b any) *Difference {
		return &Difference{What: what, Detail: fmt.Sprintf("%v and %v", a, b), Fix: fix}
	}
	switch {
	case h.Typeflag != g.Typeflag:
		return differ("type", fixContent, kindName(h.Typeflag), kindName(g.Typeflag))
	case h.Size != g.Size:
		return differ("content", fixContent, humanSize(h.Size), humanSize(g.Size))
	case h.Linkname != g.Linkname:
		return differ("target of the link", fixContent, h.Linkname, g.Linkname)
	case h.Mode != g.Mode:
		return differ("mode", fixContent, fmt.Sprintf("%04o", h.Mode), fmt.Sprintf("%04o", g.Mode))
	case h.Uid != g.Uid || h.Gid != g.Gid:
		return differ("owner", fixOwner, fmt.Sprintf("%d:%d", h.Uid, h.Gid), fmt.Sprintf("%d:%d", g.Uid, g.Gid))
	case h.Uname != g.Uname || h.Gname != g.Gname:
		return differ("name of the owner", fixOwner, h.Uname+":"+h.Gname, g.Uname+":"+g.Gname)
	case !h.ModTime.Equal(g.ModTime) && !ignoreTimes:
		return differ("modification time", fixTime, h.ModTime.UTC().Format(time.RFC3339Nano), g.ModTime.UTC().Format(time.RFC3339Nano))
	case h.Devmajor != g.Devmajor || h.Devminor != g.Devminor:
		return differ("device", fixContent, fmt.Sprint(h.Devmajor, ":", h.Devminor), fmt.Sprint(g.Devmajor, ":", g.Devminor))
	case !maps.Equal(h.PAXRecords, g.PAXRecords):
		for _, key := range slices.Sorted(maps.Keys(merged(h.PAXRecords, g.PAXRecords))) {
			if x, y := h.PAXRecords[key], g.PAXRecords[key]; x != y && !(ignoreTimes && slices.Contains(timeRecords, key)) {
				return differ("record "+key, fixTime, fmt.Sprintf("%.60q", x), fmt.Sprintf("%.60q", y))
			}
		}
	}
	return nil
}

// timeRecords are the extended records of an entry that are times.
var timeRecords = []string{"mtime", "atime", "ctime", "LIBARCHIVE.creationtime"}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

func kindName(kind byte) string {
	names := map[byte]string{tar.TypeReg: "file", tar.TypeDir: "directory", tar.TypeSymlink: "symbolic link", tar.TypeLink: "hard link", tar.TypeChar: "device", tar.TypeBlock: "device", tar.TypeFifo: "pipe"}
	return cmp.Or(names[kind], fmt.Sprintf("type %q", kind))
}

// compareContent returns the first byte, counted from 0, in which two contents
// differ.
func compareContent(one, two io.Reader) (at int64, same bool, err error) {
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(one, a)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, false, err
		}
		m, other := io.ReadFull(two, b)
		if other != nil && !errors.Is(other, io.EOF) && !errors.Is(other, io.ErrUnexpectedEOF) {
			return 0, false, other
		}
		if !bytes.Equal(a[:n], b[:m]) {
			for i := range min(n, m) {
				if a[i] != b[i] {
					return at + int64(i), false, nil
				}
			}
			return at + int64(min(n, m)), false, nil
		}
		if err != nil {
			return 0, true, nil
		}
		at += int64(n)
	}
}

// compareConfigs names the first field in which two configurations differ, save for
// what is ignored.
func compareConfigs(a, b []byte, o CompareOptions) (*Difference, error) {
	var one, two any
	if err := json.Unmarshal(a, &one); err != nil {
		return nil, fmt.Errorf("decoding the first configuration: %w", err)
	}
	if err := json.Unmarshal(b, &two); err != nil {
		return nil, fmt.Errorf("decoding the second configuration: %w", err)
	}
	for _, config := range []any{one, two} {
		if o.IgnoreTimes {
			withoutTimes(config)
		}
		withoutVariables(config, o.IgnoreVariables)
	}
	if path, ok := differentField("", one, two); ok {
		// The values are not shown: variables hold secrets.
		return &Difference{Path: path, What: "field", Detail: "its values differ", Fix: fixConfig}, nil
	}
	if o.IgnoreTimes {
		return nil, nil
	}
	return &Difference{What: "form", Detail: "the same fields, written in another way", Fix: fixConfig}, nil
}

// withoutTimes takes out of a decoded configuration when it and its layers were made,
// and the digests of those.
func withoutTimes(config any) {
	fields, ok := config.(map[string]any)
	if !ok {
		return
	}
	delete(fields, "created")
	delete(fields, "rootfs")
	if history, ok := fields["history"].([]any); ok {
		for _, h := range history {
			if entry, ok := h.(map[string]any); ok {
				delete(entry, "created")
			}
		}
	}
}

// withoutVariables takes environment variables out of a decoded configuration.
func withoutVariables(config any, names []string) {
	document, _ := config.(map[string]any)
	fields, _ := document["config"].(map[string]any)
	env, ok := fields["Env"].([]any)
	if !ok {
		return
	}
	env = slices.DeleteFunc(env, func(v any) bool {
		name, _, _ := strings.Cut(fmt.Sprint(v), "=")
		return slices.Contains(names, name)
	})
	if fields["Env"] = env; len(env) == 0 {
		delete(fields, "Env")
	}
}

// differentField returns the path of the first field that differs, by name.
func differentField(at string, a, b any) (string, bool) {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return at, true
		}
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			below := key
			if at != "" {
				below = at + "." + key
			}
			if path, differs := differentField(below, x[key], y[key]); differs {
				return path, true
			}
		}
		return "", false
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return at, true
		}
		for i := range x {
			if path, differs := differentField(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); differs {
				return path, true
			}
		}
		return "", false
	}
	return at, a != b
}
