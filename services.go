package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/probe"
	"github.com/imagegate/imagegate/internal/dagger"
)

// readyPort is the TCP port on which a service says that it is ready: one that
// none is likely to listen on.
const readyPort = 48217

// service is one that the image needs while it runs, in a container of its own.
type service struct {
	// names are those that it is reached by, the first is what it is called.
	names     []string
	container *dagger.Container
	// needs are the names of services that it needs itself.
	needs []string
}

// boundService is one that runs already.
type boundService struct {
	name    string
	service *dagger.Service
}

// services are all that the image needs, each behind those that it needs itself.
type services struct {
	own   []service
	bound []boundService
}

// services gets the images of the services that the image needs.
func (m *Imagegate) services(ctx context.Context, source *dagger.Directory, binary *dagger.File, composed []compose.Container) (*services, error) {
	images, err := pairs("service", m.Services)
	if err != nil {
		return nil, err
	}
	wanted := slices.Clone(composed)
	for _, i := range images {
		// One of the caller's takes the place of the Compose file's.
		c := compose.Container{Name: i.name, Image: i.value}
		if at := slices.IndexFunc(wanted, func(w compose.Container) bool { return w.Name == i.name }); at >= 0 {
			wanted[at] = c
		} else {
			wanted = append(wanted, c)
		}
	}
	s := &services{}
	for i, b := range m.Bind {
		s.bound = append(s.bound, boundService{m.BindAs[i], b})
		wanted = slices.DeleteFunc(wanted, func(w compose.Container) bool { return w.Name == m.BindAs[i] })
	}
	s.own = make([]service, len(wanted))
	failed := make([]error, len(wanted))
	var side sync.WaitGroup
	for i, c := range wanted {
		side.Go(func() {
			if s.own[i], failed[i] = m.service(ctx, source, binary, c); failed[i] != nil {
				failed[i] = fmt.Errorf("prepare the service %s: %w", c.Name, failed[i])
			}
		})
	}
	side.Wait()
	return s, errors.Join(failed...)
}

// service gets the image of a service, and puts the probe before its program: it is
// the probe that knows when the service is ready.
func (m *Imagegate) service(ctx context.Context, source *dagger.Directory, binary *dagger.File, c compose.Container) (service, error) {
	image, err := serviceImage(source, c)
	if err != nil {
		return service{}, err
	}
	spec := probe.Service{
		Version: probe.Version, Name: c.Name, Completes: c.Completes, StartTimeout: milliseconds(m.StartTimeout), ReadyPort: readyPort,
	}
	if spec.Args, err = serviceArgs(ctx, image, c); err != nil {
		return service{}, err
	}
	if spec.Healthcheck, err = serviceHealthcheck(ctx, image, c.Healthcheck); err != nil {
		return service{}, err
	}
	container := image.WithoutDockerHealthcheck()
	ports, err := image.ExposedPorts(ctx)
	if err != nil {
		return service{}, fmt.Errorf("read the ports of its image: %w", explainExec(err))
	}
	for _, p := range ports {
		number, err := p.Port(ctx)
		if err != nil {
			return service{}, fmt.Errorf("read the ports of its image: %w", err)
		}
		protocol, err := p.Protocol(ctx)
		if err != nil {
			return service{}, fmt.Errorf("read the ports of its image: %w", err)
		}
		if protocol == dagger.NetworkProtocolTcp {
			spec.Ports = append(spec.Ports, number)
		}
		// The engine would wait for all of them.
		container = container.WithoutExposedPort(number, dagger.ContainerWithoutExposedPortOpts{Protocol: protocol})
	}
	container = withFiles(container, source, c.Files)
	for _, e := range c.Environment {
		name, value, _ := strings.Cut(e, "=")
		container = container.WithEnvVariable(name, value)
	}
	if c.WorkingDir != "" {
		container = container.WithWorkdir(c.WorkingDir)
	}
	if c.User != "" {
		container = container.WithUser(c.User)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return service{}, fmt.Errorf("encode its specification: %w", err)
	}
	container = container.
		WithMountedFile(path.Join(probeDirectory, probe.Program), binary).
		WithMountedFile(path.Join(probeDirectory, "service.json"), dag.File("service.json", string(text))).
		WithExposedPort(readyPort)
	return service{names: append([]string{c.Name}, c.Aliases...), container: container, needs: c.Dependencies}, nil
}

// serviceImage returns the image that a service runs.
func serviceImage(source *dagger.Directory, c compose.Container) (*dagger.Container, error) {
	if c.Build == nil {
		return dag.Container().From(c.Image), nil
	}
	file := c.Build.Dockerfile
	if c.Build.Context != "." {
		var inside bool
		if file, inside = strings.CutPrefix(file, c.Build.Context+"/"); !inside {
			return nil, fmt.Errorf("its Dockerfile %s is not in its build context %s: move it there", c.Build.Dockerfile, c.Build.Context)
		}
	}
	var args []dagger.BuildArg
	for _, a := range c.Build.Args {
		name, value, _ := strings.Cut(a, "=")
		args = append(args, dagger.BuildArg{Name: name, Value: value})
	}
	return source.Directory(c.Build.Context).DockerBuild(dagger.DirectoryDockerBuildOpts{Dockerfile: file, Target: c.Build.Target, BuildArgs: args}), nil
}

// serviceArgs returns what a service starts: what its image says, but for what the
// Compose file does.
func serviceArgs(ctx context.Context, image *dagger.Container, c compose.Container) ([]string, error) {
	if c.Entrypoint != nil {
		return append(slices.Clone(c.Entrypoint), c.Command...), nil
	}
	args, err := image.Entrypoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("get its image: %w", explainExec(err))
	}
	if c.Command != nil {
		return append(args, c.Command...), nil
	}
	command, err := image.DefaultArgs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the command of its image: %w", err)
	}
	return append(args, command...), nil
}

// serviceHealthcheck returns the health check of a service: its image's, but for
// what the Compose file says.
func serviceHealthcheck(ctx context.Context, image *dagger.Container, over *compose.Healthcheck) (*probe.Healthcheck, error) {
	h := &probe.Healthcheck{}
	if over == nil || over.Test == nil {
		of := image.DockerHealthcheck()
		args, err := of.Args(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the HEALTHCHECK of its image: %w", explainExec(err))
		}
		if len(args) == 0 {
			return nil, nil
		}
		shell, err := of.Shell(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the HEALTHCHECK of its image: %w", err)
		}
		h.Test = append([]string{"CMD"}, args...)
		if shell {
			h.Test[0] = "CMD-SHELL"
		}
		for _, d := range []struct {
			read func(context.Context) (string, error)
			to   *time.Duration
		}{
			{of.Interval, &h.Interval}, {of.Timeout, &h.Timeout}, {of.StartPeriod, &h.StartPeriod}, {of.StartInterval, &h.StartInterval},
		} {
			text, err := d.read(ctx)
			if err == nil && text != "" {
				*d.to, err = time.ParseDuration(text)
			}
			if err != nil {
				return nil, fmt.Errorf("read the HEALTHCHECK of its image: %w", err)
			}
		}
		if h.Retries, err = of.Retries(ctx); err != nil {
			return nil, fmt.Errorf("read the HEALTHCHECK of its image: %w", err)
		}
	}
	if over == nil {
		return h, nil
	}
	if over.Test != nil {
		h.Test = over.Test
	}
	for _, d := range []struct {
		of time.Duration
		to *time.Duration
	}{
		{over.Interval, &h.Interval}, {over.Timeout, &h.Timeout}, {over.StartPeriod, &h.StartPeriod}, {over.StartInterval, &h.StartInterval},
	} {
		if d.of > 0 {
			*d.to = d.of
		}
	}
	if over.Retries > 0 {
		h.Retries = over.Retries
	}
	return h, nil
}

// withFiles mounts files of the source, as Compose does.
func withFiles(c *dagger.Container, source *dagger.Directory, files []compose.MountedFile) *dagger.Container {
	for _, f := range files {
		switch {
		case f.Source == "":
			c = c.WithMountedFile(f.Target, dag.File(path.Base(f.Target), f.Text))
		case f.Directory:
			c = c.WithMountedDirectory(f.Target, source.Directory(f.Source))
		default:
			c = c.WithMountedFile(f.Target, source.File(f.Source))
		}
	}
	return c
}

// bind gives a container the services, started for it alone: the engine runs those
// of the same content once, and a start has a name of its own.
func (s *services) bind(c *dagger.Container, start string) *dagger.Container {
	running := map[string]*dagger.Service{}
	for _, own := range s.own {
		container := own.container.WithEnvVariable(startVariable, start)
		for _, need := range own.needs {
			if svc := running[need]; svc != nil {
				container = container.WithServiceBinding(need, svc)
			}
		}
		for _, b := range s.bound {
			container = container.WithServiceBinding(b.name, b.service)
		}
		svc := container.AsService(dagger.ContainerAsServiceOpts{
			Args:   []string{path.Join(probeDirectory, probe.Program), probe.ServeCommand, path.Join(probeDirectory, "service.json")},
			NoInit: true,
		})
		running[own.names[0]] = svc
		for _, name := range own.names {
			c = c.WithServiceBinding(name, svc)
		}
	}
	for _, b := range s.bound {
		c = c.WithServiceBinding(b.name, b.service)
	}
	return c
}

// explainService says why a service did not become ready, where that is what an
// error comes of.
func explainService(err error) error {
	text := err.Error()
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		text = failed.Stderr + "\n" + failed.Stdout + "\n" + text
	}
	for line := range strings.Lines(text) {
		if _, reason, found := strings.Cut(line, probe.ServiceFailure); found {
			return fmt.Errorf("the service %s; correct its healthcheck or its settings, or give it more time with --start-timeout", strings.TrimSpace(reason))
		}
	}
	return explainExec(err)
}
