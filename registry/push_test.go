package registry_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	memory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/imagegate/imagegate/registry"
)

// server is an in-memory registry on loopback. refuse, where set, answers a
// request itself and says so.
func server(t *testing.T, refuse func(http.ResponseWriter, *http.Request) bool) (host string, requests func() []string) {
	t.Helper()
	store := memory.New(memory.Logger(log.New(io.Discard, "", 0)))
	var mu sync.Mutex
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.Path)
		mu.Unlock()
		if refuse == nil || !refuse(w, r) {
			store.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func image(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(1024, 3)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func push(t *testing.T, img partial.WithRawManifest, opts registry.Options, addresses ...string) ([]string, error) {
	t.Helper()
	tags, err := registry.Tags(addresses, opts)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Push(context.Background(), img, tags, opts)
}

func TestPushUploadsLayersOnceAndTagsLast(t *testing.T) {
	host, requests := server(t, nil)
	img := image(t)
	digest, _ := img.Digest()
	lines, err := push(t, img, registry.Options{}, host+"/app:1.2", host+"/app:1", host+"/other:1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{host + "/app:1.2@" + digest.String(), host + "/app:1@" + digest.String(), host + "/other:1@" + digest.String()}
	if !slices.Equal(lines, want) {
		t.Errorf("got %v, want %v", lines, want)
	}
	uploads, firstTag, lastDigest := 0, -1, -1
	for i, r := range requests() {
		switch {
		case strings.HasPrefix(r, "PUT /v2/app/blobs/"):
			uploads++
		case strings.HasPrefix(r, "PUT ") && strings.Contains(r, "/manifests/sha256:"):
			lastDigest = i
		case strings.HasPrefix(r, "PUT ") && strings.Contains(r, "/manifests/") && firstTag < 0:
			firstTag = i
		}
	}
	if uploads != 4 { // three layers and the configuration
		t.Errorf("%d uploads to app, want 4: %v", uploads, requests())
	}
	if firstTag < lastDigest || lastDigest < 0 {
		t.Errorf("a tag was moved before the last manifest was there by its digest: %v", requests())
	}
}

func TestPushIndex(t *testing.T) {
	host, _ := server(t, nil)
	index, err := random.Index(256, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := index.Digest()
	lines, err := push(t, index, registry.Options{}, host+"/app:1")
	if err != nil || lines[0] != host+"/app:1@"+digest.String() {
		t.Fatalf("got %v, %v", lines, err)
	}
}

func TestPushThatFailsMovesNoTag(t *testing.T) {
	old := image(t)
	for name, breaks := range map[string]func(*http.Request) int{
		"500 for a layer":    func(r *http.Request) int { return status(r, "POST", "/blobs/uploads", 500) },
		"500 for a manifest": func(r *http.Request) int { return status(r, "PUT", "/manifests/", 500) },
		"401":                func(r *http.Request) int { return status(r, "", "", 401) },
	} {
		t.Run(name, func(t *testing.T) {
			var broken bool
			host, requests := server(t, func(w http.ResponseWriter, r *http.Request) bool {
				if code := breaks(r); broken && code != 0 {
					http.Error(w, "broken", code)
					return true
				}
				return false
			})
			if _, err := push(t, old, registry.Options{}, host+"/app:1"); err != nil {
				t.Fatal(err)
			}
			broken = true
			before := len(requests())
			lines, err := push(t, image(t), registry.Options{}, host+"/app:1")
			if err == nil || lines != nil || !strings.Contains(err.Error(), "no tag was moved") {
				t.Errorf("got %v, %v", lines, err)
			}
			if name == "401" && !strings.Contains(err.Error(), "--registry-password") {
				t.Errorf("the error does not say what to pass: %v", err)
			}
			if slices.ContainsFunc(requests()[before:], func(r string) bool { return r == "PUT /v2/app/manifests/1" }) {
				t.Error("the tag was written")
			}
			broken = false
			tags, _ := registry.Tags([]string{host + "/app:1"}, registry.Options{})
			got, err := remote.Head(tags[0])
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := old.Digest(); got.Digest != want {
				t.Errorf("the tag moved to %s", got.Digest)
			}
		})
	}
}

func status(r *http.Request, method, part string, code int) int {
	if (method == "" || r.Method == method) && strings.Contains(r.URL.Path, part) {
		return code
	}
	return 0
}

func TestPushToARegistryThatIsDown(t *testing.T) {
	if _, err := push(t, image(t), registry.Options{}, "127.0.0.1:1/app:1"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestPushConfirmsTheDigest(t *testing.T) {
	other := "sha256:" + strings.Repeat("0", 64)
	host, _ := server(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/manifests/1") {
			w.Header().Set("Docker-Content-Digest", other)
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Content-Length", "2")
			return true
		}
		return false
	})
	if _, err := push(t, image(t), registry.Options{}, host+"/app:1"); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("a registry that holds another digest was believed: %v", err)
	}
}

func TestPushThroughAnEndpoint(t *testing.T) {
	host, _ := server(t, nil)
	for _, address := range []string{"registry.example.com:5000/app:1", "registry.example.com/app:1"} {
		lines, err := push(t, image(t), registry.Options{Endpoint: host}, address)
		if err != nil || !strings.HasPrefix(lines[0], address+"@sha256:") {
			t.Errorf("%s: got %v, %v", address, lines, err)
		}
	}
}

func TestPushWithALogin(t *testing.T) {
	host, _ := server(t, func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "gate" && password == "keeper" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
		return true
	})
	right, err := registry.Login("gate", "keeper")
	if err != nil {
		t.Fatal(err)
	}
	config, err := registry.DockerConfig(`{"auths":{"` + host + `":{"auth":"Z2F0ZTprZWVwZXI="}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, keychain := range map[string]authn.Keychain{"login": right, "docker config": config} {
		if _, err := push(t, image(t), registry.Options{Keychain: keychain}, host+"/app:1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong, _ := registry.Login("gate", "wrongpassword")
	_, err = push(t, image(t), registry.Options{Keychain: wrong}, host+"/app:1")
	if err == nil || strings.Contains(err.Error(), "wrongpassword") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestTags(t *testing.T) {
	for address, want := range map[string]string{
		"app":                                   "names no tag",
		"registry.example.com/app":              "names no tag",
		"app@sha256:" + strings.Repeat("a", 64): "names no tag",
		"UPPER/app:1":                           "address",
		"user:password@example.com/app:1":       "address",
	} {
		if _, err := registry.Tags([]string{address}, registry.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", address, err, want)
		}
	}
	if _, err := registry.Tags(nil, registry.Options{}); err == nil {
		t.Error("no address at all was accepted")
	}
	tags, err := registry.Tags([]string{"app:1", "localhost:5000/app:2"}, registry.Options{})
	if err != nil || len(tags) != 2 || tags[1].RegistryStr() != "localhost:5000" {
		t.Errorf("got %v, %v", tags, err)
	}
}

func TestDockerConfig(t *testing.T) {
	resolve := func(text, address string) (authn.AuthConfig, error) {
		keychain, err := registry.DockerConfig(text)
		if err != nil {
			return authn.AuthConfig{}, err
		}
		tags, err := registry.Tags([]string{address}, registry.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := keychain.Resolve(tags[0].Context())
		if err != nil {
			return authn.AuthConfig{}, err
		}
		cfg, err := authn.Authorization(context.Background(), a)
		if err != nil {
			return authn.AuthConfig{}, err
		}
		return *cfg, nil
	}
	hub := `{"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpwYXNz"}}}`
	if cfg, err := resolve(hub, "someone/app:1"); err != nil || cfg.Username != "user" {
		t.Errorf("Docker Hub: %+v, %v", cfg, err)
	}
	if cfg, err := resolve(hub, "ghcr.io/someone/app:1"); err != nil || cfg != (authn.AuthConfig{}) {
		t.Errorf("a registry without a login: %+v, %v", cfg, err)
	}
	for text, want := range map[string]string{
		`{"credsStore":"desktop"}`:                                "docker-credential-desktop",
		`{"credHelpers":{"ghcr.io":"gh"}}`:                        "docker-credential-gh",
		`{"auths":{"ghcr.io":{}},"credsStore":"osxkeychain"}`:     "docker-credential-osxkeychain",
		`{"auths":{"ghcr.io":{"auth":"hunter2hunter2 no base"}}}`: "not valid",
		`hunter2hunter2`: "not valid",
	} {
		_, err := resolve(text, "ghcr.io/someone/app:1")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want an error with %q that quotes nothing", text, err, want)
		}
	}
}
