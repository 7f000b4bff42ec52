// Command bench measures imagegate beside its peers, which hack/bench puts on
// the PATH. It prints what each took as a table, and as ratios to imagegate.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/tools/txtar"
)

func main() {
	runs := flag.Int("runs", 5, "how often each tool is run; the median counts")
	size := flag.Int("size", 1000, "how many MB the image has that is made up, uncompressed")
	atLeast := flag.Int("files", 300, "how many files to lint: those found are repeated until there are as many")
	flag.Parse()
	if err := run(*runs, *atLeast, *size, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(runs, atLeast, size int, args []string) error {
	switch {
	case len(args) < 2 || runs < 1 || size < 1:
	case args[1] == "lint":
		return benchLint(runs, atLeast, args[0], args[2:])
	case args[1] == "image":
		return benchImages(runs, size, args[2:])
	}
	return errors.New("usage: hack/bench lint [DIR…], or hack/bench image [ARCHIVE…]")
}

func benchLint(runs, atLeast int, root string, dirs []string) error {
	if len(dirs) == 0 {
		dirs = []string{filepath.Join(root, "examples"), filepath.Join(root, "checks")}
	}
	found, err := dockerfiles(dirs)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return fmt.Errorf("make a directory for the files: %w", err)
	}
	defer os.RemoveAll(dir)
	if found, err = leaveOut(filepath.Join(dir, "found"), found); err != nil {
		return err
	}
	files, err := write(filepath.Join(dir, "files"), found, atLeast)
	if err != nil {
		return err
	}
	usages := make([][]usage, len(tools))
	for range runs {
		for i, t := range tools {
			u, err := t.measure(files)
			if err != nil {
				return err
			}
			usages[i] = append(usages[i], u)
		}
	}
	fmt.Printf("\n%d Dockerfiles (%d different), %d runs each, medians\n\n", len(files), len(found), runs)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tool\tCPU\tper file\twall\tpeak memory\tCPU, ratio\tmemory, ratio\t")
	ours := median(usages[0])
	for i, t := range tools {
		u := median(usages[i])
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d MB\t%.1f\t%.1f\t\n", t.name,
			u.cpu.Round(time.Millisecond), (u.cpu / time.Duration(len(files))).Round(10*time.Microsecond), u.wall.Round(time.Millisecond),
			u.memory>>20, float64(u.cpu)/float64(ours.cpu), float64(u.memory)/float64(ours.memory))
	}
	return w.Flush()
}

// source is a Dockerfile that was found.
type source struct {
	name string // its path, and that in an archive behind a colon
	text string
}

// dockerfiles returns the Dockerfiles below the directories, and those in txtar
// archives there, each text once.
func dockerfiles(dirs []string) ([]source, error) {
	var found []source
	seen := map[string]bool{}
	add := func(name, text string) {
		if !seen[text] {
			seen[text] = true
			found = append(found, source{name, text})
		}
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			switch {
			case isDockerfile(entry.Name()):
				add(path, string(text))
			case filepath.Ext(path) == ".txtar":
				for _, file := range txtar.Parse(text).Files {
					if isDockerfile(filepath.Base(file.Name)) {
						add(path+":"+file.Name, string(file.Data))
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for Dockerfiles: %w", err)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no Dockerfile below %s", strings.Join(dirs, ", "))
	}
	return found, nil
}

// leaveOut returns the Dockerfiles that every tool reads to their end, and says which
// others there are: a tool that ends at the first one has less to do. They are
// written into dir.
func leaveOut(dir string, found []source) ([]source, error) {
	files, err := write(dir, found, 0)
	if err != nil {
		return nil, err
	}
	names := map[string]string{} // by the paths
	for i, file := range files {
		names[file] = found[i].name
	}
	left := files
	for _, t := range tools {
		refused, err := bisect(left, t.accepts)
		if err != nil {
			return nil, err
		}
		for _, file := range refused {
			fmt.Printf("left out, %s does not read it: %s\n", t.name, names[file])
		}
		left = slices.DeleteFunc(slices.Clone(left), func(file string) bool { return slices.Contains(refused, file) })
	}
	fmt.Printf("left out: %d of %d Dockerfiles\n", len(files)-len(left), len(files))
	if len(left) == 0 {
		return nil, errors.New("no tool reads all of any Dockerfile: is each of them installed?")
	}
	var sources []source
	for i, file := range files {
		if slices.Contains(left, file) {
			sources = append(sources, found[i])
		}
	}
	return sources, nil
}

// bisect returns the files that are not accepted, by themselves or with others.
func bisect(files []string, accepts func([]string) (bool, error)) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	ok, err := accepts(files)
	switch {
	case err != nil, ok:
		return nil, err
	case len(files) == 1:
		return files, nil
	}
	first, err := bisect(files[:len(files)/2], accepts)
	if err != nil {
		return nil, err
	}
	second, err := bisect(files[len(files)/2:], accepts)
	return append(slices.Clone(first), second...), err
}

func isDockerfile(name string) bool {
	return name == "Dockerfile" || strings.HasPrefix(name, "Dockerfile.") || strings.HasSuffix(name, ".Dockerfile")
}

// write writes the files into directories of their own, repeated until there are
// at least as many, and returns their paths.
func write(dir string, sources []source, atLeast int) ([]string, error) {
	var files []string
	for i := 0; i < atLeast || i < len(sources); i++ {
		path := filepath.Join(dir, fmt.Sprint(i), "Dockerfile")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
		if err := os.WriteFile(path, []byte(sources[i%len(sources)].text), 0o644); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
		files = append(files, path)
	}
	return files, nil
}

type tool struct {
	name string
	args []string // the files come behind
	// refuses reports whether a run says that it has not read all of a file.
	refuses func(exit int, output string) bool
}

// tools are those that are measured, ours first. What asks a registry is switched
// off.
var tools = []tool{
	{"imagegate", []string{"imagegate", "lint", "--format=json"}, func(exit int, _ string) bool { return exit != 0 && exit != 1 }},
	{"hadolint", []string{"hadolint", "--no-fail", "--format=json"}, func(exit int, output string) bool { return exit != 0 || strings.Contains(output, `"DL1000"`) }},
	{"tally", []string{"tally", "lint", "--format=json", "--slow-checks=off"}, func(exit int, _ string) bool { return exit != 0 && exit != 1 }},
}

// usage is what a process and its children took.
type usage struct {
	cpu, wall time.Duration
	memory    int64 // bytes, of the largest process
}

// accepts reports whether the tool reads all of each file.
func (t tool) accepts(files []string) (bool, error) {
	_, err := t.measure(files)
	var refusal *refusal
	if errors.As(err, &refusal) {
		return false, nil
	}
	return err == nil, err
}

// refusal is that a tool has not read all of each file.
type refusal struct{ tool, says string }

func (r *refusal) Error() string { return r.tool + " does not read each file: " + r.says }

// measure runs the tool once. That it finds something is no failure; that it prints
// nothing is one.
func (t tool) measure(files []string) (usage, error) {
	u, exit, out, errs, err := measure(slices.Concat(t.args, files))
	if err != nil {
		return usage{}, err
	}
	if out == "" || t.refuses(exit, out) {
		return usage{}, &refusal{t.name, errs}
	}
	return u, nil
}

// measure runs a command once, and returns what it took, the status that it ends
// with, and what it prints.
func measure(args []string) (u usage, exit int, stdout, stderr string, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err = cmd.Run()
	wall := time.Since(start)
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return usage{}, 0, "", "", fmt.Errorf("run %s: %w", args[0], err)
	}
	resources := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	u = usage{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall, resources.Maxrss << 10}
	return u, cmd.ProcessState.ExitCode(), out.String(), errs.String(), nil
}

// median returns the run with the median CPU time.
func median(all []usage) usage {
	slices.SortFunc(all, func(a, b usage) int { return int(a.cpu - b.cpu) })
	return all[len(all)/2]
}
