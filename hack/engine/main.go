// Command engine brings up a Dagger engine on a Debian machine without Docker,
// with a registry beside it that stands in for those that such a machine may not
// reach. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: hack/engine/enginectl COMMAND

  up      make and start what is not there yet; says nothing where all is
  stop    stop the engine and its registry
  status  say what runs, and where everything is
  env     print the variables by which another dagger command uses the engine
`

func main() {
	project := flag.String("project", ".", "the project's directory")
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	syscall.Umask(0o022)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if err := run(ctx, *project, flag.Args()); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted; run the same again to go on")
		}
		fmt.Fprintf(os.Stderr, "engine: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, project string, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one command is needed, not %q\n%s", args, usage)
	}
	project, err := filepath.Abs(project)
	if err != nil {
		return err
	}
	if err := checkThisMachine(); err != nil {
		return err
	}
	h, err := openHome()
	if err != nil {
		return err
	}
	i, err := openInstance(os.Getenv(instanceVariable))
	if err != nil {
		return err
	}
	p := &progress{out: os.Stderr}
	e := &engine{home: h, instance: i, dagger: filepath.Join(string(h), "dagger"), sdk: filepath.Join(string(h), "sdk")}
	switch args[0] {
	case "up":
		return locked(e, p, func() error { return up(ctx, project, e, p) })
	case "stop":
		return locked(e, p, func() error { return e.stop(ctx, p) })
	case "status":
		fmt.Print(status(e))
		return nil
	case "env":
		fmt.Printf("export _EXPERIMENTAL_DAGGER_RUNNER_HOST=%s PATH=%s:$PATH DAGGER_NO_NAG=1 DO_NOT_TRACK=1\n", i.host(), e.dagger)
		return nil
	}
	return fmt.Errorf("%q is not a command\n%s", args[0], usage)
}

// locked runs f while no other run of this program changes the engine or its home.
func locked(e *engine, p *progress, f func() error) error {
	free, err := lock(e.home.lockFile(), func() { p.line("waiting for another run to end ...") })
	if err != nil {
		return err
	}
	defer free()
	if err := e.checkHome(); err != nil {
		return err
	}
	return f()
}

// up makes everything that is not there or out of date, and starts what does not run.
func up(ctx context.Context, project string, e *engine, p *progress) error {
	// What an interrupted run has left: whoever else would use it waits for the lock.
	// What cannot be removed now, since its processes are only just dying, is another time.
	left, err := filepath.Glob(filepath.Join(e.home.tmp(), "*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		_ = os.RemoveAll(dir)
	}
	if err := installPackages(ctx, e.home, p); err != nil {
		return err
	}
	s, err := plan(ctx, e.home, project, time.Now())
	if err != nil {
		return err
	}
	if err := makeAll(ctx, e.home, p, s.all()); err != nil {
		return err
	}
	e.key = checksum(s.dagger.key(), s.sdk.key(), namespaceScript, engineConfig(e.instance), registryConfig(e.home))
	if err := e.ensure(ctx, p); err != nil {
		return err
	}
	keys := []string{}
	for _, s := range s.all() {
		keys = append(keys, s.key())
	}
	images, err := checksumTree(sources, "images.go", "registry.go", "database.go")
	if err != nil {
		return err
	}
	if err := push(ctx, e.home, e.instance, p, checksum(append(keys, images)...), s.images(), filepath.Join(string(e.home), s.database.dir)); err != nil {
		return err
	}
	return writeUserDefaults(project, []string{
		"IMAGEGATE_scannerImage=" + scannerImage,
		"IMAGEGATE_databaseRepository=" + e.instance.registry() + "/" + databaseRepository,
	})
}

func status(e *engine) string {
	var b strings.Builder
	state := "not running"
	if pid := e.pid(); pid != 0 {
		state = fmt.Sprintf("process %d at %s", pid, e.host())
	}
	for _, line := range [][2]string{
		{"engine", state},
		{"dagger", filepath.Join(e.dagger, "dagger")},
		{"registry", e.instance.registry() + ", " + mirrorAddress + " for the engine"},
		{"database", e.instance.registry() + "/" + databaseRepository + ", " + filepath.Join(string(e.home), "database")},
		{"scanner", scannerImage},
		{"state", string(e.home)},
		{"logs", e.home.logs()},
	} {
		fmt.Fprintf(&b, "%-9s %s\n", line[0], line[1])
	}
	return b.String()
}
