package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// service is serve, running.
type service struct {
	t    *testing.T
	port string
	log  lines
	stop context.CancelFunc
	done <-chan error
}

// lines is a log that is read line by line, as slog writes it; nil is its end.
// A handler that the service has given up on may still write after that.
type lines chan []byte

func (l lines) Write(line []byte) (int, error) {
	l <- bytes.Clone(line)
	return len(line), nil
}

// start runs serve on a free port until the test ends or calls stop.
func start(t *testing.T, values map[string]string) *service {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	free.Close()

	getenv := func(name string) string {
		if name == "PORT" {
			return port
		}
		return values[name]
	}
	ctx, stop := context.WithCancel(t.Context())
	log := make(lines, 100)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, getenv, log)
		log <- nil
	}()
	s := &service{t: t, port: port, log: log, stop: stop, done: done}
	s.logged("listening")
	return s
}

// logged reads the log up to the line with this message.
func (s *service) logged(message string) {
	s.t.Helper()
	for text := range s.log {
		if text == nil {
			break
		}
		var line struct {
			Time       time.Time
			Level, Msg string
		}
		if err := json.Unmarshal(text, &line); err != nil || line.Time.IsZero() || line.Level == "" {
			s.t.Fatalf("not a log line: %s (%v)", text, err)
		}
		if line.Msg == message {
			return
		}
	}
	s.t.Fatalf("ended without logging %q: %v", message, <-s.done)
}

// upload sends the head of a request, and returns once the service waits for
// its body.
func (s *service) upload(length int) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", s.port))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	head := "POST /v1/digests HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " + strconv.Itoa(length) + "\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		s.t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusContinue {
		s.t.Fatalf("got %v, %v; want 100 Continue", response, err)
	}
	return conn, r
}

func TestServeCompletesRequestsInFlight(t *testing.T) {
	s := start(t, nil)
	conn, r := s.upload(3)
	s.stop()
	s.logged("shutting down")
	if _, err := io.WriteString(conn, "abc"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v; want 200 OK", response, err)
	}
	s.logged("shut down")
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

func TestServeGivesUpOnRequestsThatNeverComplete(t *testing.T) {
	s := start(t, map[string]string{"SHUTDOWN_TIMEOUT_MS": "1"})
	s.upload(3)
	s.stop()
	s.logged("shutting down")
	if err := <-s.done; err == nil || !strings.Contains(err.Error(), "waiting for requests in flight") {
		t.Errorf("got %v, want the requests in flight named", err)
	}
}

func TestServeRefusesABadConfiguration(t *testing.T) {
	err := serve(t.Context(), env(map[string]string{"PORT": "http"}), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "PORT must be") {
		t.Errorf("got %v, want PORT named", err)
	}
}

func TestHealthcheckFollowsTheService(t *testing.T) {
	s := start(t, nil)
	getenv := env(map[string]string{"PORT": s.port})
	if err := healthcheck(t.Context(), getenv); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	s.stop()
	s.logged("shut down")
	if err := healthcheck(t.Context(), getenv); err == nil {
		t.Error("no error once it has stopped")
	}
}
