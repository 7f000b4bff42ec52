package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// home is the directory that keeps everything between runs: deleting it (with
// the engine stopped) forgets all.
type home string

func (h home) tmp() string      { return filepath.Join(string(h), "tmp") }
func (h home) logs() string     { return filepath.Join(string(h), "log") }
func (h home) lockFile() string { return filepath.Join(string(h), "lock") }

// state is the engine's own store, with its caches.
func (h home) state() string { return filepath.Join(string(h), "state") }

// private is where the engine mounts what only it sees.
func (h home) private() string { return filepath.Join(string(h), "private") }

// registry is where the registry keeps its images.
func (h home) registry() string { return filepath.Join(string(h), "registry") }

func openHome() (home, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w", err)
	}
	h := home(filepath.Join(cache, "imagegate"))
	return h, errors.Join(os.MkdirAll(h.logs(), 0o755), os.MkdirAll(h.tmp(), 0o755))
}

// instance is what one engine occupies on the machine.
type instance struct {
	// name is of its bridge and of its uplink.
	name string
	// run is the directory with its socket and its process id.
	run string
	// uplink is the network between the machine (.1) and the engine (.2).
	uplink string
	// containers is the network of the engine's containers.
	containers string
}

// instanceVariable numbers the engine, so that several can be up side by side,
// each with a state home of its own.
const instanceVariable = "IMAGEGATE_ENGINE_INSTANCE"

func openInstance(number string) (instance, error) {
	if number == "" {
		return instance{"imagegate", "/run/imagegate", "10.96.0", "10.97.0.0/16"}, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 2 || n > 9 {
		return instance{}, fmt.Errorf("%s=%q is not a number from 2 to 9", instanceVariable, number)
	}
	return instance{
		name:       fmt.Sprintf("imagegate%d", n),
		run:        fmt.Sprintf("/run/imagegate-%d", n),
		uplink:     fmt.Sprintf("10.%d.0", 100+2*n),
		containers: fmt.Sprintf("10.%d.0.0/16", 101+2*n),
	}, nil
}

// host is where the engine names its runner for the Dagger CLI.
func (i instance) host() string { return "unix://" + i.socket() }

func (i instance) socket() string { return filepath.Join(i.run, "engine.sock") }

// registry is the registry's address for the machine, for the engine and for its
// containers. It is a private one, so that clients of registries use plain HTTP
// without being told to.
func (i instance) registry() string { return i.uplink + ".2:5000" }
