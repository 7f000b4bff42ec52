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
	atLeast := flag.Int("files", 300, "how many files to lint: those found are repeated until there are as many")
	flag.Parse()
	if err := run(*runs, *atLeast, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(runs, atLeast int, args []string) error {
	if len(args) < 2 || args[1] != "lint" || runs < 1 {
		return errors.New("usage: hack/bench lint [DIR…]")
	}
	root, dirs := args[0], args[2:]
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
	files, err := write(dir, found, atLeast)
	if err != nil {
		return err
	}
	tools := []tool{
		{"imagegate", append([]string{"imagegate", "lint", "--format=json"}, files...)},
		{"hadolint", append([]string{"hadolint", "--no-fail", "--format=json"}, files...)},
		{"tally", append([]string{"tally", "lint", "--format=json"}, files...)},
	}
	usages := make([][]usage, len(tools))
	for range runs {
		for i, t := range tools {
			u, err := t.measure()
			if err != nil {
				return err
			}
			usages[i] = append(usages[i], u)
		}
	}
	fmt.Printf("%d Dockerfiles (%d different), %d runs each, medians\n\n", len(files), len(found), runs)
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

// dockerfiles returns the Dockerfiles below the directories, and those in txtar
// archives there.
func dockerfiles(dirs []string) ([][]byte, error) {
	var found [][]byte
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
				found = append(found, text)
			case filepath.Ext(path) == ".txtar":
				for _, file := range txtar.Parse(text).Files {
					if isDockerfile(filepath.Base(file.Name)) {
						found = append(found, file.Data)
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

func isDockerfile(name string) bool {
	return name == "Dockerfile" || strings.HasPrefix(name, "Dockerfile.") || strings.HasSuffix(name, ".Dockerfile")
}

// write writes the files into directories of their own, repeated until there are
// at least as many, and returns their paths.
func write(dir string, texts [][]byte, atLeast int) ([]string, error) {
	var files []string
	for i := 0; i < atLeast || i < len(texts); i++ {
		path := filepath.Join(dir, fmt.Sprint(i), "Dockerfile")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
		if err := os.WriteFile(path, texts[i%len(texts)], 0o644); err != nil {
			return nil, fmt.Errorf("write the files: %w", err)
		}
		files = append(files, path)
	}
	return files, nil
}

type tool struct {
	name string
	args []string
}

// usage is what a process and its children took.
type usage struct {
	cpu, wall time.Duration
	memory    int64 // bytes, of the largest process
}

// measure runs the tool once. That it finds something is no failure; that it
// prints nothing is.
func (t tool) measure() (usage, error) {
	cmd := exec.Command(t.args[0], t.args[1:]...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return usage{}, fmt.Errorf("run %s: %w", t.name, err)
	}
	if out.Len() == 0 {
		return usage{}, fmt.Errorf("run %s: it printed nothing: %v: %s", t.name, err, errs.String())
	}
	resources := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall, resources.Maxrss << 10}, nil
}

// median returns the run with the median CPU time.
func median(all []usage) usage {
	slices.SortFunc(all, func(a, b usage) int { return int(a.cpu - b.cpu) })
	return all[len(all)/2]
}
