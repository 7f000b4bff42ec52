package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

func TestHandler(t *testing.T) {
	// The digests are those of coreutils and of RFC 3720 (CRC32C).
	const nineDigits = `{"bytes":9,` +
		`"sha256":"15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",` +
		`"sha512":"d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",` +
		`"crc32c":"e3069283"}` + "\n"

	for _, tt := range []struct {
		name   string
		method string
		path   string
		body   io.Reader
		status int
		want   string
	}{
		{"alive", "GET", "/health/live", nil, 200, `{"status":"ok"}` + "\n"},
		{"digests", "POST", "/v1/digests", strings.NewReader("123456789"), 200, nineDigits},
		{"largest body", "POST", "/v1/digests", strings.NewReader("1234567890"), 200, ""},
		{"body too large", "POST", "/v1/digests", strings.NewReader("12345678901"), 413, `{"error":"the body is larger than 10 bytes"}` + "\n"},
		{"broken upload", "POST", "/v1/digests", iotest.ErrReader(errors.New("reset")), 400, `{"error":"the body could not be read"}` + "\n"},
		{"wrong method", "GET", "/v1/digests", nil, 405, ""},
		{"unknown path", "GET", "/", nil, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHandler(config{maxBody: 10, maxConcurrent: 1}, slog.New(slog.DiscardHandler))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, tt.body))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if got := w.Body.String(); tt.want != "" && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHandlerTurnsAwayWhenBusy(t *testing.T) {
	h := newHandler(config{maxBody: 10, maxConcurrent: 1}, slog.New(slog.DiscardHandler))
	post := func(body io.Reader) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/v1/digests", body))
		return w.Code
	}

	body, upload := io.Pipe()
	first := make(chan int)
	go func() { first <- post(body) }()
	if _, err := upload.Write([]byte("x")); err != nil { // returns once the handler has read it
		t.Fatal(err)
	}
	if got := post(strings.NewReader("y")); got != http.StatusServiceUnavailable {
		t.Errorf("status %d while busy, want 503", got)
	}
	upload.Close()
	if got := <-first; got != http.StatusOK {
		t.Errorf("status %d for the first, want 200", got)
	}
	if got := post(strings.NewReader("z")); got != http.StatusOK {
		t.Errorf("status %d afterwards, want 200", got)
	}
}
