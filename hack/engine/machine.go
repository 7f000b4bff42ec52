package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// debianPackages are what the engine runs on and what its images are made with,
// each with a file by which it is known to be there.
var debianPackages = []struct{ name, file string }{
	{"binutils", "/usr/bin/strip"},
	{"ca-certificates", "/usr/sbin/update-ca-certificates"},
	{"containernetworking-plugins", "/usr/lib/cni/bridge"},
	{"dnsmasq-base", "/usr/sbin/dnsmasq"},
	{"docker-registry", "/usr/bin/docker-registry"},
	{"git", "/usr/bin/git"},
	{"iproute2", "/usr/bin/ip"},
	{"iptables", "/usr/sbin/iptables"},
	{"mmdebstrap", "/usr/bin/mmdebstrap"},
	{"procps", "/usr/sbin/sysctl"},
	{"runc", "/usr/sbin/runc"},
}

// checkMachine tells why the engine cannot run here; nil where it can.
func checkMachine(goarch string, uid int, osRelease string) error {
	const instead = "use a machine with Docker and the dagger command, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST to an engine elsewhere"
	switch {
	case goarch != "amd64" && goarch != "arm64":
		return fmt.Errorf("the engine runs on amd64 and arm64 only, not on %s: %s", goarch, instead)
	case release(osRelease, "ID") != "debian" || release(osRelease, "VERSION_ID") != "12":
		return fmt.Errorf("the engine runs on Debian 12 only, not on %q: %s", release(osRelease, "PRETTY_NAME"), instead)
	case uid != 0:
		return fmt.Errorf("the engine has to be started by root, for its namespaces: run this as root, or %s", instead)
	}
	return nil
}

// release returns a value of an os-release file.
func release(text, key string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && name == key {
			return strings.Trim(value, `"'`)
		}
	}
	return ""
}

func checkThisMachine() error {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return fmt.Errorf("find out which Linux this is: %w", err)
	}
	return checkMachine(runtime.GOARCH, os.Getuid(), string(text))
}

// installPackages installs the Debian packages that are missing.
func installPackages(ctx context.Context, h home, p *progress) error {
	var missing []string
	for _, pkg := range debianPackages {
		if _, err := os.Stat(pkg.file); err != nil {
			missing = append(missing, pkg.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install %s: %w", strings.Join(missing, ", "), err)
	}
	name := filepath.Join(h.logs(), "apt.log")
	log, err := os.Create(name)
	if err != nil {
		return err
	}
	defer log.Close()
	return p.during("Debian packages "+strings.Join(missing, " "), func() error {
		env := []string{"DEBIAN_FRONTEND=noninteractive"}
		commands := [][]string{
			{"apt-get", "-qq", "update"},
			append([]string{"apt-get", "-qq", "install", "--yes", "--no-install-recommends"}, missing...),
		}
		if _, err := os.Stat("/run/systemd/system"); err == nil {
			// The package starts a registry for the whole machine, which nobody asked for.
			commands = append(commands, []string{"systemctl", "disable", "--now", "docker-registry"})
		}
		for _, args := range commands {
			if err := (command{args: args, env: env, log: log}).run(ctx); err != nil {
				return &stepError{"install Debian packages (is a Debian mirror reachable?)", name, err}
			}
		}
		return nil
	})
}
