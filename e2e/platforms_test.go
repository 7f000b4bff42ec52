package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// multiPlatform is an application that is compiled for a foreign platform on the
// engine's own, on a base image of each platform.
var multiPlatform = map[string]string{
	"Dockerfile": `FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS builder
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
ARG TARGETARCH
RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app .

FROM ` + mirror + `/imagegate/base-$TARGETARCH:1
COPY --from=builder /app /app
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s CMD ["/app", "check"]
ENTRYPOINT ["/app"]
`,
	".dockerignore": ".git\n.env\n.env.*\nnode_modules\n",
	"go.mod":        "module app\n\ngo 1.26\n",
	"main.go": `package main

import (
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		if _, err := http.Get("http://127.0.0.1:8080/"); err != nil {
			os.Exit(1)
		}
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go http.ListenAndServe(":8080", http.NotFoundHandler())
	<-stop
}
`,
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	imagegate := shareModule(t)
	for _, arch := range []string{"amd64", "arm64"} {
		const publish = `{ container(platform: %q) { withNewFile(path: "/etc/base", contents: %q) { publish(address: %q) } } }`
		if err := imagegate.query(t.Context(), new(any), publish, "linux/"+arch, arch, mirror+"/imagegate/base-"+arch+":1"); err != nil {
			t.Fatal(err)
		}
	}
	source := t.TempDir()
	for name, text := range multiPlatform {
		write(t, filepath.Join(source, name), text)
	}
	out := dagger(t, "call", "--platform=linux/amd64,linux/arm64", "verify", "--source="+source).succeed(t)
	for _, says := range []string{
		"(linux/amd64, linux/arm64)", "image linux/arm64 passed", "scan linux/arm64 passed",
		"run linux/amd64 passed", "run linux/arm64 skipped",
	} {
		if !strings.Contains(out.stdout, says) {
			t.Errorf("the table lacks %q", says)
		}
	}
	if t.Failed() {
		t.Log(out)
	}

	// What the engine builds for another platform than it was asked for is no pass.
	dockerfile := filepath.Join(source, "Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dockerfile, strings.Replace(string(text), mirror+"/imagegate/base-$TARGETARCH:1", "scratch", 1))
	wrong := imagegate.call(t, "--platform=linux/arm64", "verify", "--source="+source)
	if got := strings.Join(wrong.blocked(t), " "); got != "build/image" || !strings.Contains(wrong.stderr, "linux/arm64") {
		t.Errorf("blocked by %s\n%s", got, wrong)
	}
}
