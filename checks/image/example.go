package image

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// example is the format of the examples of this package's checks.
type example struct {
	// Image is the configuration of the image, as the OCI image specification
	// has it, with Docker's Healthcheck.
	Image json.RawMessage `json:"image"`
	// Files are those of the lowest layer, by absolute path.
	Files map[string]exampleFile `json:"files"`
	// Source are the files of Python's in the directory that the image was built from.
	Source map[string]string `json:"source"`
	// Layers are the layers, the lowest first; one if there are only files.
	Layers []exampleLayer `json:"layers"`
	// Budgets are what the image may come to.
	Budgets struct {
		Uncompressed int64 `json:"uncompressed"`
		Compressed   int64 `json:"compressed"`
		Layer        int64 `json:"layer"`
		Layers       int   `json:"layers"`
		Wasted       int64 `json:"wasted"`
		Growth       int   `json:"growth"`
		GrowthBytes  int64 `json:"growth-bytes"`
	} `json:"budgets"`
	// Declared are the variables of the Dockerfile.
	Declared *struct {
		Arguments []string `json:"arguments"`
		Variables []string `json:"variables"`
	} `json:"declared"`
	// Baseline is the image that growth is measured against.
	Baseline *example `json:"baseline"`
	// Read is when the layers were read.
	Read time.Time `json:"read"`
}

type exampleLayer struct {
	// Compressed and Uncompressed are the sizes of the layer in bytes.
	Compressed   int64 `json:"compressed"`
	Uncompressed int64 `json:"uncompressed"`
	// Instruction is what made the layer.
	Instruction string `json:"instruction"`
	// Files are its entries, by absolute path, whiteouts among them.
	Files map[string]exampleFile `json:"files"`
}

// exampleFile is a file, a directory or a link: a text, which is the content of a
// regular file that everybody may read, or an object.
type exampleFile struct {
	Content string `json:"content"`
	// Size is that of the content in bytes, where it does not matter.
	Size int64 `json:"size"`
	// Mode is in octal: "4755".
	Mode string `json:"mode"`
	// Owner is as in chown: "1000:1000".
	Owner string `json:"owner"`
	// Directory is whether it is one.
	Directory bool `json:"directory"`
	// Link is what a symbolic link points to.
	Link string `json:"link"`
	// ELF is the architecture of a compiled program, Interpreter its dynamic linker.
	ELF         string `json:"elf"`
	Interpreter string `json:"interpreter"`
	// Capabilities is whether it gives capabilities.
	Capabilities bool      `json:"capabilities"`
	Modified     time.Time `json:"modified"`
}

// UnmarshalJSON reads a text or an object.
func (f *exampleFile) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte{'"'}) {
		return json.Unmarshal(raw, &f.Content)
	}
	type plain exampleFile
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(f))
}

// Example returns the image that an example stands for: a JSON document with
// the keys image (its configuration), files (of one layer, by absolute path), source
// (files beside its Dockerfile that name Python packages, by relative path), layers
// (each with its files, its instruction and its sizes in bytes), budgets, declared
// (the arguments and variables of the Dockerfile, by name), baseline (such a document
// again) and read (a time), all of them optional. Its files go the way that those of
// an archive go.
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
	return doc.read()
}

func (doc *example) read() (*Image, error) {
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
	img := &Image{Config: config, Healthcheck: health, Read: doc.Read, Budgets: Budgets(doc.Budgets), Declared: (*Declared)(doc.Declared)}
	if p := config.Platform(); p != nil {
		img.Platform = *p
	}
	layers := doc.Layers
	if len(doc.Files) > 0 {
		if len(layers) == 0 {
			layers = make([]exampleLayer, 1)
		}
		layers[0].Files = doc.Files
	}
	for _, l := range layers {
		img.Layers = append(img.Layers, Layer{Compressed: l.Compressed, Uncompressed: l.Uncompressed, Instruction: l.Instruction})
	}
	r := newReader(nil, Limits{}.withDefaults(), img.Layers)
	errs := make([]error, len(layers))
	for i, l := range layers {
		s := newLayerScan(r, i)
		for index, name := range slices.Sorted(maps.Keys(l.Files)) {
			if err := l.Files[name].note(r, i, s, index, name); err != nil {
				return nil, err
			}
		}
		if r.merge(i, s, errs); errs[i] != nil {
			return nil, fmt.Errorf("files of example: %w", errs[i])
		}
	}
	img.Tree = r.tree
	img.Files = map[string][]byte{}
	for at, content := range r.kept {
		for _, name := range contents {
			if e, err := r.tree.Lookup(name); err == nil && (origin{e.Layer, e.Index}) == at {
				img.Files["/"+name] = content
			}
		}
	}
	r.fill(img)
	for _, name := range slices.Sorted(maps.Keys(doc.Source)) {
		if m, ok := decodePythonManifest(name, strings.NewReader(doc.Source[name])); ok {
			m.Path = name
			img.PythonManifests = append(img.PythonManifests, m)
		}
	}
	if doc.Baseline != nil {
		if img.Baseline, err = doc.Baseline.read(); err != nil {
			return nil, fmt.Errorf("baseline: %w", err)
		}
	}
	return img, nil
}

// note hands the file to a reader as an entry of a layer.
func (f exampleFile) note(r *reader, layer int, s *layerScan, index int, name string) error {
	clean, err := entryName(name)
	if err != nil {
		return err
	}
	content := f.Content
	if f.ELF != "" {
		if content, err = elfFile(f.ELF, f.Interpreter); err != nil {
			return fmt.Errorf("file %s of example: %w", name, err)
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Mode: 0o644, Size: max(f.Size, int64(len(content))), ModTime: f.Modified}
	if f.Modified.IsZero() {
		header.ModTime = time.Unix(0, 0)
	}
	switch {
	case f.Directory:
		header.Typeflag, header.Mode, header.Size = tar.TypeDir, 0o755, 0
	case f.Link != "":
		header.Typeflag, header.Mode, header.Linkname = tar.TypeSymlink, 0o777, f.Link
	}
	if f.Mode != "" {
		if header.Mode, err = strconv.ParseInt(f.Mode, 8, 64); err != nil {
			return fmt.Errorf("mode of file %s of example: %w", name, err)
		}
	}
	if f.Owner != "" {
		if _, err := fmt.Sscanf(f.Owner, "%d:%d", &header.Uid, &header.Gid); err != nil {
			return fmt.Errorf("owner of file %s of example: %w; give both numbers, as in 1000:1000", name, err)
		}
	}
	if f.Capabilities {
		header.PAXRecords = map[string]string{capabilityRecord: "given"}
	}
	return r.note(&r.layers[layer], s, index, clean, header, strings.NewReader(content))
}

// elfFile returns the header of a 64-bit ELF program, and what it says of its
// interpreter.
func elfFile(architecture, interpreter string) (string, error) {
	for machine, name := range elfMachines {
		if name != architecture {
			continue
		}
		order := binary.LittleEndian
		b := make([]byte, 64+56)
		copy(b, "\x7fELF\x02\x01\x01")
		order.PutUint16(b[18:], machine)
		order.PutUint64(b[32:], 64) // the program headers' place
		order.PutUint16(b[54:], 56) // the size of one
		if interpreter != "" {
			order.PutUint16(b[56:], 1)
			order.PutUint32(b[64:], 3) // PT_INTERP
			order.PutUint64(b[64+8:], uint64(len(b)))
			order.PutUint64(b[64+32:], uint64(len(interpreter)+1))
			b = append(append(b, interpreter...), 0)
		}
		return string(b), nil
	}
	return "", fmt.Errorf("there is no architecture %q", architecture)
}
