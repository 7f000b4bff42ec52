package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/source"
)

// Secret is something that opens something else, seen in a file of a layer.
type Secret struct {
	// Path is the file's, absolute.
	Path string
	// Kind says what it is: "a private key", "a GitHub token".
	Kind string
	// Layer is the index in Image.Layers of the layer that holds it.
	Layer int
	// RemovedIn is the index of the layer that takes the file away or writes it
	// again; 0 if none does: nobody who pulls the image has to look for it.
	RemovedIn int

	index int
}

const (
	// maxText is how many bytes of a text are searched for secrets: what people
	// put into files by hand is far smaller.
	maxText = 1 << 20
	// sniffed is by how many bytes a text is told from other content.
	sniffed = 1 << 10
	// headSize is how many bytes of a file are read at a time; an ELF file's
	// program headers and its interpreter lie within them.
	headSize = 32 << 10
	// noteBytes is about what a note of a secret or a package takes, beside its text.
	noteBytes = 64
	// maxSecrets is how many secrets of one layer are kept. Where there are more,
	// the first ones block as well as all.
	maxSecrets = 1000
)

// inspector looks at the content of files while they are read, one layer's after
// each other, and keeps nothing of it but what it finds.
type inspector struct {
	buffer    []byte
	layer     int
	held      *atomic.Int64 // bytes held, of all layers
	secrets   []Secret
	manifests []NodeManifest
	python    []PythonManifest
	installed []PythonPackage
}

func newInspector(layer int, held *atomic.Int64) inspector {
	return inspector{layer: layer, held: held, buffer: make([]byte, headSize+window+behind)}
}

// inspect looks at a regular file of a layer, and returns what the kernel makes
// of it if it has an executable bit.
func (in *inspector) inspect(name string, index int, mode uint16, body io.Reader) (Program, error) {
	_, _, isPackage := installedPython(name)
	switch {
	case isPackage:
		if len(in.installed) < maxPythonPackages {
			p := decodePythonMetadata(name, body)
			p.layer, p.index = in.layer, index
			in.installed = append(in.installed, p)
			in.held.Add(int64(2*len(name) + noteBytes + requirementsBytes(p.Requires)))
		}
		return Program{}, nil
	case isPythonManifest(name):
		// People write passwords of indexes into them, too.
		var read bytes.Buffer
		program, err := in.search(name, index, mode, io.TeeReader(body, &read))
		if err != nil {
			return program, err
		}
		if m, ok := decodePythonManifest(name, io.MultiReader(&read, body)); ok && len(in.python) < maxManifests {
			m.layer, m.index = in.layer, index
			in.python = append(in.python, m)
			in.held.Add(int64(m.bytes()))
		}
		return program, nil
	case isNodeManifest(name):
		if m, ok := decodeNodeManifest(name, body); ok && len(m.Dev) > 0 && len(in.manifests) < maxManifests {
			m.layer, m.index = in.layer, index
			in.manifests = append(in.manifests, m)
			for _, pkg := range m.Dev {
				in.held.Add(int64(len(pkg) + noteBytes))
			}
			in.held.Add(int64(2*len(name) + noteBytes))
		}
		return Program{}, nil
	}
	return in.search(name, index, mode, body)
}

// search looks for secrets in a file, and for what the kernel makes of it.
func (in *inspector) search(name string, index int, mode uint16, body io.Reader) (Program, error) {
	var program Program
	executable, installed := mode&0o111 != 0, published(name)
	if installed && !executable {
		return program, nil
	}

	want := headSize
	if installed {
		want = 4 << 10
	}
	n, err := io.ReadFull(body, in.buffer[:want])
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return program, err
	}
	head := in.buffer[:n]
	if executable {
		program = programOf(head)
	}
	if installed || path.Base(name) == snakeoil || len(in.secrets) >= maxSecrets || bytes.IndexByte(head[:min(n, sniffed)], 0) >= 0 {
		return program, nil
	}
	kinds := credentialsIn(name, head)
	search := func(from, to, n int) {
		knownHints.each(in.buffer[:n], from, to, func(at int, h hint) {
			if kind := tokenAt(in.buffer[:n], at, h); kind != "" && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		})
	}
	// What begins in the last window of the buffer may end in what is read next.
	from := 0
	for read := n; !whole && read < maxText; {
		search(from, n-window, n)
		kept := copy(in.buffer[:], in.buffer[n-window-behind:n])
		from = behind
		more, err := io.ReadFull(body, in.buffer[kept:])
		whole = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !whole {
			return program, err
		}
		n, read = kept+more, read+more
	}
	search(from, n, n)
	for _, kind := range kinds {
		in.held.Add(int64(len(name) + len(kind) + noteBytes))
		in.secrets = append(in.secrets, Secret{Path: "/" + name, Kind: kind, Layer: in.layer, index: index})
	}
	return program, nil
}

// snakeoil is the key that Debian's package ssl-cert makes, of a certificate that
// nobody trusts; official images of servers have it.
const snakeoil = "ssl-cert-snakeoil.key"

// installedBelow and installedIn are where package managers put what everybody can
// have: keys and tokens in there are those of tests and manuals.
var (
	installedBelow = []string{"usr/lib/", "usr/lib64/", "usr/libexec/", "lib/", "lib64/", "usr/include/", "usr/share/", "usr/local/go/", "usr/local/include/", "usr/local/share/", "usr/local/lib/", "opt/conda/", "nix/store/"}
	installedIn    = []string{"/node_modules/", "/site-packages/", "/dist-packages/", "/go/pkg/mod/", "/.cargo/registry/", "/.cargo/git/", "/gems/", "/vendor/", "/cargo/registry/", "/.nuget/packages/", "/.m2/repository/", "/.rustup/toolchains/"}
	// servedBelow are the places below those of packages where applications go.
	servedBelow = []string{"usr/share/nginx/", "usr/share/caddy/"}
)

// published reports whether a file lies where package managers install.
func published(name string) bool {
	if slices.ContainsFunc(servedBelow, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
		return false
	}
	if slices.ContainsFunc(installedBelow, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
		return true
	}
	return slices.ContainsFunc(installedIn, func(dir string) bool {
		return strings.Contains(name, dir) || strings.HasPrefix(name, dir[1:])
	})
}

// A credentialFile is a file that tools keep credentials in, by its name.
type credentialFile struct {
	suffix string // of the path
	kind   string
	holds  *regexp.Regexp // what is in one that holds any
}

var credentialFiles = []credentialFile{
	{".docker/config.json", "the password of a registry", regexp.MustCompile(`"(auth|identitytoken)"\s*:\s*"[^"]{8,}"`)},
	{".dockercfg", "the password of a registry", regexp.MustCompile(`"auth"\s*:\s*"[^"]{8,}"`)},
	{".git-credentials", "the password of a Git server", regexp.MustCompile(`(?m)^https?://[^:/@\s]+:[^@\s]+@`)},
	{".netrc", "a password of netrc", regexp.MustCompile(`\bpassword\s+\S+`)},
	{".npmrc", "the token of an npm registry", regexp.MustCompile(`(?m)^\s*(//[^\n=]*:)?(_authToken|_auth|_password)\s*=\s*["']?[^\s"'$]`)},
	{".yarnrc.yml", "the token of an npm registry", regexp.MustCompile(`(?m)^\s*npmAuthToken:\s*["']?[^\s"'$]`)},
	{".pypirc", "the password of a Python index", regexp.MustCompile(`(?m)^\s*password\s*[=:]\s*\S+`)},
	{"pip.conf", "the password of a Python index", regexp.MustCompile(`://[^:/@\s]+:[^@\s$]+@`)},
	{".pgpass", "the password of a database", regexp.MustCompile(`(?m)^[^#\s][^:\n]*:[^:\n]*:[^:\n]*:[^:\n]*:\S+`)},
	{".my.cnf", "the password of a database", regexp.MustCompile(`(?m)^\s*password\s*=\s*\S+`)},
	{".aws/credentials", "credentials of AWS", regexp.MustCompile(`(?m)^\s*aws_secret_access_key\s*=\s*\S{16,}`)},
	{".kube/config", "credentials of a Kubernetes cluster", regexp.MustCompile(`(?m)^\s*(client-key-data|token|password):\s*\S+`)},
	{".config/gcloud/application_default_credentials.json", "credentials of Google Cloud", regexp.MustCompile(`"(refresh_token|private_key)"\s*:`)},
	{".vault-token", "a Vault token", regexp.MustCompile(`\S{20,}`)},
	{".terraform.d/credentials.tfrc.json", "a Terraform token", regexp.MustCompile(`"token"\s*:\s*"[^"]+"`)},
	{".cargo/credentials.toml", "the token of a crate registry", regexp.MustCompile(`(?m)^\s*token\s*=\s*\S+`)},
	{".config/gh/hosts.yml", "a GitHub token", regexp.MustCompile(`oauth_token:\s*\S+`)},
}

// credentialsIn returns what a file's name and its first bytes tell of secrets.
func credentialsIn(name string, head []byte) []string {
	base := path.Base(name)
	if isEnvFile(base) {
		return variablesIn(head)
	}
	for _, c := range credentialFiles {
		if (name == c.suffix || strings.HasSuffix(name, "/"+c.suffix)) && c.holds.Match(head) {
			return []string{c.kind}
		}
	}
	return nil
}

// isEnvFile reports whether a file holds variables of an environment; those that
// show what to write into one hold none.
func isEnvFile(base string) bool {
	if base != ".env" && !strings.HasPrefix(base, ".env.") {
		return false
	}
	return !slices.ContainsFunc(strings.Split(base, "."), func(part string) bool {
		return slices.Contains([]string{"example", "sample", "template", "tpl", "dist", "defaults", "schema"}, part)
	})
}

// variablesIn returns what the variables of an .env file hold.
func variablesIn(text []byte) []string {
	var kinds []string
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		if secret, ok := source.SecretIn(name, value); ok && secret.Severity.AtLeast(checks.High) && !source.StandsIn(value) {
			if kinds = append(kinds, fmt.Sprintf("the variable %s, which %s", name, secret.Fault)); len(kinds) == maxSamples {
				break
			}
		}
	}
	return kinds
}
