package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	telemetry "github.com/dagger/otel-go"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/internal/dagger"
	"github.com/imagegate/imagegate/registry"
)

// Build the image, judge it by every gate, and push it where nothing blocks.
//
// What is pushed are the very bytes that were judged. Tags are moved last, when
// the registry holds the judged digest. Prints a line "repository:tag@digest" for
// each address.
// The flags that all functions share stand before the function's name.
//
// +cache="never"
func (m *Imagegate) Publish(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
	// Addresses to publish to, as in registry.example.com/app:1.4.2. Layers are uploaded once a repository.
	address []string,
	// User name for the registry.
	// +optional
	registryUsername string,
	// Password or token for the registry, as in env:REGISTRY_TOKEN.
	// +optional
	registryPassword *dagger.Secret,
	// Docker configuration with the registries' credentials, as in file:$HOME/.docker/config.json.
	// +optional
	dockerConfig *dagger.Secret,
	// Registry to push to in place of the one that the addresses name, over plain
	// HTTP: one on the caller's machine, as in tcp://localhost:5000.
	// +optional
	registry *dagger.Service,
) (string, error) {
	to, err := destinations(ctx, address, registryUsername, registryPassword, dockerConfig, registry)
	if err != nil {
		return "", err
	}
	r, img := m.judge(ctx, source)
	if _, err := verdict(r); err != nil {
		return "", fmt.Errorf("nothing was published: %w", err)
	}
	if img == nil {
		return "", errors.New("nothing was published: there is no image")
	}
	fmt.Print(report.Table(r))
	lines, err := to.push(ctx, img)
	if err != nil {
		return "", err
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// destination is where an image is published to, and how that is reached.
type destination struct {
	tags    []name.Tag
	options registry.Options
}

func destinations(ctx context.Context, addresses []string, username string, password, config *dagger.Secret, service *dagger.Service) (destination, error) {
	var to destination
	var err error
	switch {
	case config != nil && (username != "" || password != nil):
		return to, errors.New("--docker-config and --registry-username/--registry-password say the same twice: pass one of them")
	case config != nil:
		text, err := config.Plaintext(ctx)
		if err != nil {
			return to, fmt.Errorf("read --docker-config: %w", err)
		}
		if to.options.Keychain, err = registry.DockerConfig(text); err != nil {
			return to, err
		}
	case username != "" || password != nil:
		var text string
		if password != nil {
			if text, err = password.Plaintext(ctx); err != nil {
				return to, fmt.Errorf("read --registry-password: %w", err)
			}
		}
		if to.options.Keychain, err = registry.Login(username, strings.TrimSpace(text)); err != nil {
			return to, err
		}
	}
	if service != nil {
		if _, err := service.Start(ctx); err != nil {
			return to, fmt.Errorf("reach the registry given with --registry: %w", err)
		}
		if to.options.Endpoint, err = service.Endpoint(ctx); err != nil {
			return to, fmt.Errorf("reach the registry given with --registry: %w", err)
		}
	}
	to.tags, err = registry.Tags(addresses, to.options)
	return to, err
}

func (d destination) push(ctx context.Context, img *tarball) (lines []string, rerr error) {
	ctx, span := Tracer().Start(ctx, "publish")
	defer telemetry.EndWithCause(span, &rerr)
	root, err := img.archive.Root()
	if err != nil {
		return nil, fmt.Errorf("read the judged tarball: %w", err)
	}
	return registry.Push(ctx, root, d.tags, d.options)
}
