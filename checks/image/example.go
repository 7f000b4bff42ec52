package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// example is the format of the examples of this package's checks.
type example struct {
	// Image is the configuration of the image, as the OCI image specification
	// has it, with Docker's Healthcheck.
	Image json.RawMessage `json:"image"`
	// Files are the regular files in the image, by absolute path.
	Files map[string]string `json:"files"`
	// Layers are the sizes of its layers in bytes, the lowest first.
	Layers []struct {
		Compressed   int64 `json:"compressed"`
		Uncompressed int64 `json:"uncompressed"`
	} `json:"layers"`
	// Budget is the size in bytes that the image may have.
	Budget int64 `json:"budget"`
}

// Example returns the image that an example stands for: a JSON document with
// the keys image (its configuration), files (content by absolute path), layers
// (each with its size compressed and uncompressed, in bytes) and budget (in
// bytes), all of them optional.
func Example(text string) (*Image, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var doc example
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decoding example of an image: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decoding example of an image: more than one document")
	}
	if doc.Image == nil {
		doc.Image = json.RawMessage(`{"os": "linux"}`)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(doc.Image))
	if err != nil {
		return nil, fmt.Errorf("decoding configuration in example: %w", err)
	}
	health, err := decodeHealthcheck(doc.Image)
	if err != nil {
		return nil, fmt.Errorf("decoding healthcheck in example: %w", err)
	}

	img := &Image{
		Config:      config,
		Healthcheck: health,
		Tree:        newTree(maxEntries),
		Files:       map[string][]byte{},
		Budget:      doc.Budget,
	}
	if p := config.Platform(); p != nil {
		img.Platform = *p
	}
	for _, layer := range doc.Layers {
		img.Layers = append(img.Layers, Layer{Compressed: layer.Compressed, Uncompressed: layer.Uncompressed})
	}
	var entries []Entry
	for i, name := range slices.Sorted(maps.Keys(doc.Files)) {
		content := doc.Files[name]
		clean, err := entryName(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Path: clean, Type: tar.TypeReg, Mode: 0o644, Size: int64(len(content)), Index: i})
		if slices.Contains(contents, clean) {
			img.Files["/"+clean] = []byte(content)
		}
	}
	if err := img.Tree.apply(entries); err != nil {
		return nil, fmt.Errorf("files of example: %w", err)
	}
	return img, nil
}
