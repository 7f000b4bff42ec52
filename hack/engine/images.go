package main

import (
	"fmt"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// image is one that the registry serves in place of another registry's.
type image struct {
	repository string
	// tags are by the version of the program that the top layer is for.
	tags   func(version string) []string
	layers []*step
	config func(version string) v1.Config
}

// path is the PATH of Debian's images.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// certificates is where the images have the certificates that this machine trusts.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// images are those that the project's Dockerfiles and the module itself name.
func (s *steps) images() []image {
	return []image{
		{
			repository: "library/debian",
			tags:       func(string) []string { return []string{"bookworm-slim", "12-slim"} },
			layers:     []*step{s.debian},
			config:     func(string) v1.Config { return v1.Config{Env: []string{"PATH=" + path}, Cmd: []string{"bash"}} },
		},
		{
			repository: "library/golang",
			tags: func(version string) []string {
				return []string{version + "-bookworm", minor(version) + "-bookworm"}
			},
			layers: []*step{s.debian, s.git, s.golang},
			config: func(version string) v1.Config {
				return v1.Config{
					Env:        []string{"PATH=/go/bin:/usr/local/go/bin:" + path, "GOLANG_VERSION=" + version, "GOTOOLCHAIN=local", "GOPATH=/go"},
					Cmd:        []string{"bash"},
					WorkingDir: "/go",
				}
			},
		},
		{
			repository: "library/node",
			tags: func(version string) []string {
				return []string{version + "-bookworm-slim", major(version) + "-bookworm-slim", major(version) + "-slim"}
			},
			layers: []*step{s.debian, s.nodeLibraries, s.node},
			config: func(version string) v1.Config {
				return v1.Config{
					Env:        []string{"PATH=" + path, "NODE_VERSION=" + version, "NODE_EXTRA_CA_CERTS=" + certificates},
					Entrypoint: []string{"docker-entrypoint.sh"},
					Cmd:        []string{"node"},
				}
			},
		},
		{
			repository: "library/python",
			tags: func(version string) []string {
				return []string{version + "-slim-bookworm", minor(version) + "-slim-bookworm", minor(version) + "-slim"}
			},
			layers: []*step{s.debian, s.pythonLibraries, s.python},
			config: func(version string) v1.Config {
				return v1.Config{
					Env: []string{"PATH=" + path, "LANG=C.UTF-8", "PYTHON_VERSION=" + version, "PIP_CERT=" + certificates},
					Cmd: []string{"python3"},
				}
			},
		},
		{
			repository: "distroless/static-debian12",
			tags:       func(string) []string { return []string{"nonroot"} },
			layers:     []*step{s.distroless},
			config: func(string) v1.Config {
				return v1.Config{
					Env:        []string{"PATH=" + path, "SSL_CERT_FILE=" + certificates},
					User:       fmt.Sprint(nonroot),
					WorkingDir: "/home/nonroot",
				}
			},
		},
		{
			repository: "library/postgres",
			tags: func(string) []string {
				return []string{postgresVersion + "-bookworm", major(postgresVersion) + "-bookworm"}
			},
			layers: []*step{s.debian, s.postgres},
			config: func(string) v1.Config {
				return v1.Config{
					Env: []string{
						"PATH=" + path + ":/usr/lib/postgresql/" + major(postgresVersion) + "/bin", "LANG=C.UTF-8",
						"PG_MAJOR=" + major(postgresVersion), "PGDATA=/var/lib/postgresql/data",
					},
					Entrypoint:   []string{"docker-entrypoint.sh"},
					Cmd:          []string{"postgres"},
					ExposedPorts: map[string]struct{}{"5432/tcp": {}},
					Volumes:      map[string]struct{}{"/var/lib/postgresql/data": {}},
					StopSignal:   "SIGINT",
				}
			},
		},
		{
			repository: "library/redis",
			tags: func(string) []string {
				return []string{redisVersion + "-bookworm", minor(redisVersion) + "-bookworm", major(redisVersion) + "-bookworm"}
			},
			layers: []*step{s.debian, s.redis},
			config: func(string) v1.Config {
				return v1.Config{
					Env:          []string{"PATH=" + path},
					Entrypoint:   []string{"docker-entrypoint.sh"},
					Cmd:          []string{"redis-server"},
					WorkingDir:   "/data",
					ExposedPorts: map[string]struct{}{"6379/tcp": {}},
					Volumes:      map[string]struct{}{"/data": {}},
				}
			},
		},
		{
			repository: "aquasec/trivy",
			tags:       func(version string) []string { return []string{version} },
			layers:     []*step{s.debian, s.trivyLayer},
			config: func(string) v1.Config {
				return v1.Config{Env: []string{"PATH=" + path}, Entrypoint: []string{"trivy"}}
			},
		},
	}
}

// Versions that postgres and redis are served under. Debian has the same, but for
// later fixes: the names have to stay those of images that there are elsewhere.
const (
	postgresVersion = "15.14"
	redisVersion    = "7.0.15"
)

// scannerImage is the name that the module is given the scanner by.
const scannerImage = "aquasec/trivy:" + trivyVersion

func major(version string) string { return strings.Join(strings.SplitN(version, ".", 3)[:1], ".") }

func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// assemble puts the layers together, and returns the image with its tags.
func (img image) assemble(h home) (v1.Image, []string, error) {
	var layers []v1.Layer
	version := ""
	for _, s := range img.layers {
		l, err := openLayer(filepath.Join(string(h), s.dir))
		if err != nil {
			return nil, nil, err
		}
		layers, version = append(layers, l), l.Version
	}
	assembled, err := assemble(img.config(version), layers...)
	return assembled, img.tags(version), err
}
