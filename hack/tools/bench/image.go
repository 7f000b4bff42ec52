package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// imageTool is one that reads images.
type imageTool struct {
	name string
	// args are its arguments for an archive and its layers, each a file of its own.
	args func(archive string, layers []string, config string) []string
	// fails reports whether it has not read the whole image.
	fails func(exit int) bool
}

// imageTools are those that are measured, ours first, and gunzip, which does no
// more than uncompress the same layers one after the other.
var imageTools = []imageTool{
	{"imagegate", func(archive string, _ []string, _ string) []string {
		return []string{"imagegate", "image", "--format=json", archive}
	}, func(exit int) bool { return exit != 0 && exit != 1 }},
	{"gunzip", func(_ string, layers []string, _ string) []string {
		return slices.Concat([]string{"sh", "-c", `for l; do gunzip -c "$l" > /dev/null || exit; done`, "sh"}, layers)
	}, func(exit int) bool { return exit != 0 }},
	{"dive", func(archive string, _ []string, _ string) []string {
		return []string{"dive", "--ci", "--source=docker-archive", archive}
	}, func(exit int) bool { return exit != 0 && exit != 1 }},
	{"container-structure-test", func(archive string, _ []string, config string) []string {
		return []string{"container-structure-test", "test", "--driver=tar", "--image=" + archive, "--config=" + config}
	}, func(exit int) bool { return exit != 0 }},
}

// structureTest asks for one file that every such image has, which makes
// container-structure-test unpack it.
const structureTest = `schemaVersion: "2.0.0"
fileExistenceTests:
  - {name: some file, path: /, shouldExist: true}
`

// benchImages measures the tools on archives, and on an image of two layers that
// is made up if none are given.
func benchImages(runs, megabytes int, archives []string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return fmt.Errorf("make a directory for the images: %w", err)
	}
	defer os.RemoveAll(dir)
	if len(archives) == 0 {
		name := filepath.Join(dir, "image.tar")
		if err := writeImage(name, int64(megabytes)*1_000_000); err != nil {
			return err
		}
		archives = []string{name}
	}
	config := filepath.Join(dir, "structure.yaml")
	if err := os.WriteFile(config, []byte(structureTest), 0o600); err != nil {
		return fmt.Errorf("write a test of structure: %w", err)
	}
	for _, archive := range archives {
		layers, err := extractLayers(archive, dir)
		if err != nil {
			return err
		}
		if err := benchImage(runs, archive, layers, config); err != nil {
			return err
		}
	}
	return nil
}

func benchImage(runs int, archive string, layers []string, config string) error {
	usages := make([][]usage, len(imageTools))
	for range runs {
		for i, t := range imageTools {
			u, exit, out, errs, err := measure(t.args(archive, layers, config))
			if err != nil {
				return err
			}
			if t.fails(exit) {
				return fmt.Errorf("%s does not read %s, and ends with status %d: %s", t.name, archive, exit, strings.TrimSpace(out+errs))
			}
			usages[i] = append(usages[i], u)
		}
	}
	fmt.Printf("\n%s, %d layers, %d runs each, medians; ratios to gunzip\n\n", filepath.Base(archive), len(layers), runs)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tool\tCPU\twall\tpeak memory\tCPU, ratio\twall, ratio\t")
	base := median(usages[slices.IndexFunc(imageTools, func(t imageTool) bool { return t.name == "gunzip" })])
	for i, t := range imageTools {
		u := median(usages[i])
		fmt.Fprintf(w, "%s\t%s\t%s\t%d MB\t%.2f\t%.2f\t\n", t.name, u.cpu.Round(time.Millisecond), u.wall.Round(time.Millisecond),
			u.memory>>20, float64(u.cpu)/float64(base.cpu), float64(u.wall)/float64(base.wall))
	}
	return w.Flush()
}

// manifest is what an archive says of its layers, as Docker writes it beside what
// an OCI layout has.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// extractLayers writes the layers of an archive into files of their own.
func extractLayers(archive, dir string) ([]string, error) {
	var manifests []manifest
	err := eachFile(archive, func(name string, content io.Reader) error {
		if name != "manifest.json" {
			return nil
		}
		return json.NewDecoder(content).Decode(&manifests)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", archive, err)
	}
	if len(manifests) == 0 {
		return nil, fmt.Errorf("%s has no manifest.json, which the other tools read: write it with docker save", archive)
	}
	var layers []string
	for i, layer := range manifests[0].Layers {
		to := filepath.Join(dir, fmt.Sprintf("layer-%d.gz", i))
		found := false
		err := eachFile(archive, func(name string, content io.Reader) error {
			if name != layer {
				return nil
			}
			found = true
			file, err := os.Create(to)
			if err != nil {
				return err
			}
			_, err = io.Copy(file, content)
			return errors.Join(err, file.Close())
		})
		if err != nil {
			return nil, fmt.Errorf("extract %s: %w", layer, err)
		}
		if !found {
			return nil, fmt.Errorf("%s has no %s", archive, layer)
		}
		layers = append(layers, to)
	}
	return layers, nil
}

func eachFile(archive string, visit func(name string, content io.Reader) error) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	r := tar.NewReader(file)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(header.Name, r); err != nil {
			return err
		}
	}
}

// writeImage writes the archive of an image of so many bytes in two layers: an
// OCI layout, with Docker's manifest. It is the same every time.
func writeImage(name string, size int64) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write an image: %w", err)
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	w := tar.NewWriter(out)
	put := func(name string, content []byte) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err := w.Write(content)
		return err
	}
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
	}
	blob := func(media string, content []byte) (descriptor, string, error) {
		digest := sha256.Sum256(content)
		path := "blobs/sha256/" + hex.EncodeToString(digest[:])
		return descriptor{media, "sha256:" + hex.EncodeToString(digest[:]), int64(len(content))}, path, put(path, content)
	}
	var layers []descriptor
	var paths, diffIDs []string
	for i := range 2 {
		digest, diffID, length, err := writeLayer(name+".layer", uint64(i), size/2)
		if err != nil {
			return fmt.Errorf("make a layer: %w", err)
		}
		path := "blobs/sha256/" + digest
		if err := putFile(w, path, name+".layer", length); err != nil {
			return fmt.Errorf("write a layer: %w", err)
		}
		layers = append(layers, descriptor{"application/vnd.oci.image.layer.v1.tar+gzip", "sha256:" + digest, length})
		paths, diffIDs = append(paths, path), append(diffIDs, diffID)
	}
	encode := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps and strings always can be
		}
		return b
	}
	config, configPath, err := blob("application/vnd.oci.image.config.v1+json", encode(map[string]any{
		"os": "linux", "architecture": "amd64", "config": map[string]any{"Cmd": []string{"/layer-0/0.bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	}))
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	top, _, err := blob("application/vnd.oci.image.manifest.v1+json", encode(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers,
	}))
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return errors.Join(
		put("oci-layout", []byte(`{"imageLayoutVersion": "1.0.0"}`)),
		put("index.json", encode(map[string]any{"schemaVersion": 2, "manifests": []descriptor{top}})),
		put("manifest.json", encode([]manifest{{Config: configPath, RepoTags: []string{"bench:latest"}, Layers: paths}})),
		w.Close(), out.Flush(),
	)
}

// putFile copies a file into a tar, and removes it.
func putFile(w *tar.Writer, name, from string, size int64) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer os.Remove(from)
	defer file.Close()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	return err
}

// writeLayer writes a layer of so many bytes, and returns its digest, without the
// algorithm, its diff id and its size compressed. A fifth of it are source text in
// small files, the rest larger files that compress to about two thirds, as programs
// and libraries do. It goes to a file and not to memory, which would count as that
// of the tools that are started.
func writeLayer(to string, seed uint64, size int64) (digest, diffID string, length int64, err error) {
	file, err := os.Create(to)
	if err != nil {
		return "", "", 0, err
	}
	defer file.Close()
	random := rand.New(rand.NewPCG(seed, 1))
	compressed, hasher := sha256.New(), sha256.New()
	z := gzip.NewWriter(io.MultiWriter(file, compressed))
	w := tar.NewWriter(io.MultiWriter(z, hasher))
	write := func(name string, content []byte) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err := w.Write(content)
		return err
	}
	words := strings.Fields("const return function import export from value index name type string number await async module require if else for while class this new null true false error result options data")
	for n, left := 0, size; left > 0; n++ {
		var content []byte
		name := fmt.Sprintf("layer-%d/%d.bin", seed, n)
		if n%21 != 0 {
			for len(content) < 10_000 {
				content = fmt.Appendf(content, "%s %s%d = %s.%s();\n", words[random.IntN(len(words))], words[random.IntN(len(words))], random.IntN(1000), words[random.IntN(len(words))], words[random.IntN(len(words))])
			}
			name = fmt.Sprintf("layer-%d/src/%d/%d.js", seed, n/100, n)
		} else {
			content = machineCode(random, 800_000)
		}
		if err := write(name, content); err != nil {
			return "", "", 0, err
		}
		left -= int64(len(content))
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		return "", "", 0, err
	}
	if length, err = file.Seek(0, io.SeekCurrent); err != nil {
		return "", "", 0, err
	}
	return hex.EncodeToString(compressed.Sum(nil)), "sha256:" + hex.EncodeToString(hasher.Sum(nil)), length, nil
}

// machineCode returns bytes that repeat each other about as much as those of
// programs: an ELF header's first ones, then short runs, new and old.
func machineCode(random *rand.Rand, size int) []byte {
	content := append(make([]byte, 0, size+64), "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00"...)
	for len(content) < size {
		if n := random.IntN(24) + 4; random.IntN(3) > 0 && len(content) > 4096 {
			from := len(content) - 1 - random.IntN(min(len(content)-64, 30_000)) - n
			content = append(content, content[max(from, 0):max(from, 0)+n]...)
		} else {
			for range n / 2 {
				content = append(content, byte(random.IntN(256)))
			}
		}
	}
	return content
}
