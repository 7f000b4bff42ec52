package image

import (
	"archive/tar"
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestCompare(t *testing.T) {
	base := layerOf(dir("etc/"), file("etc/passwd", "root:x:0:0"))
	with := func(change func(*tar.Header)) v1.Layer {
		headers := []tar.Header{file("app/a", "1"), file("app/b", strings.Repeat("x", 100_000)), symlink("app/c", "a")}
		for i := range headers {
			headers[i].ModTime = time.Unix(1_700_000_000, 0)
			if change != nil {
				change(&headers[i])
			}
		}
		return layerOf(headers...)
	}
	at := func(name string, change func(*tar.Header)) v1.Layer {
		return with(func(h *tar.Header) {
			if h.Name == name {
				change(h)
			}
		})
	}
	config := func(change func(*v1.ConfigFile)) v1.Image {
		img := imageOf("amd64", base, with(nil))
		c := must(img.ConfigFile()).DeepCopy()
		change(c)
		return must(mutate.ConfigFile(img, c))
	}
	plain := tarBytes(file("app/a", "1"))
	first := imageOf("amd64", base, with(nil))
	tests := map[string]struct {
		first, second v1.Image
		want          string // empty: the same
	}{
		"the same": {first, imageOf("amd64", base, with(nil)), ""},
		"content": {first, imageOf("amd64", base, at("app/b", func(h *tar.Header) { h.Linkname = strings.Repeat("x", 70_000) + "y" + strings.Repeat("x", 29_999) })),
			"layer 2, /app/b: content: 100.0 kB each, different from byte 70000 on"},
		"size": {first, imageOf("amd64", base, at("app/a", func(h *tar.Header) { h.Linkname = "12" })), "layer 2, /app/a: content: 1 B and 2 B"},
		"time": {first, imageOf("amd64", base, at("app/a", func(h *tar.Header) { h.ModTime = time.Unix(1_700_000_060, 0) })),
			"layer 2, /app/a: modification time: 2023-11-14T22:13:20Z and 2023-11-14T22:14:20Z"},
		"mode":      {first, imageOf("amd64", base, at("app/a", func(h *tar.Header) { h.Mode = 0o600 })), "layer 2, /app/a: mode: 0644 and 0600"},
		"owner":     {first, imageOf("amd64", base, at("app/b", func(h *tar.Header) { h.Uid = 5 })), "layer 2, /app/b: owner: 0:0 and 5:0"},
		"user name": {first, imageOf("amd64", base, at("app/b", func(h *tar.Header) { h.Uname = "me" })), "layer 2, /app/b: name of the owner: : and me:"},
		"link":      {first, imageOf("amd64", base, at("app/c", func(h *tar.Header) { h.Linkname = "b" })), "layer 2, /app/c: target of the link: a and b"},
		"type":      {first, imageOf("amd64", base, at("app/c", func(h *tar.Header) { h.Typeflag = tar.TypeLink })), "layer 2, /app/c: type: symbolic link and hard link"},
		"record": {first, imageOf("amd64", base, at("app/a", func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.user.x": "1"} })),
			`layer 2, /app/a: record SCHILY.xattr.user.x: "" and "1"`},
		"order":             {imageOf("amd64", layerOf(file("a", ""), file("b", ""))), imageOf("amd64", layerOf(file("b", ""), file("a", ""))), "layer 1, /a: order: the other image has /b in its place"},
		"one more":          {imageOf("amd64", layerOf(file("a", ""), file("c", ""))), imageOf("amd64", layerOf(file("a", ""), file("b", ""), file("c", ""))), "layer 1, /b: file: it is in the second image alone"},
		"one less":          {imageOf("amd64", layerOf(file("a", ""), file("b", ""), file("c", ""))), imageOf("amd64", layerOf(file("a", ""), file("c", ""))), "layer 1, /b: file: it is in the first image alone"},
		"one more, at last": {imageOf("amd64", layerOf(file("a", ""))), imageOf("amd64", layerOf(file("a", ""), file("b", ""))), "layer 1, /b: file: it is in the second image alone"},
		"padding":           {imageOf("amd64", layerFrom(plain)), imageOf("amd64", layerFrom(append(bytes.Clone(plain), make([]byte, 512)...))), "layer 1: form of the tar: "},
		"a layer more":      {imageOf("amd64", base), first, "layer 2: number of layers: 1 and 2"},
		"compression":       {imageOf("amd64", layerFrom(plain)), imageOf("amd64", static.NewLayer(plain, types.OCIUncompressedLayer)), "layer 1: compression: the same tar is"},
		"variable":          {first, config(func(c *v1.ConfigFile) { c.Config.Env = []string{"TOKEN=f3b1c9d7"} }), "the configuration, config.Env: field: its values differ"},
		"nonce":             {first, config(func(c *v1.ConfigFile) { c.Config.Env = []string{"NONCE=f3b1c9d7"} }), "the configuration, config.Env: field: its values differ"},
		"created":           {first, config(func(c *v1.ConfigFile) { c.Created = v1.Time{Time: time.Unix(1, 0)} }), "the configuration, created: field"},
		"annotation":        {first, mutate.Annotations(first, map[string]string{"a": "b"}).(v1.Image), "the configuration: manifest: same layers and configuration"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := Compare(context.Background(), open(t, test.first), open(t, test.second), v1.Platform{}, CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// Without times, what differs but in them is the same, and nothing else is.
			ignoring, err := Compare(context.Background(), open(t, test.first), open(t, test.second), v1.Platform{}, CompareOptions{IgnoreTimes: true, IgnoreVariables: []string{"NONCE"}})
			if err != nil {
				t.Fatal(err)
			}
			onlyTimes := slices.Contains([]string{"time", "created", "nonce", "padding", "compression", "annotation"}, name)
			if (ignoring == nil) != (test.want == "" || onlyTimes) || ignoring != nil && ignoring.String() != d.String() {
				t.Errorf("without times %v, with them %v", ignoring, d)
			}
			if test.want == "" {
				if d != nil {
					t.Errorf("%s, want no difference", d)
				}
				return
			}
			if d == nil || !strings.HasPrefix(d.String(), test.want) || d.Fix == "" {
				t.Errorf("%+v, want %q", d, test.want)
			}
		})
	}
}

func TestCompareErrors(t *testing.T) {
	good, garbage := imageOf("amd64", layerOf(file("a", "1"))), imageOf("amd64", layerFrom(bytes.Repeat([]byte("garbage"), 500)))
	for want, test := range map[string]struct {
		first, second v1.Image
		limits        Limits
	}{
		"comparing layer 1: second image: after 0 entries": {good, garbage, Limits{}},
		"comparing layer 1: first image: after 0 entries":  {garbage, good, Limits{}},
		"comparing the images took more than 1ns":          {good, imageOf("amd64", layerOf(file("b", "1"))), Limits{Time: 1}},
		"a limit of -1 for ratio":                          {good, good, Limits{Ratio: -1}},
	} {
		if _, err := Compare(context.Background(), open(t, test.first), open(t, test.second), v1.Platform{}, CompareOptions{Limits: test.limits}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
