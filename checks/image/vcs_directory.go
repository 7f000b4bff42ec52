package image

import (
	"archive/tar"
	"maps"
	"path"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var vcsDirectory = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/vcs-directory",
		Title:     "No repository of a version control system is in the image",
		Severity:  checks.High,
		Why:       "A repository holds every version of every file, secrets that were deleted years ago among them, and often the credentials that it is fetched with; a web server may hand it out.",
		Fix:       "write .git into .dockerignore, and delete what a RUN clones in that RUN",
		Reference: "https://docs.docker.com/build/concepts/context/#dockerignore-files",
	},
	Good: `{
  "files": {"/app/server": {"size": 5000000}, "/app/.gitignore": "node_modules\n"}
}`,
	Bad: `{
  "files": {
    "/app/.git/HEAD": "ref: refs/heads/main\n",
    "/app/.git/objects/pack/pack-1.pack": {"size": 5000000}
  }
}`,
	Judge: judgeVCSDirectory,
}

func judgeVCSDirectory(img *Image) checks.Outcome {
	found := groups{}
	for e := range img.Tree.All() {
		if e.Type != tar.TypeReg {
			continue
		}
		if dir, ok := within(e.Path, func(step string) bool { return slices.Contains([]string{".git", ".svn", ".hg", ".bzr"}, step) }); ok {
			found.add(dir, e)
		}
	}
	maps.DeleteFunc(found, func(name string, _ *group) bool {
		// No more than its hooks, or the file of a submodule.
		_, err := img.Tree.Lookup(path.Join(name, "HEAD"))
		return path.Base(name) == ".git" && err != nil
	})
	return checks.Found(found.findings(func(g *group) checks.Finding {
		f := checks.At(checks.Location{Path: g.name}, "a repository, %s in %s, comes with %s", humanSize(g.Bytes), files(g.Files), img.layerName(g.layer))
		if published(g.name[1:] + "/") {
			f.Severity = checks.Low // what everybody can clone
		}
		return f
	})...)
}

// within returns the topmost directory of a path, absolute, whose name fits.
func within(name string, fits func(step string) bool) (string, bool) {
	for i, b := range []byte(name) {
		if b == '/' && fits(path.Base(name[:i])) {
			return "/" + name[:i], true
		}
	}
	return "", false
}
