package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// app is the example that is published: the smallest.
const app = "examples/go-api"

// publish calls publish with a registry on the caller's machine.
func (s *server) publish(t *testing.T, source string, flags ...string) result {
	t.Helper()
	return s.publishFrom(t, nil, source, flags...)
}

// publishFrom calls publish of a caller with variables besides the test's own.
func (s *server) publishFrom(t *testing.T, env []string, source string, flags ...string) result {
	t.Helper()
	return daggerIn(t, root, env, append([]string{"call", "publish", "--source=" + source, "--registry=tcp://" + s.host}, flags...)...)
}

// digest returns what a tag points to; empty where there is no such tag.
func (s *server) digest(t *testing.T, tag string, auth authn.Authenticator) string {
	t.Helper()
	ref, err := name.ParseReference(s.host + "/" + tag)
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Head(ref, remote.WithAuth(auth))
	if err != nil {
		if strings.Contains(err.Error(), "404") || strings.Contains(err.Error(), "MANIFEST_UNKNOWN") {
			return ""
		}
		t.Fatal(err)
	}
	return d.Digest.String()
}

func TestPublish(t *testing.T) {
	s := startRegistry(t, login{})
	gated := report(t, "report", "--source="+app)
	if gated.Verdict != "passed" {
		t.Fatalf("%s does not pass: %v", app, gated.Blocked)
	}
	restartEngine(t)
	s.seen()
	out := s.publish(t, app, "--address="+s.host+"/app:1.4.2", "--address="+s.host+"/app:1.4", "--address="+s.host+"/app:1").succeed(t)

	var want []string
	for _, tag := range []string{"1.4.2", "1.4", "1"} {
		want = append(want, s.host+"/app:"+tag+"@"+gated.Image.Digest)
	}
	if got := strings.Fields(out.stdout); !slices.Equal(got, want) {
		t.Errorf("printed %v, want %v", got, want)
	}
	requests := s.seen()
	for _, tag := range []string{"1.4.2", "1.4", "1"} {
		if got := s.digest(t, "app:"+tag, authn.Anonymous); got != gated.Image.Digest {
			t.Errorf("tag %s is %q in the registry, want %s, which the gates judged", tag, got, gated.Image.Digest)
		}
	}
	uploads := map[string]int{}
	for _, r := range requests {
		if strings.HasPrefix(r, "POST ") {
			uploads[r]++
		}
	}
	ref, err := name.ParseReference(s.host + "/app@" + gated.Image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Errorf("the published image is not sound: %v", err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if total := uploads["POST /v2/app/blobs/uploads/"]; total != len(layers)+1 {
		t.Errorf("%d uploads of %d layers and a configuration under three tags", total, len(layers))
	}
	startPublished(t, s.host+"/app:1.4.2")
}

// startPublished pulls an image from the registry and starts it as it is.
func startPublished(t *testing.T, ref string) {
	t.Helper()
	host, _, _ := strings.Cut(ref, "/")
	frontend := freeAddress(t)
	_, port, _ := strings.Cut(frontend, ":")
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "hack", "dagger"), "--silent", "core", "container",
		"from", "--address="+ref, "--registry-service=tcp://"+host, "as-service", "up", "--ports="+port+":8080")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	}()
	await(t, frontend)
	res, err := http.Get("http://" + frontend + "/health/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the published image answers %s", res.Status)
	}
}

func TestPublishOfABlockedImage(t *testing.T) {
	t.Parallel()
	s := startRegistry(t, login{})
	address := "--address=" + s.host + "/app:1"
	s.publish(t, app, address).succeed(t)
	before := s.digest(t, "app:1", authn.Anonymous)
	s.seen()

	source := copyExample(t, "go-api")
	patch := filepath.Join(root, "examples", "variants", "no-healthcheck.patch")
	run(t, source, nil, "git", "apply", patch).succeed(t)
	out := s.publish(t, source, address)
	if got, want := out.blocked(t), readVariant(t, patch).blockedBy; !slices.Equal(got, want) {
		t.Errorf("blocked by %v, want %v", got, want)
	}
	if requests := s.seen(); len(requests) > 0 {
		t.Errorf("the registry was asked: %v", requests)
	}
	if after := s.digest(t, "app:1", authn.Anonymous); after != before {
		t.Errorf("the tag moved from %s to %s", before, after)
	}
}

func TestPublishToABrokenRegistry(t *testing.T) {
	t.Parallel()
	s := startRegistry(t, login{})
	address := "--address=" + s.host + "/app:1"
	s.publish(t, app, address).succeed(t)
	before := s.digest(t, "app:1", authn.Anonymous)

	for what, refuse := range map[string]func(*http.Request) int{
		"500 for a blob": func(r *http.Request) int {
			if r.Method != http.MethodHead && strings.Contains(r.URL.Path, "/blobs/uploads/") {
				return http.StatusInternalServerError
			}
			return 0
		},
		"500 for the manifest": func(r *http.Request) int {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256:") {
				return http.StatusInternalServerError
			}
			return 0
		},
		"401": func(*http.Request) int { return http.StatusUnauthorized },
	} {
		t.Run(what, func(t *testing.T) {
			source := relabelled(t, what)
			s.answer(refuse)
			out := s.publish(t, source, address)
			s.answer(nil)
			if out.code == 0 || !strings.Contains(out.stderr, "no tag was moved") {
				t.Errorf("status %d, and the error does not say that no tag was moved\n%s", out.code, out)
			}
			if after := s.digest(t, "app:1", authn.Anonymous); after != before {
				t.Errorf("the tag moved from %s to %s", before, after)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		gone := &server{host: freeAddress(t)}
		if out := gone.publish(t, app, "--address="+gone.host+"/app:1"); out.code == 0 || out.stdout != "" {
			t.Errorf("status %d\n%s", out.code, out)
		}
	})
}

// relabelled returns a copy of the app whose image differs by a label: a registry
// that has the app's own still lacks its configuration, so that there is
// something to upload.
func relabelled(t *testing.T, label string) string {
	t.Helper()
	source := copyExample(t, "go-api")
	dockerfile := filepath.Join(source, "Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dockerfile, fmt.Sprintf("%s\nLABEL org.opencontainers.image.version=%q\n", text, label))
	return source
}

func TestPublishWithALogin(t *testing.T) {
	t.Parallel()
	l := login{"gate", "keeper-of-the-gate"}
	s := startRegistry(t, l)
	auth := &authn.Basic{Username: l.user, Password: l.password}
	address := "--address=" + s.host + "/app:1"

	out := s.publish(t, app, address)
	if out.code == 0 || !strings.Contains(out.stderr, "--registry-password") {
		t.Errorf("without a login: status %d, and the error does not say what to pass\n%s", out.code, out)
	}
	if got := s.digest(t, "app:1", auth); got != "" {
		t.Errorf("something was published without a login: %s", got)
	}

	byLogin := s.publishFrom(t, []string{"GATE_PASSWORD=" + l.password}, app, address, "--registry-username="+l.user, "--registry-password=env:GATE_PASSWORD").succeed(t)
	if s.digest(t, "app:1", auth) == "" {
		t.Error("nothing was published with the login")
	}

	config := filepath.Join(t.TempDir(), "config.json")
	write(t, config, `{"auths":{"`+s.host+`":{"username":"`+l.user+`","password":"`+l.password+`"}}}`)
	byConfig := s.publish(t, app, "--address="+s.host+"/app:2", "--docker-config=file:"+config).succeed(t)
	if s.digest(t, "app:2", auth) == "" {
		t.Error("nothing was published with the Docker configuration")
	}

	wrong := s.publishFrom(t, []string{"GATE_PASSWORD=not-" + l.password}, app, "--address="+s.host+"/app:3", "--registry-username="+l.user, "--registry-password=env:GATE_PASSWORD")
	if wrong.code == 0 {
		t.Error("a wrong password was taken")
	}
	for _, r := range []result{byLogin, byConfig, wrong} {
		if strings.Contains(r.String(), l.password) {
			t.Errorf("the password was printed\n%s", r)
		}
	}
}
