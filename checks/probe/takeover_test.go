package probe

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The takeover depends on both: Go initialises packages in the order of their
// paths once their imports are, and what the generated code imports would come
// before a package that imports as much.
func TestIsInitialisedFirst(t *testing.T) {
	const module = "github.com/imagegate/imagegate/"
	if module+"checks/probe" >= module+"internal/dagger" {
		t.Error("the package comes after the one that needs a session")
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); strings.Contains(path, ".") {
				t.Errorf("%s imports %s, which is not of the standard library", file, path)
			}
		}
	}
}

// Under any other name the binary is what it was.
func TestTakesOverByName(t *testing.T) {
	for _, name := range []string{"runtime", Program + "-not", Program + "/app", ""} {
		cmd := exec.Cmd{Path: app, Args: []string{name, "-exit=9"}}
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 9 {
			t.Errorf("as %q: %v, want exit status 9", name, err)
		}
	}
}

// contained runs the probe as process 1 of new process, mount and network
// namespaces, in a root directory with nothing but the application in it, as a
// container runtime does.
func contained(t *testing.T, uid int, files map[string]string, spec Spec) Observation {
	t.Helper()
	return decode(t, container(t, syscall.CLONE_NEWNET, uid, files, spec), "", spec)
}

// container returns the command of contained, in a new network, or with 0 in that
// of the calling thread. A file of the base name setuid gets that bit.
func container(t *testing.T, network uintptr, uid int, files map[string]string, spec Spec) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("to make a container, run the tests as root")
	}
	root := t.TempDir()
	for _, dir := range []string{"proc", "dev", "app"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary, err := os.ReadFile(app)
	if err != nil {
		t.Fatal(err)
	}
	files["/dev/null"], files["/app/app"], files["/"+Program] = "", string(binary), string(binary)
	if err := os.Mkdir(filepath.Join(root, "root"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(root+name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) != "setuid" {
			continue
		}
		if err := os.Chmod(root+name, 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, root, spec)
	cmd := exec.Command(app, "contain", root, strconv.Itoa(uid), "/", "/"+Program, "/spec.json")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | network}
	return cmd
}

// An image of nothing but a static binary, run as a user who is in no
// /etc/passwd: no shell, no libc, no /tmp, nothing that the user could write.
func TestContained(t *testing.T) {
	t.Parallel()
	o := contained(t, 65532, map[string]string{}, Spec{
		Args: []string{"app", "-first=environment", "-on-stop=0", "-listen=@listening"}, User: "65532",
		Env: []string{"PATH=/app", "A=1", "B=2", "A=3"}, WorkingDir: "/app",
		Healthcheck: &Healthcheck{Test: []string{"CMD", "/app/app", "-dial=@listening"}},
		GracePeriod: patient, Settle: patient, StartTimeout: patient,
	})
	if got := verdict(o); got != "exit 0" || !o.Health.Healthy || o.User != "65532" {
		t.Fatalf("got %q: %+v", got, o)
	}
	main := o.Identities[0]
	ids := [4]int{65532, 65532, 65532, 65532}
	if len(o.Identities) != 1 || !main.Main || main.UIDs != ids || main.GIDs != ids || len(main.Groups) > 0 || strings.Trim(main.Effective, "0") != "" {
		t.Errorf("got %+v", o.Identities)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(o.Output.Head), "\n")
	if want := []string{"PATH=/app", "A=3", "B=2", "HOSTNAME=" + host, "HOME=/", "in /app"}; !slices.Equal(lines, want) {
		t.Errorf("the application saw %q, want %q", lines, want)
	}
	if o.Args[0] != "/app/app" {
		t.Errorf("started %q", o.Args)
	}
}

func TestContainedErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"no shell":            {Spec{Args: []string{"/bin/sh", "-c", "app"}}, "/bin/sh is not in the image"},
		"not for this user":   {Spec{Args: []string{"/root/app"}}, "/root/app cannot be reached by uid 65532"},
		"directory not hers":  {Spec{Args: []string{"/app/app"}, WorkingDir: "/root"}, "the working directory /root is not a directory that uid 65532 can reach"},
		"loader not there":    {Spec{Args: []string{"/linked"}}, "the dynamic loader that it is linked with is not"},
		"interpreter missing": {Spec{Args: []string{"/script"}}, `is a script for "/usr/bin/env"`},
	} {
		t.Run(name, func(t *testing.T) {
			linked, err := os.ReadFile("/bin/sh")
			if err != nil {
				t.Fatal(err)
			}
			o := contained(t, 65532, map[string]string{"/linked": string(linked), "/script": "#!/usr/bin/env node\n", "/root/app": ""}, c.spec)
			if !strings.Contains(o.StartError, c.want) {
				t.Errorf("got %+v, want a start error with %q", o, c.want)
			}
		})
	}
}

// Process 1 collects what the application leaves behind, and outlives the signals
// that the application sends to it.
func TestContainedAsProcess1(t *testing.T) {
	t.Parallel()
	o := contained(t, 65532, map[string]string{}, Spec{
		Args: []string{"/app/app", "-first=fork-twice", "-on-stop=0", "-listen=@listening"}, GracePeriod: patient, Settle: patient,
	})
	if got := verdict(o); got != "exit 0" || !slices.Equal(o.Stop.Left, []string{"exe"}) {
		t.Errorf("got %q: %+v", got, o)
	}
	o = contained(t, 65532, map[string]string{}, Spec{
		Args: []string{"/app/app", "-first=kill-1", "-on-stop=0", "-listen=@listening"}, GracePeriod: patient, Settle: patient,
	})
	if got := verdict(o); got != "exit 0" {
		t.Errorf("got %q: %+v", got, o)
	}
}

// A program that drops the rights of root was root.
func TestContainedRoot(t *testing.T) {
	t.Parallel()
	o := contained(t, 0, map[string]string{}, Spec{
		Args: []string{"/app/app", "-first=drop", "-on-stop=0", "-listen=@listening"}, GracePeriod: patient, Settle: patient,
	})
	if got := verdict(o); got != "exit 0" {
		t.Fatalf("got %q: %+v", got, o)
	}
	var uids []int
	for _, id := range o.Identities {
		if id.Main {
			uids = append(uids, id.UIDs[1])
		}
	}
	if !slices.Contains(uids, 0) || !slices.Contains(uids, 65532) {
		t.Errorf("the main process was seen as uid %v, want 0 and 65532", uids)
	}
}

// A program that takes the rights of root by its setuid bit is seen.
func TestContainedSetuid(t *testing.T) {
	t.Parallel()
	binary, err := os.ReadFile(app)
	if err != nil {
		t.Fatal(err)
	}
	o := contained(t, 65532, map[string]string{"/app/setuid": string(binary)}, Spec{
		Args: []string{"/app/app", "-first=setuid", "-on-stop=0", "-listen=@listening"}, GracePeriod: patient, Settle: patient,
	})
	if got := verdict(o); got != "exit 0" || len(o.Identities) < 2 {
		t.Fatalf("got %q: %+v", got, o)
	}
	// On a busy machine its process may be seen before it executes the program, too.
	main, other := o.Identities[0], o.Identities[len(o.Identities)-1]
	if !main.Main || main.UIDs[1] != 65532 || other.Main || other.PID == main.PID || other.UIDs != [4]int{65532, 0, 0, 0} || strings.Trim(other.Permitted, "0") == "" {
		t.Errorf("got %+v", o.Identities)
	}
}
