package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// defaultPath is the PATH that Docker gives to an image without one.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment returns the variables that Docker would start the image with,
// each once: nothing of the probe's own.
func environment(env []string) []string {
	values := map[string]string{}
	var names []string
	set := func(name, value string) {
		if _, ok := values[name]; !ok {
			names = append(names, name)
		}
		values[name] = value
	}
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok {
			set(name, value)
		}
	}
	if _, ok := values["PATH"]; !ok {
		set("PATH", defaultPath)
	}
	if host, err := os.Hostname(); err == nil && values["HOSTNAME"] == "" {
		set("HOSTNAME", host)
	}
	if values["HOME"] == "" {
		passwd, _ := os.ReadFile("/etc/passwd")
		set("HOME", home(string(passwd), os.Getuid()))
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name + "=" + values[name]
	}
	return out
}

// home returns the home directory of a user by the text of /etc/passwd; "/" if
// it has none, as Docker does.
func home(passwd string, uid int) string {
	for line := range strings.Lines(passwd) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 6 && fields[2] == strconv.Itoa(uid) && fields[5] != "" {
			return fields[5]
		}
	}
	return "/"
}

// lookup returns the path of a program as a container runtime finds it: by PATH
// of its environment if the name has no slash, else from the working directory.
func lookup(name string, env []string, dir string) (string, error) {
	if name == "" {
		return "", errors.New("it names no program")
	}
	if strings.Contains(name, "/") {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return path, executable(path)
	}
	var path string
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			path = v
		}
	}
	var denied error
	for _, d := range filepath.SplitList(path) {
		candidate := filepath.Join(d, name)
		if !filepath.IsAbs(candidate) {
			candidate = filepath.Join(dir, candidate)
		}
		err := executable(candidate)
		if err == nil {
			return candidate, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", fmt.Errorf("%s is in no directory of PATH (%s)", name, path)
}

func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not in the image: %w", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("%s cannot be reached by uid %d: %w", path, os.Getuid(), err)
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case syscall.Access(path, 1) != nil:
		return fmt.Errorf("%s is not executable for uid %d (mode %04o)", path, os.Getuid(), info.Mode().Perm())
	}
	return nil
}

// explain says why the kernel did not start a program that is there.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%s is no program for this machine: a script needs a first line as in #!/bin/sh, a binary the platform of the image", path)
	case errors.Is(err, syscall.ENOENT):
		if name, ok := interpreter(path); ok {
			return fmt.Errorf("%s is a script for %q, which is not in the image", path, name)
		}
		return fmt.Errorf("%s is in the image, but the dynamic loader that it is linked with is not: it was built for another libc (glibc, musl), or needs to be linked statically", path)
	}
	return fmt.Errorf("%s could not be started: %w", path, err)
}

// interpreter returns the program that the first line of a script names; false
// if the file is no script.
func interpreter(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	// The kernel reads no further either.
	first := make([]byte, 256)
	n, _ := io.ReadFull(f, first)
	line, _, _ := strings.Cut(string(first[:n]), "\n")
	line, ok := strings.CutPrefix(line, "#!")
	// A carriage return before the end of the line is part of the name.
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if !ok || len(fields) == 0 {
		return "", false
	}
	return fields[0], true
}
