package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// server is a real registry, Debian's docker-registry, on loopback, with a proxy
// of the test's before it that sees every request and may answer some itself.
type server struct {
	// host is the proxy's host:port.
	host string

	mu       sync.Mutex
	requests []string
	refuse   func(*http.Request) int
}

// login is the user and password that a registry asks for.
type login struct{ user, password string }

// startRegistry starts a registry that lives as long as the test; it asks for
// the login unless that is empty.
func startRegistry(t *testing.T, l login) *server {
	t.Helper()
	dir := t.TempDir()
	addr := freeAddress(t)
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q, secret: test}\n", filepath.Join(dir, "data"), addr)
	if l != (login{}) {
		hash, err := bcrypt.GenerateFromPassword([]byte(l.password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		users := filepath.Join(dir, "htpasswd")
		write(t, users, l.user+":"+string(hash)+"\n")
		config += fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}\n", users)
	}
	file := filepath.Join(dir, "config.yml")
	write(t, file, config)
	cmd := exec.Command("docker-registry", "serve", file)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Debian's docker-registry (apt-get install docker-registry): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the registry's log:\n%s", log.String())
		}
	})
	await(t, addr)

	s := &server{}
	backend := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.host = listener.Addr().String()
	proxy := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		refuse := s.refuse
		s.mu.Unlock()
		if refuse != nil {
			if code := refuse(r); code != 0 {
				http.Error(w, "refused by the test", code)
				return
			}
		}
		backend.ServeHTTP(w, r)
	})}
	go func() { _ = proxy.Serve(listener) }()
	t.Cleanup(func() { _ = proxy.Close() })
	return s
}

// answer makes the proxy answer the requests for which refuse returns a status;
// nil lets all through.
func (s *server) answer(refuse func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// seen returns the requests since the last call.
func (s *server) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await returns when something listens on the address.
func await(t *testing.T, addr string) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-deadline:
			t.Fatalf("nothing listens on %s: %v", addr, err)
		case <-retry.C:
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
