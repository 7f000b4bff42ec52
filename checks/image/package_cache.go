package image

import (
	"archive/tar"
	"maps"
	"path"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var packageCache = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/package-cache",
		Title:     "No cache or list of a package manager is left in the image",
		Severity:  checks.Medium,
		Why:       "What a package manager has downloaded is of no use once it is installed, is often larger than what it was downloaded for, and lists of packages are old the day after.",
		Fix:       "use a cache mount (RUN --mount=type=cache), or delete the cache in the same RUN; apt: rm -rf /var/lib/apt/lists/*; apk: --no-cache; pip: --no-cache-dir; npm: rm -rf /root/.npm",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DKL-DI-0005"},
	},
	Good: `{
  "files": {"/var/lib/apt/lists/lock": {"size": 0}, "/app/server": {"size": 5000000}}
}`,
	Bad: `{
  "files": {
    "/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4": {"size": 17000000},
    "/root/.npm/_cacache/content-v2/sha512/00/01/x": {"size": 40000000}
  }
}`,
	Judge: judgePackageCache,
}

// A cache is where a package manager keeps what it no longer needs.
type cache struct {
	of string
	// dirs are directories from the root on; those with ~ at their start are
	// looked for in every directory, as a home is one.
	dirs []string
}

var caches = []cache{
	{"apt", []string{"var/lib/apt/lists", "var/cache/apt"}},
	{"apk", []string{"var/cache/apk", "etc/apk/cache"}},
	{"dnf", []string{"var/cache/dnf", "var/cache/yum", "var/cache/libdnf5", "var/cache/zypp"}},
	{"pip", []string{"~.cache/pip"}},
	{"uv", []string{"~.cache/uv"}},
	{"Poetry", []string{"~.cache/pypoetry"}},
	{"pipenv", []string{"~.cache/pipenv"}},
	{"conda", []string{"opt/conda/pkgs", "opt/miniconda/pkgs"}},
	{"npm", []string{"~.npm/_cacache"}},
	{"Yarn", []string{"usr/local/share/.cache/yarn", "~.cache/yarn", "~.yarn/berry/cache"}},
	{"pnpm", []string{"~.local/share/pnpm/store", "~.pnpm-store", "~.cache/pnpm"}},
	{"Bun", []string{"~.bun/install/cache"}},
	{"node-gyp", []string{"~.cache/node-gyp", "~.node-gyp"}},
	{"Go", []string{"~.cache/go-build", "go/pkg/mod", "root/go/pkg/mod"}},
	{"Cargo", []string{"~.cargo/registry", "usr/local/cargo/registry"}},
	{"Maven", []string{"~.m2/repository"}},
	{"Gradle", []string{"~.gradle/caches"}},
	{"Bundler", []string{"~.bundle/cache", "usr/local/bundle/cache"}},
	{"Composer", []string{"~.composer/cache", "~.cache/composer"}},
	{"NuGet", []string{"~.nuget/packages", "~.local/share/NuGet"}},
}

// fewBytes is how much of a cache does no harm: its locks and empty indexes.
const fewBytes = 100_000

func judgePackageCache(img *Image) checks.Outcome {
	found, names := groups{}, map[string]string{}
	for e := range img.Tree.All() {
		if e.Type != tar.TypeReg {
			continue
		}
		for _, c := range caches {
			if dir, ok := c.dirOf(e.Path); ok {
				found.add(dir, e)
				if found[dir] != nil {
					names[dir] = c.of
				}
			}
		}
	}
	maps.DeleteFunc(found, func(name string, g *group) bool { return name != elsewhere && g.Bytes < fewBytes })
	return checks.Found(found.findings(func(g *group) checks.Finding {
		f := checks.At(checks.Location{Path: g.name}, "the cache of %s, %s in %s, comes with %s", names[g.name], humanSize(g.Bytes), files(g.Files), img.layerName(g.layer))
		f.Subject = names[g.name]
		return f
	})...)
}

// dirOf returns the directory of the cache that a file lies in, absolute.
func (c cache) dirOf(name string) (string, bool) {
	for _, dir := range c.dirs {
		dir, anywhere := strings.CutPrefix(dir, "~")
		if strings.HasPrefix(name, dir+"/") {
			return "/" + dir, true
		}
		if i := strings.Index(name, "/"+dir+"/"); anywhere && i >= 0 {
			return path.Join("/", name[:i], dir), true
		}
	}
	return "", false
}
