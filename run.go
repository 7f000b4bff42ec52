package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/probe"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Build the image, start it as in production, and judge what it does.
//
// Does it stay up, is no process root, does its HEALTHCHECK turn healthy, and fail
// where the application hangs, does it end on its stop signal, refuse to start
// without its variables, keep its secrets? Prints one table of what was found, and
// ends non-zero where anything blocks.
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
	m, by := m.under(ctx, source)
	return m.only(ctx, source, by, m.run(ctx, source))
}

// run returns the gate. The probe goes to the engine at once, before the image is there.
func (m *Imagegate) run(ctx context.Context, source *dagger.Directory) imageGate {
	program := sync.OnceValues(func() (*dagger.File, error) { return ownBinary(ctx) })
	go program()
	return func(ctx context.Context, img *tarball, p platformImage) report.Gate {
		// The way of the tarball to the engine, which this gate shares with the scan, is
		// no part of it.
		archive, err := img.file()
		return timed(ctx, "run", p.label, func(ctx context.Context) []checks.Result {
			if err != nil {
				return checks.Errors(runtime.All(), err)
			}
			native, err := dag.DefaultPlatform(ctx)
			if err != nil {
				return checks.Errors(runtime.All(), fmt.Errorf("ask the engine for its platform: %w", err))
			}
			if p.Platform.String() != string(native) {
				return checks.Skips(runtime.All(), fmt.Sprintf("%s images do not run on this engine, which is %s: run the gate on one that is", p.Platform, native))
			}
			binary, err := program()
			if err != nil {
				return runtime.NotRun(err)
			}
			run, err := m.runs(ctx, source, archive, binary, p)
			if err != nil {
				return runtime.NotRun(err)
			}
			return checks.Run(runtime.All(), run)
		})
	}
}

const (
	// probeDirectory is where the probe is mounted in a copy of the image.
	probeDirectory = "/.imagegate"
	// documentDirectory is where the probe writes its observation.
	documentDirectory = probeDirectory + "/out"
	// startVariable makes each start one of its own: what comes of a machine that was
	// too busy must not be served again, and no start may disturb another.
	startVariable = "IMAGEGATE_STARTED"
	// settle bounds the wait for an image that does not show that it has started.
	settle = 2 * time.Second
	// stayUp is how long an image has to stay up: longer than a start that fails on
	// something that is not there takes, and so short that the gate takes about 3 s
	// more than the image itself does to be healthy and to stop.
	stayUp = 2500 * time.Millisecond
	// sideBySide bounds how many starts without a required variable there are at once.
	sideBySide = 4
)

// rehearsal is what all starts of one image have in common.
type rehearsal struct {
	spec probe.Spec
	// image is a copy of the tarball's, and container the same with the probe and
	// what the caller mounts.
	image, container *dagger.Container
	// secrets are the variables that are secret.
	secrets  map[string]*dagger.Secret
	services *services
	required []string
	expected runtime.Expected
	// mounted are the paths of what is mounted in the container.
	mounted []string
}

// runs starts the image as in production and, beside that, without each of the
// variables that it requires.
func (m *Imagegate) runs(ctx context.Context, source *dagger.Directory, archive, binary *dagger.File, p platformImage) (*runtime.Run, error) {
	r, err := m.rehearsal(ctx, source, archive, binary, p)
	if err != nil {
		return nil, err
	}
	run := &runtime.Run{Expected: r.expected}
	for _, name := range r.required {
		for _, empty := range []bool{false, true} {
			run.Refusals = append(run.Refusals, runtime.Refusal{Variable: name, Empty: empty})
		}
	}
	failed := make([]error, len(run.Refusals)+1)
	places := make(chan struct{}, sideBySide)
	var side sync.WaitGroup
	side.Go(func() {
		var executed *dagger.Container
		if run.Observation, executed, failed[0] = r.start(ctx, r.spec, r.secrets); failed[0] != nil {
			return
		}
		var err error
		if run.Changes, err = r.changes(ctx, executed); err != nil {
			run.NoChanges = "the engine could not compare the root file system before the start and after the end: " + err.Error()
		}
	})
	for i := range run.Refusals {
		side.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			refusal := &run.Refusals[i]
			if refusal.Observation, failed[i+1] = r.refuse(ctx, refusal.Variable, refusal.Empty); failed[i+1] != nil {
				failed[i+1] = fmt.Errorf("start without %s: %w", refusal.Variable, failed[i+1])
			}
		})
	}
	side.Wait()
	if failed[0] != nil { // what keeps the image from being run at all is said once
		return nil, failed[0]
	}
	return run, errors.Join(failed...)
}

// rehearsal prepares the starts. What runs is a copy of the tarball's image with the
// probe mounted: the tarball stays as it is.
func (m *Imagegate) rehearsal(ctx context.Context, source *dagger.Directory, archive, binary *dagger.File, p platformImage) (*rehearsal, error) {
	env, err := pairs("env", m.Env)
	if err != nil {
		return nil, err
	}
	given := map[string]string{}
	for _, e := range env {
		given[e.name] = e.value
	}
	files := newDirectoryFS(ctx, source)
	application := &compose.Application{}
	if len(m.Compose) > 0 {
		application, err = compose.FindApplication(files, compose.ApplicationOptions{
			Paths: m.Compose, Service: m.ComposeService, Dockerfile: m.Dockerfile, Target: m.Target, Env: given,
		})
		if err != nil {
			return nil, err
		}
	}
	r := &rehearsal{secrets: map[string]*dagger.Secret{}}
	for i, secret := range m.SecretEnv {
		name, err := m.secretName(ctx, i)
		if err != nil {
			return nil, err
		}
		r.secrets[name] = secret
	}
	r.spec = m.spec(p)
	r.spec.Env = slices.Concat(r.spec.Env, application.Environment)
	for _, e := range env {
		r.spec.Env = append(r.spec.Env, e.name+"="+e.value)
	}
	r.spec.Env = slices.DeleteFunc(r.spec.Env, func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return r.secrets[name] != nil
	})
	r.required = m.requires(files, p)
	r.expected = runtime.Expected{
		Exposed:   slices.Sorted(maps.Keys(p.Config.Config.ExposedPorts)),
		Writable:  slices.Concat(slices.Sorted(maps.Keys(p.Config.Config.Volumes)), application.Writable, m.Tmpfs),
		MaxMemory: r.spec.MaxMemory, MaxProcesses: r.spec.MaxProcesses,
	}
	if len(m.Compose) == 0 {
		r.expected.ComposeFile = compose.ApplicationFile(files)
	}
	if r.services, err = m.services(ctx, source, binary, application.Services); err != nil {
		return nil, err
	}
	r.image, err = withKnownGroup(ctx, p.Config.Config.User,
		dag.Container(dagger.ContainerOpts{Platform: dagger.Platform(p.Platform.String())}).Import(archive))
	if err != nil {
		return nil, err
	}
	r.container = withFiles(r.image, source, application.Files).
		WithMountedFile(path.Join(probeDirectory, probe.Program), binary).
		// Whoever the image's user is, and whatever else it may not write to.
		WithMountedDirectory(documentDirectory, dag.Directory().WithNewDirectory("to", dagger.DirectoryWithNewDirectoryOpts{Permissions: 0o777}).Directory("to"))
	r.mounted = []string{probeDirectory, "/dev", "/proc", "/sys", "/etc/hosts", "/etc/resolv.conf"}
	for _, f := range application.Files {
		r.mounted = append(r.mounted, f.Target)
	}
	return r, nil
}

// start starts the image under the probe, with services of its own. It returns the
// container as the start left it, too.
func (r *rehearsal) start(ctx context.Context, spec probe.Spec, secrets map[string]*dagger.Secret) (*probe.Observation, *dagger.Container, error) {
	container := r.container
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		spec.Secrets = append(spec.Secrets, name)
		container = container.WithSecretVariable(name, secrets[name])
	}
	spec.Document = path.Join(documentDirectory, "observation.json")
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the probe's specification: %w", err)
	}
	start := time.Now().Format(time.RFC3339Nano) + " " + rand.Text()
	executed := r.services.bind(container, start).
		WithMountedFile(path.Join(probeDirectory, "spec.json"), dag.File("spec.json", string(text))).
		WithEnvVariable(startVariable, start).
		WithExec([]string{path.Join(probeDirectory, probe.Program), path.Join(probeDirectory, "spec.json")},
			dagger.ContainerWithExecOpts{NoInit: true})
	out, err := executed.File(spec.Document).Contents(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("run the image under the probe: %w", explainService(err))
	}
	observation, err := runtime.Decode(strings.NewReader(out))
	return observation, executed, err
}

// refuse starts the image with one variable unset, or empty, only to see whether it
// starts.
func (r *rehearsal) refuse(ctx context.Context, variable string, empty bool) (*probe.Observation, error) {
	spec, secrets := r.spec, maps.Clone(r.secrets)
	spec.StartOnly = true
	delete(secrets, variable)
	spec.Env = slices.DeleteFunc(slices.Clone(spec.Env), func(e string) bool { return strings.HasPrefix(e, variable+"=") })
	if empty {
		spec.Env = append(spec.Env, variable+"=")
	}
	observation, _, err := r.start(ctx, spec, secrets)
	return observation, err
}

// changes compares the root file system of the image with what a start has left,
// without what the engine itself puts there to mount something.
//
// The engine knows at once which paths are of another snapshot, but not what is gone
// from a directory; to tell that, it reads every file of both. So that is asked only
// where there is something to tell.
func (r *rehearsal) changes(ctx context.Context, executed *dagger.Container) (*runtime.Changes, error) {
	before, after := r.image.Rootfs(), executed.Rootfs()
	touched, err := before.Diff(after).Glob(ctx, "**")
	if err != nil {
		return nil, err
	}
	// Those that have another owner, or mode, among them: the comparison does not tell.
	changes := &runtime.Changes{Modified: applicationPaths(touched, r.mounted)}
	if len(changes.Modified) == 0 {
		return changes, nil
	}
	changed := after.Changes(before)
	for _, kind := range []struct {
		paths func(context.Context) ([]string, error)
		to    *[]string
	}{
		{changed.AddedPaths, &changes.Added}, {changed.ModifiedPaths, &changes.Modified}, {changed.RemovedPaths, &changes.Removed},
	} {
		paths, err := kind.paths(ctx)
		if err != nil {
			return nil, err
		}
		*kind.to = append(*kind.to, applicationPaths(paths, r.mounted)...)
	}
	slices.Sort(changes.Modified)
	return changes, nil
}

// applicationPaths returns the paths, absolute and sorted, that are neither where
// something is mounted nor a directory above that.
func applicationPaths(paths, mounted []string) []string {
	var found []string
	for _, p := range paths {
		p = path.Join("/", p)
		within := func(dir string) bool {
			return p == dir || strings.HasPrefix(p, dir+"/") || strings.HasPrefix(dir, p+"/")
		}
		if p != "/" && !slices.ContainsFunc(mounted, within) {
			found = append(found, p)
		}
	}
	slices.Sort(found)
	return found
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

// spec returns the probe's specification of one platform's image, with the image's
// own environment.
func (m *Imagegate) spec(p platformImage) probe.Spec {
	config := p.Config.Config
	spec := probe.Spec{
		Version: probe.Version, User: config.User, Args: append(append([]string{}, config.Entrypoint...), config.Cmd...), Env: config.Env,
		WorkingDir: config.WorkingDir, Shell: config.Shell, StopSignal: config.StopSignal,
		Healthcheck: (*probe.Healthcheck)(p.Healthcheck),
		GracePeriod: milliseconds(m.GracePeriod), StartTimeout: milliseconds(m.StartTimeout), Settle: settle, StayUp: stayUp,
		CheckInterval: milliseconds(m.HealthcheckInterval),
		SlowPath:      m.SlowPath, MetricsPath: m.MetricsPath,
		MaxMemory: int64(m.MaxMemory), MaxProcesses: m.MaxProcesses,
	}
	if spec.SlowPath == "" {
		spec.SlowPath = config.Labels[runtime.SlowPathLabel]
	}
	if spec.MetricsPath == "" {
		spec.MetricsPath = config.Labels[runtime.MetricsPathLabel]
	}
	for port := range config.ExposedPorts {
		number, protocol, _ := strings.Cut(port, "/")
		if n, err := strconv.Atoi(number); err == nil && (protocol == "" || protocol == "tcp") {
			spec.Ports = append(spec.Ports, n)
		}
	}
	slices.Sort(spec.Ports)
	return spec
}

// requires returns the names of the variables without which the image has to refuse
// to start, sorted.
func (m *Imagegate) requires(source *directoryFS, p platformImage) []string {
	names := slices.Concat(m.Required, dockerfile.LabelledVariables(p.Config.Config.Labels[dockerfile.RequiredLabel]))
	// The lint gate reports a Dockerfile that cannot be read.
	if d, err := dockerfile.Load(source, dockerfile.Options{Dockerfile: m.Dockerfile, Target: m.Target}); err == nil {
		for _, v := range d.Required() {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ownBinary gives the module's own binary, which is the probe by another name, to the
// engine.
func ownBinary(ctx context.Context) (*dagger.File, error) {
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
	return deliver(ctx, probe.Program, dag.CurrentModule().WorkdirFile(probe.Program))
}
