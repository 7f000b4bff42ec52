package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
)

// NodeManifest is a package.json of an application, or a lock file of npm's, as
// far as it tells what is for development.
type NodeManifest struct {
	// Path is absolute: "/app/package-lock.json".
	Path string
	// Directory is what the names in Dev are relative to.
	Directory string
	// Lock is whether it is a lock file, which tells for every package whether
	// production needs it; a package.json tells only what the application names.
	Lock bool
	// Dev are the paths of the packages for development alone, sorted:
	// "node_modules/jest".
	Dev []string

	layer, index int
}

const (
	// MaxManifest is how many bytes of such a file are read, as of one of Python's, and
	// maxDev how many packages of all of them are kept.
	MaxManifest = 16 << 20
	maxDev      = 20_000
	// maxNesting is how deep values may lie in each other in one.
	maxNesting = 100
)

// isNodeManifest reports whether a file is one that decodeNodeManifest reads.
func isNodeManifest(name string) bool {
	switch path.Base(name) {
	case "package-lock.json", "npm-shrinkwrap.json":
		return !published(name)
	case ".package-lock.json": // what npm installed, in node_modules itself
		return path.Base(path.Dir(name)) == "node_modules" && !published(path.Dir(path.Dir(name)))
	case "package.json":
		return !published(name)
	}
	return false
}

// decodeNodeManifest reads a file that isNodeManifest knows, package by package,
// so that no more than one is held. It returns false for one that is none after
// all: npm would not read it either.
func decodeNodeManifest(name string, body io.Reader) (NodeManifest, bool) {
	m := NodeManifest{Path: "/" + name, Directory: path.Dir("/" + name), Lock: path.Base(name) != "package.json"}
	if path.Base(name) == ".package-lock.json" {
		m.Directory = path.Dir(m.Directory)
	}
	decoder := json.NewDecoder(io.LimitReader(body, MaxManifest))
	dev, production := map[string]bool{}, map[string]bool{}
	err := eachMember(decoder, func(key string) error {
		switch {
		case m.Lock && key == "packages":
			return eachMember(decoder, func(pkg string) error {
				return eachMember(decoder, func(key string) error {
					if key != "dev" {
						return skipValue(decoder)
					}
					value, err := decoder.Token()
					if value == true && len(dev) < maxDev {
						dev[path.Clean(pkg)] = true
					}
					return err
				})
			})
		case !m.Lock && (key == "devDependencies" || key == "dependencies" || key == "optionalDependencies" || key == "peerDependencies"):
			return eachMember(decoder, func(pkg string) error {
				if err := skipValue(decoder); err != nil {
					return err
				}
				if key != "devDependencies" {
					production["node_modules/"+pkg] = true
				} else if len(dev) < maxDev {
					dev["node_modules/"+pkg] = true
				}
				return nil
			})
		}
		return skipValue(decoder)
	})
	if err != nil {
		return NodeManifest{}, false
	}
	maps.DeleteFunc(dev, func(pkg string, _ bool) bool { return production[pkg] })
	m.Dev = slices.Sorted(maps.Keys(dev))
	return m, true
}

// eachMember calls member for each key of the object that a decoder stands at;
// member reads the value.
func eachMember(decoder *json.Decoder, member func(key string) error) error {
	start, err := decoder.Token()
	if err != nil {
		return err
	}
	if start != json.Delim('{') {
		return errors.New("not an object")
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%v is no key", token)
		}
		if err := member(key); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// skipValue reads the value that a decoder stands at, and keeps nothing of it.
func skipValue(decoder *json.Decoder) error {
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxNesting {
				return fmt.Errorf("values lie more than %d deep in each other", maxNesting)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
