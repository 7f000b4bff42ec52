package e2e

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// engineSocket returns where the native engine listens.
func engineSocket() string {
	directory := "/run/imagegate"
	if instance := os.Getenv("IMAGEGATE_ENGINE_INSTANCE"); instance != "" {
		directory += "-" + instance
	}
	return filepath.Join(directory, "engine.sock")
}

// nativeDagger returns the path of the dagger command that hack/engine built.
func nativeDagger(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "imagegate", "dagger", "dagger")
}

// restartEngine stops the engine and starts it again.
func restartEngine(t *testing.T) {
	t.Helper()
	for _, command := range []string{"stop", "up"} {
		run(t, root, nil, filepath.Join(root, "hack", "engine", "enginectl"), command).succeed(t)
	}
}

// wire is a socket that leads to another one, until it is cut.
type wire struct {
	socket   string
	listener net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

// tap returns a wire to a socket.
func tap(t *testing.T, to string) *wire {
	t.Helper()
	w := &wire{socket: filepath.Join(t.TempDir(), "engine.sock")}
	var err error
	if w.listener, err = net.Listen("unix", w.socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cut)
	go func() {
		for {
			near, err := w.listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", to)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			w.mu.Unlock()
			for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1])
					pair[0].Close()
				}()
			}
		}
	}()
	return w
}

// cut ends all connections, and lets none be made.
func (w *wire) cut() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
}
