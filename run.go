package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, start it as in production, and judge what it does.
//
// Does it stay up, is no process root, does its HEALTHCHECK turn healthy, does it
// end on its stop signal? Prints one table of what was found, and ends non-zero
// where anything blocks.
// The flags that all functions share stand before the function's name.
//
// +check
// +cache="never"
func (m *Imagegate) Run(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	// +defaultPath="/"
	source *dagger.Directory,
) (string, error) {
	return m.only(ctx, source, m.run)
}

func (m *Imagegate) run(ctx context.Context, img *tarball, p platformImage) report.Gate {
	return timed(ctx, "run", p.label, func(ctx context.Context) []checks.Result {
		native, err := dag.DefaultPlatform(ctx)
		if err != nil {
			return checks.Errors(runtime.All(), fmt.Errorf("ask the engine for its platform: %w", err))
		}
		if p.Platform.String() != string(native) {
			return checks.Skips(runtime.All(), fmt.Sprintf("%s images do not run on this engine, which is %s: run the gate on one that is", p.Platform, native))
		}
		observation, err := m.observe(ctx, img, p)
		if err != nil {
			return checks.Errors(runtime.All(), err)
		}
		return checks.Run(runtime.All(), &runtime.Run{Observation: observation})
	})
}

// probeDirectory is where the probe is mounted in a copy of the image.
const probeDirectory = "/.imagegate"

// settle is how long an image without a healthcheck has to stay up.
const settle = 2 * time.Second

// observe starts the image under the probe. What runs is a copy of the tarball's
// image with the probe mounted: the tarball stays as it is.
func (m *Imagegate) observe(ctx context.Context, img *tarball, p platformImage) (*probe.Observation, error) {
	env, err := pairs("env", m.Env)
	if err != nil {
		return nil, err
	}
	spec, err := m.spec(p, env)
	if err != nil {
		return nil, err
	}
	binary, err := ownBinary()
	if err != nil {
		return nil, err
	}
	imported, err := withKnownGroup(ctx, p.Config.Config.User,
		dag.Container(dagger.ContainerOpts{Platform: dagger.Platform(p.Platform.String())}).Import(img.file))
	if err != nil {
		return nil, err
	}
	out, err := imported.
		WithMountedFile(path.Join(probeDirectory, probe.Program), binary).
		WithMountedFile(path.Join(probeDirectory, "spec.json"), dag.File("spec.json", spec)).
		// Each verdict comes from a start of its own: one that failed on a machine
		// that was too busy must not be served again.
		WithEnvVariable("IMAGEGATE_STARTED", time.Now().Format(time.RFC3339Nano)).
		WithExec([]string{path.Join(probeDirectory, probe.Program), path.Join(probeDirectory, "spec.json")},
			dagger.ContainerWithExecOpts{NoInit: true}).
		Stdout(ctx)
	if err != nil {
		return nil, fmt.Errorf("run the image under the probe: %w", explainExec(err))
	}
	return runtime.Decode(strings.NewReader(out))
}

// withKnownGroup returns the container with the group that a container engine gives
// to a USER that is a number alone, where the image has no /etc/passwd: Dagger looks
// for it there, and fails without the file.
func withKnownGroup(ctx context.Context, user string, c *dagger.Container) (*dagger.Container, error) {
	if _, err := strconv.ParseUint(user, 10, 31); err != nil {
		return c, nil
	}
	exists, err := c.Rootfs().Exists(ctx, "etc/passwd")
	if err != nil {
		return nil, fmt.Errorf("look for /etc/passwd in the image: %w", err)
	}
	if !exists {
		c = c.WithUser(user + ":0")
	}
	return c, nil
}

// spec returns the probe's specification of one platform's image as JSON.
func (m *Imagegate) spec(p platformImage, env []pair) (string, error) {
	config := p.Config.Config
	spec := probe.Spec{
		Version: probe.Version, User: config.User, Args: append(append([]string{}, config.Entrypoint...), config.Cmd...), Env: config.Env,
		WorkingDir: config.WorkingDir, Shell: config.Shell, StopSignal: config.StopSignal,
		Healthcheck: (*probe.Healthcheck)(p.Healthcheck),
		GracePeriod: milliseconds(m.GracePeriod), StartTimeout: milliseconds(m.StartTimeout), Settle: settle,
	}
	for _, e := range env {
		spec.Env = append(spec.Env, e.name+"="+e.value)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("encode the probe's specification: %w", err)
	}
	return string(text), nil
}

// ownBinary returns the module's own binary, which is the probe by another name.
func ownBinary() (*dagger.File, error) {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("open the module's own binary: %w", err)
	}
	defer from.Close()
	to, err := os.OpenFile(probe.Program, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return nil, fmt.Errorf("copy the module's own binary: %w", err)
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return nil, fmt.Errorf("copy the module's own binary: %w", err)
	}
	if err := to.Close(); err != nil {
		return nil, fmt.Errorf("copy the module's own binary: %w", err)
	}
	return dag.CurrentModule().WorkdirFile(probe.Program), nil
}
