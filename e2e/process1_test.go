package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
)

// graceOfProcess1 is how long process 1 has to end after SIGTERM: the behaviours
// that do are done after 4 s, and what is left is for a busy machine.
const graceOfProcess1 = 15 * time.Second

// stopOfProcess1 is what became of a real process 1 that was asked to stop.
type stopOfProcess1 struct {
	// ended is whether it ended by itself.
	ended bool
	// answered is whether a request was, that was in flight at the signal.
	answered bool
}

// stopProcess1 runs the image of a directory as a service of the engine, of which
// the program is process 1, and stops it, with a request for a path in flight if
// there is one.
func stopProcess1(t *testing.T, s *session, directory, path string) stopOfProcess1 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	service, err := s.serve(ctx, directory)
	if err != nil {
		t.Fatal(err)
	}
	var seen stopOfProcess1
	var body io.ReadCloser = http.NoBody
	if path != "" {
		address, err := service.address(ctx, 8080)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		// The header comes first, and the answer itself later.
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body = res.Body
	}
	defer body.Close()

	stopped := make(chan error, 1)
	go func() { stopped <- service.stop(ctx, false) }()
	answered := make(chan error, 1)
	go func() {
		text, err := io.ReadAll(body)
		if err == nil && len(text) == 0 {
			err = errors.New("empty")
		}
		answered <- err
	}()
	grace := time.NewTimer(graceOfProcess1)
	defer grace.Stop()
	select {
	case err = <-stopped:
		seen.ended = true
	case <-grace.C:
		err = errors.Join(service.stop(ctx, true), <-stopped)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen.answered = <-answered == nil
	return seen
}
