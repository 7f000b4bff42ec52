package main

import (
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// codegenModules are what the Go proxy is asked for by Dagger's code generator
// without an exact version; not every proxy serves lists of their versions.
var codegenModules = []struct{ path, version string }{
	{"github.com/dagger/querybuilder", "v0.0.0-20260402040506-574a5e81cb59"},
	{"github.com/dagger/otel-go", "v1.43.1-0.20260515012101-af7cd0684887"},
}

// daggerCommit is the commit of Dagger's release, which the code generator asks
// for by its hash.
const daggerCommit = "1309520660f6a5b35ef97b4fbe151e32a06a8dc5"

// sdkDigest is the file that names the manifest of the SDK's image.
const sdkDigest = "digest"

// writeSDK makes the image that Go modules are compiled and run in, which an
// official engine has inside: Debian, git, Go, and Dagger's code generator. The
// engine reads it as OCI blobs from a directory.
func writeSDK(dir, goproxy, codegen string, layerDirs ...string) error {
	var layers []v1.Layer
	for _, d := range layerDirs {
		l, err := openLayer(d)
		if err != nil {
			return err
		}
		layers = append(layers, l)
	}
	root, top := filepath.Join(dir, "root"), filepath.Join(dir, "top")
	if err := writeCodegen(root, codegen); err != nil {
		return err
	}
	if err := os.Mkdir(top, 0o755); err != nil {
		return err
	}
	if err := writeLayer(top, root, "", nothing); err != nil {
		return err
	}
	l, err := openLayer(top)
	if err != nil {
		return err
	}
	img, err := assemble(v1.Config{
		Env: []string{
			"PATH=/go/bin:/usr/local/go/bin:" + path, "GOPATH=/go", "GOTOOLCHAIN=auto", "GOPROXY=file:///goproxy," + goproxy,
		},
		WorkingDir: "/go",
	}, append(layers, l)...)
	if err != nil {
		return err
	}
	digest, err := writeBlobs(filepath.Join(dir, "content"), img)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, sdkDigest), []byte(digest.String()), 0o644); err != nil {
		return err
	}
	return os.RemoveAll(root)
}

// writeCodegen writes the code generator, and a proxy's answers to what it asks.
func writeCodegen(root, codegen string) error {
	if err := linkFile(codegen, filepath.Join(root, "usr/local/bin/codegen")); err != nil {
		return err
	}
	for _, d := range []string{"go/pkg/mod", "root/.cache/go-build"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return err
		}
	}
	version := func(v string) string { return fmt.Sprintf("{\"Version\":%q}\n", v) }
	files := map[string]string{"dagger.io/dagger/@v/" + daggerCommit + ".info": version("v" + daggerVersion)}
	for _, m := range codegenModules {
		files[m.path+"/@v/list"] = ""
		files[m.path+"/@latest"] = version(m.version)
		files[m.path+"/@v/"+m.version+".info"] = version(m.version)
	}
	for name, text := range files {
		file := filepath.Join(root, "goproxy", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeBlobs writes an image of layers that steps made as the blobs of an OCI
// layout, the layers as links, and returns the digest of its manifest.
func writeBlobs(dir string, img v1.Image) (v1.Hash, error) {
	blobs := filepath.Join(dir, "blobs/sha256")
	layers, err := img.Layers()
	if err != nil {
		return v1.Hash{}, err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return v1.Hash{}, err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return v1.Hash{}, err
	}
	digest, err := img.Digest()
	if err != nil {
		return v1.Hash{}, err
	}
	name, err := img.ConfigName()
	if err != nil {
		return v1.Hash{}, err
	}
	for _, l := range layers {
		made, ok := l.(*layer)
		if !ok {
			return v1.Hash{}, fmt.Errorf("a layer of type %T was not made by a step", l)
		}
		if err := linkFile(made.file, filepath.Join(blobs, made.CompressedDigest.Hex)); err != nil {
			return v1.Hash{}, err
		}
	}
	if err := os.WriteFile(filepath.Join(blobs, name.Hex), config, 0o644); err != nil {
		return v1.Hash{}, err
	}
	return digest, os.WriteFile(filepath.Join(blobs, digest.Hex), manifest, 0o644)
}

// linkFile makes a second name of a file, and the directory that it is in.
func linkFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.Link(from, to)
}
