package image

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	githubToken = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
	keyContent  = "MIIEpAIBAAKCAQEA1c7Zx9Kq0mJv3Yt8Rb2nWfLh5Gd6Pe4Su"
	pemKey      = "-----BEGIN RSA PRIVATE KEY-----\n" + keyContent + "\n"
)

func TestSecrets(t *testing.T) {
	tests := map[string]struct {
		name, content string
		want          string // kinds
	}{
		"private key":           {"etc/tls/server.key", pemKey, "a private key"},
		"PKCS #8":               {"app/key.pem", "-----BEGIN PRIVATE KEY-----\r\n" + keyContent, "a private key"},
		"OpenSSH":               {"root/.ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n" + keyContent, "a private key"},
		"in JSON":               {"app/account.json", `{"private_key": "-----BEGIN PRIVATE KEY-----\n` + keyContent + `\n"}`, "a private key"},
		"encrypted":             {"app/key.pem", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + keyContent, encryptedKey},
		"encrypted PKCS #8":     {"app/key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + keyContent, encryptedKey},
		"mention of a key":      {"app/pem.js", `if (text.startsWith("-----BEGIN PRIVATE KEY-----")) return`, ""},
		"certificate":           {"app/ca.pem", "-----BEGIN CERTIFICATE-----\n" + keyContent, ""},
		"public key":            {"app/pub.pem", "-----BEGIN PUBLIC KEY-----\n" + keyContent, ""},
		"token":                 {"app/config.yaml", "token: " + githubToken, "a GitHub token"},
		"token at the end":      {"app/a", "x " + githubToken, "a GitHub token"},
		"token alone":           {"app/a", githubToken, "a GitHub token"},
		"token in a word":       {"app/a", "x" + githubToken, ""},
		"AWS":                   {"app/a", "key=AKIAQ3EGRT5YVZ4N7BWK", "an AWS access key"},
		"AWS, of a manual":      {"app/a", "key=AKIAIOSFODNN7EXAMPLE", ""},
		"Stripe":                {"app/a", "'sk_live_0123456789abcdefABCDEF01'", "a Stripe key"},
		"npm":                   {"app/a", "x npm_0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll", "an npm token"},
		"two kinds, each once":  {"app/a", githubToken + "\n" + githubToken + "\n" + pemKey, "a GitHub token, a private key"},
		"binary":                {"app/a", "\x7fELF\x00" + pemKey, ""},
		"installed by npm":      {"app/node_modules/tls/test/key.pem", pemKey, ""},
		"installed by pip":      {"usr/local/lib/python3.12/site-packages/x/key.pem", pemKey, ""},
		"snakeoil":              {"etc/ssl/private/ssl-cert-snakeoil.key", pemKey, ""},
		"served by nginx":       {"usr/share/nginx/html/main.js", "'" + githubToken + "'", "a GitHub token"},
		"env file":              {"app/.env", "PORT=80\nexport API_TOKEN='f3b1c9d7e5a2'\n", "the variable API_TOKEN, which holds a secret, going by its name"},
		"env file, production":  {"app/.env.production", "DB_PASSWORD=s8Kq0mJv3Yt\n", "the variable DB_PASSWORD, which holds a secret, going by its name"},
		"env file, harmless":    {"app/.env", "PORT=80\n# API_TOKEN=f3b1c9d7e5a2\nAPI_TOKEN=\n", ""},
		"env file, example":     {"app/.env.example", "API_TOKEN=f3b1c9d7e5a2", ""},
		"npmrc":                 {"root/.npmrc", "//npm.example.com/:_authToken=f3b1c9d7e5a2\n", "the token of an npm registry"},
		"npmrc, variable":       {"root/.npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n", ""},
		"registry":              {"root/.docker/config.json", `{"auths": {"example.com": {"auth": "dXNlcjpwYXNz"}}}`, "the password of a registry"},
		"netrc":                 {"root/.netrc", "machine example.com login me password f3b1c9d7", "a password of netrc"},
		"Git":                   {"root/.git-credentials", "https://me:f3b1c9d7@example.com\n", "the password of a Git server"},
		"AWS file":              {"root/.aws/credentials", "[default]\naws_secret_access_key = f3b1c9d7e5a2f3b1c9d7e5a2\n", "credentials of AWS"},
		"behind much":           {"app/a", strings.Repeat("-----BEGIN gh npm_ sk- \n", 20_000) + githubToken, "a GitHub token"},
		"behind what is looked": {"app/a", strings.Repeat("x\n", maxText) + githubToken, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := newInspector(0, new(atomic.Int64))
			if _, err := in.inspect(test.name, 0, 0o644, strings.NewReader(test.content)); err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, s := range in.secrets {
				kinds = append(kinds, s.Kind)
			}
			if got := strings.Join(kinds, ", "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// A secret must be found wherever the buffer ends.
func TestSecretsAcrossReads(t *testing.T) {
	for _, end := range []int{headSize, 2 * headSize, headSize + window + behind} {
		for at := end - window - behind - 8; at < end+8; at += 3 {
			content := append(bytes.Repeat([]byte{'.'}, at), ' ')
			content = append(append(content, githubToken...), strings.Repeat(" .", headSize)...)
			in := newInspector(0, new(atomic.Int64))
			if _, err := in.inspect("app/a", 0, 0o644, bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			if len(in.secrets) != 1 {
				t.Errorf("%d secrets found of one at byte %d", len(in.secrets), at)
			}
		}
	}
}

// Each hint must be found by its three bytes, whatever comes before it.
func TestHints(t *testing.T) {
	for _, h := range hints {
		for before := range 5 {
			text := []byte(strings.Repeat("-", before) + h.text + "more")
			found := 0
			knownHints.each(text, 0, len(text), func(at int, got hint) {
				if at == before && got.text == h.text {
					found++
				}
			})
			if found != 1 {
				t.Errorf("%q behind %d bytes was found %d times", h.text, before, found)
			}
		}
	}
}

func TestSecretsOfLayers(t *testing.T) {
	img, err := read(t, imageOf("amd64",
		layerOf(file("app/.npmrc", "//r/:_authToken=f3b1c9d7e5a2"), file("app/key.pem", pemKey), file("app/kept", githubToken)),
		layerOf(file("app/.wh..npmrc", ""), file("app/key.pem", "gone")),
		layerOf(file("b/.wh.x", ""), file(".wh.app", "")),
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range img.Secrets {
		got = append(got, fmt.Sprintf("%s %d-%d", s.Path, s.Layer, s.RemovedIn))
	}
	if want := []string{"/app/.npmrc 0-1", "/app/key.pem 0-1", "/app/kept 0-2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	status, message := judge(secret, img)
	if status != "fail" || !strings.Contains(message, "/app/.npmrc: holds the token of an npm registry, in layer 1; layer 2 deletes it or writes it again, but whoever pulls the image has it") {
		t.Errorf("%s %s", status, message)
	}
	if strings.Contains(message, "f3b1c9d7e5a2") || strings.Contains(message, githubToken) {
		t.Errorf("a secret is in the report: %s", message)
	}
}

func TestProgram(t *testing.T) {
	elf64 := must(elfFile("arm64", "/lib/ld-musl-aarch64.so.1"))
	tests := map[string]struct {
		content string
		want    Program
	}{
		"static":             {must(elfFile("amd64", "")), Program{Format: FormatELF, Architecture: "amd64"}},
		"dynamic":            {elf64, Program{Format: FormatELF, Architecture: "arm64", Interpreter: "/lib/ld-musl-aarch64.so.1"}},
		"cut short":          {elf64[:30], Program{Format: FormatOther}},
		"interpreter beyond": {elf64[:len(elf64)-5], Program{Format: FormatELF, Architecture: "arm64"}},
		"unknown machine":    {elf64[:18] + "\x07\x00" + elf64[20:], Program{Format: FormatELF, Architecture: "ELF machine 7", Interpreter: "/lib/ld-musl-aarch64.so.1"}},
		"script":             {"#!/bin/sh\nexit\n", Program{Format: FormatScript, Interpreter: "/bin/sh"}},
		"argument":           {"#! /usr/bin/env node --x\n", Program{Format: FormatScript, Interpreter: "/usr/bin/env", Argument: "node --x"}},
		"tab":                {"#!/usr/bin/env\tnode\n", Program{Format: FormatScript, Interpreter: "/usr/bin/env", Argument: "node"}},
		"Windows":            {"#!/bin/sh\r\nexit\r\n", Program{Format: FormatScript, Interpreter: "/bin/sh\r"}},
		"no newline":         {"#!/bin/sh", Program{Format: FormatScript, Interpreter: "/bin/sh"}},
		"no interpreter":     {"#!\n", Program{Format: FormatScript}},
		"other":              {"echo hello\n", Program{Format: FormatOther}},
		"empty":              {"", Program{Format: FormatOther}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := programOf([]byte(test.content)); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func TestNodeManifests(t *testing.T) {
	img, err := read(t, imageOf("amd64",
		layerOf(
			file("app/package.json", `{"name": "x", "dependencies": {"a": "1", "b": "1"}, "devDependencies": {"b": "1", "c": "1"}, "other": [[{"x": [1]}]]}`),
			file("app/package-lock.json", `{"lockfileVersion": 3, "packages": {"": {"dev": false}, "node_modules/c": {"dev": true, "x": {}}, "node_modules/a": {}}, "dependencies": {"c": {"dev": true}}}`),
			file("gone/package.json", `{"devDependencies": {"c": "1"}}`),
			file("broken/package.json", `{"devDependencies": {"c": `),
			file("deep/package.json", `{"x": `+strings.Repeat("[", 10_000)),
			file("list/package.json", `[]`),
			file("usr/local/lib/node_modules/npm/package.json", `{"devDependencies": {"c": "1"}}`),
			file("app/node_modules/a/package.json", `{"devDependencies": {"c": "1"}}`),
			file("srv/node_modules/.package-lock.json", `{"packages": {"node_modules/d/node_modules/e": {"dev": true}}}`),
		),
		layerOf(file("gone/package.json", `{}`)),
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range img.NodeManifests {
		got = append(got, fmt.Sprintf("%s %s %t %v", m.Path, m.Directory, m.Lock, m.Dev))
	}
	want := []string{
		"/app/package-lock.json /app true [node_modules/c]",
		"/app/package.json /app false [node_modules/c]",
		"/srv/node_modules/.package-lock.json /srv true [node_modules/d/node_modules/e]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestChanges(t *testing.T) {
	data := strings.Repeat("x", 1000)
	img, err := read(t, imageOf("amd64",
		layerOf(file("a", data), file("b", data), file("c/d", data), file("c/e", data[:500]), hardlink("c/f", "a")),
		layerOf(file("a", data), file(".wh.b", ""), file("c/.wh..wh..opq", ""), file("n", data[:10])),
		layerOf(file("n", data[:20]), file("b", "")),
	))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"{5 3500} {0 0} {0 0} 5 5 /", "{1 10} {1 1000} {4 2500} 4 4 /", "{1 0} {1 20} {0 0} 2 2 /"} {
		l := img.Layers[i]
		if got := fmt.Sprint(l.Added, l.Changed, l.Removed, l.Entries, l.Others, " ", l.Below); got != want {
			t.Errorf("layer %d: %s, want %s", i+1, got, want)
		}
	}
	var got []string
	for _, w := range img.Waste {
		got = append(got, fmt.Sprint(w.Layer, w.By, w.Removed, w.Files, w.Bytes, w.Samples))
	}
	want := []string{
		"0 1 true 3 2500 [{/b 1000} {/c/d 1000} {/c/e 500}]",
		"0 1 false 1 1000 [{/a 1000}]",
		"1 2 false 1 10 [{/n 10}]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("waste\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The tree must not depend on how its parts come about: directories that go and
// come again, files that turn into directories.
func TestTreeAgain(t *testing.T) {
	_, err := read(t, imageOf("amd64",
		layerOf(dir("d"), file("d/a", "1"), file("d/b", "1"), file("f", "")),
		layerOf(file(".wh.d", ""), file("f/x", "1")),
		layerOf(file("d/b", "2"), symlink("f", "d")),
	))
	if err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Fatalf("a file below a file: %v", err)
	}
	img, err := read(t, imageOf("amd64",
		layerOf(dir("d"), file("d/a", "1"), file("d/b", "1"), file("f", "")),
		layerOf(file(".wh.d", ""), dir("f"), file("f/x", "1")),
		layerOf(file("d/b", "2"), symlink("f", "d"), file("f/c", "3")),
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range img.Tree.All() {
		got = append(got, fmt.Sprintf("%s:%d:%c", e.Path, e.Layer, e.Type))
	}
	if want := "d/b:2:0 d/c:2:0 f:2:2"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	below := 0
	for range img.Tree.Below("/f", func(Entry) bool { return true }) {
		below++
	}
	if below != 2 {
		t.Errorf("%d entries below a link to a directory, want 2", below)
	}
}

func TestEntryAttributes(t *testing.T) {
	headers := []tar.Header{
		{Name: "a", Typeflag: tar.TypeReg, Mode: 0o6755, Uid: 1000, Gid: 2000, PAXRecords: map[string]string{capabilityRecord: "\x01"}},
		{Name: "dev/sda", Typeflag: tar.TypeBlock, Mode: 0o660},
		{Name: "t", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../x", Mode: 0o777},
	}
	img, err := Read(context.Background(), open(t, imageOf("amd64", layerOf(headers...))), v1.Platform{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range img.Tree.All() {
		got = append(got, fmt.Sprint(e.Path, " ", e.Mode, " ", e.UID, ":", e.GID, " ", string(e.Type), " ", e.Link, " ", e.Capabilities))
	}
	want := []string{"a ugrwxr-xr-x 1000:2000 0  true", "dev/sda -rw-rw---- 0:0 4  false", "l -rwxrwxrwx 0:0 2 ../x false", "t trwxrwxrwx 0:0 5  false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzInspect looks at any file by any name: whatever it holds, no more is read of
// it than there is, and nothing is found twice.
func FuzzInspect(f *testing.F) {
	f.Add("app/.env", uint16(0o644), []byte("API_TOKEN=f3b1c9d7e5a2"))
	f.Add("app/package-lock.json", uint16(0o644), []byte(`{"packages": {"node_modules/c": {"dev": true, "x": [{}]}}}`))
	f.Add("app/package.json", uint16(0o644), []byte(`{"devDependencies": {"c": "1"}}`))
	f.Add("app/pyproject.toml", uint16(0o644), []byte("[dependency-groups]\ndev = ['a']\n"))
	f.Add("v/site-packages/a-1.dist-info/METADATA", uint16(0o644), []byte("Requires-Dist: b\n"))
	f.Add("app/key.pem", uint16(0o600), []byte(pemKey))
	f.Add("app/run", uint16(0o755), []byte(must(elfFile("arm64", "/lib/ld-musl-aarch64.so.1"))))
	f.Add("app/run.sh", uint16(0o755), []byte("#!/usr/bin/env node --x\n"+githubToken))
	f.Fuzz(func(t *testing.T, name string, mode uint16, content []byte) {
		in := newInspector(0, new(atomic.Int64))
		program, err := in.inspect(name, 0, mode, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if len(program.Interpreter) > headSize || mode&0o111 == 0 && program != (Program{}) {
			t.Errorf("program %+v", program)
		}
		seen := map[string]bool{}
		for _, s := range in.secrets {
			if seen[s.Kind] || s.Kind == "" {
				t.Errorf("%q was found twice, or is empty", s.Kind)
			}
			seen[s.Kind] = true
		}
	})
}
