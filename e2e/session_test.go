package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// session is a session of the engine's own interface, for calls that need not load the
// module anew, and for what it has no function for:
// https://docs.dagger.io/getting-started/api/http/
type session struct {
	url, token string
	// end ends it; what it has built is kept no longer.
	end func()
}

// openSession opens a session, which lasts as long as the test, of a caller in a
// directory, with variables besides the test's own.
func openSession(t *testing.T, dir string, env ...string) *session {
	t.Helper()
	s, err := startSession(t.Context(), dir, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// startSession opens a session, which its caller ends; the context is that of the
// opening.
func startSession(ctx context.Context, dir string, env []string) (*session, error) {
	cmd := exec.Command(filepath.Join(root, "hack", "dagger"), "--silent", "session")
	cmd.Dir = dir // whose .env has the defaults of modules
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var opened struct {
		Port  int
		Token string `json:"session_token"`
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	stop()
	if err == nil {
		err = json.Unmarshal(line, &opened)
	}
	if err != nil || opened.Port == 0 {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // so that all of stderr is there
		return nil, fmt.Errorf("open a session of the engine: %q, %v\n%s", line, err, stderr.String())
	}
	return &session{
		url: "http://127.0.0.1:" + strconv.Itoa(opened.Port) + "/query", token: opened.Token,
		end: func() {
			stdin.Close()
			defer time.AfterFunc(limit, func() { _ = cmd.Process.Kill() }).Stop()
			_ = cmd.Wait()
		},
	}, nil
}

// query runs a GraphQL query, and decodes what it returns.
func (s *session) query(ctx context.Context, to any, format string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := json.Marshal(map[string]string{"query": fmt.Sprintf(format, args...)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(s.token, "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: to}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("decode the engine's answer of status %s: %w", res.Status, err)
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("the engine answers: %s", answer.Errors[0].Message)
	}
	return nil
}

// service is a container that runs.
type service struct {
	session *session
	id      string
}

// serve builds the Dockerfile of a directory and starts the image, of which the
// program is process 1 then: there is no init between the engine and it. It returns
// when the image is healthy.
func (s *session) serve(ctx context.Context, directory string) (*service, error) {
	var built struct {
		Host struct {
			Directory struct {
				DockerBuild struct{ AsService struct{ ID string } }
			}
		}
	}
	err := s.query(ctx, &built, `{ host { directory(path: %q) { dockerBuild { asService(useEntrypoint: true, noInit: true) { id } } } } }`, directory)
	if err != nil {
		return nil, fmt.Errorf("build the image: %w", err)
	}
	service := &service{s, built.Host.Directory.DockerBuild.AsService.ID}
	if err := service.do(ctx, "start"); err != nil {
		return nil, fmt.Errorf("start the image: %w", err)
	}
	return service, nil
}

// stop sends SIGTERM to process 1, or SIGKILL, and returns when it has ended.
func (s *service) stop(ctx context.Context, kill bool) error {
	return s.do(ctx, fmt.Sprintf("stop(kill: %t)", kill))
}

func (s *service) do(ctx context.Context, what string) error {
	return s.session.query(ctx, new(any), `{ node(id: %q) { ... on Service { %s } } }`, s.id, what)
}

// address returns where this machine reaches a port of the service.
func (s *service) address(ctx context.Context, port int) (string, error) {
	var tunnel struct {
		Host struct{ Tunnel struct{ ID string } }
	}
	if err := s.session.query(ctx, &tunnel, `{ host { tunnel(service: %q, ports: [{backend: %d}]) { id } } }`, s.id, port); err != nil {
		return "", fmt.Errorf("make a tunnel: %w", err)
	}
	if err := (&service{s.session, tunnel.Host.Tunnel.ID}).do(ctx, "start"); err != nil {
		return "", fmt.Errorf("start the tunnel: %w", err)
	}
	var started struct{ Node struct{ Endpoint string } }
	if err := s.session.query(ctx, &started, `{ node(id: %q) { ... on Service { endpoint } } }`, tunnel.Host.Tunnel.ID); err != nil {
		return "", fmt.Errorf("ask the tunnel for its address: %w", err)
	}
	return started.Node.Endpoint, nil
}
