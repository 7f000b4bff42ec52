package image

import (
	"archive/tar"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var writableCode = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/writable-code",
		Title:     "The user that the container runs as may not change its program",
		Severity:  checks.Medium,
		Why:       "Whoever breaks into the application can then rewrite it, and what they leave survives every restart of the container.",
		Fix:       "leave the application's files to root: COPY without --chown, and give the user only the directories that it writes to; or run with a read-only root file system",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Strict:    true,
	},
	Good: `{
  "image": {"os": "linux", "config": {"User": "10001", "WorkingDir": "/app"}},
  "files": {"/app/server.js": "1", "/app/data": {"directory": true, "owner": "10001:0"}}
}`,
	Bad: `{
  "image": {"os": "linux", "config": {"User": "10001", "WorkingDir": "/app"}},
  "files": {"/app/server.js": {"content": "1", "owner": "10001:0"}}
}`,
	Judge: judgeWritableCode,
}

// codeExtensions are those of files that are executed without an executable bit.
var codeExtensions = []string{".js", ".mjs", ".cjs", ".ts", ".py", ".pyc", ".rb", ".php", ".pl", ".sh", ".jar", ".war", ".class", ".dll", ".so", ".ex", ".beam", ".lua", ".node", ".wasm"}

func judgeWritableCode(img *Image) checks.Outcome {
	who, err := resolveUser(img.Config.Config.User, img.Files[passwdFile], img.Files[groupFile])
	if err != nil || who.uid == 0 {
		return checks.Skip("the container runs as root, or as nobody known: see image/user")
	}
	app := strings.Trim(path.Clean("/"+img.Config.Config.WorkingDir), "/")
	found := groups{}
	for e := range img.Tree.All() {
		if e.Type != tar.TypeReg || !who.may(e, 0o2) {
			continue
		}
		program := e.Mode&0o111 != 0 || slices.Contains(codeExtensions, path.Ext(e.Path))
		if program && (e.Mode&0o111 != 0 || app != "" && strings.HasPrefix(e.Path, app+"/")) {
			found.add(upTo(path.Dir(e.Path)), e)
		}
	}
	return checks.Found(found.findings(func(g *group) checks.Finding {
		return checks.At(checks.Location{Path: g.name}, "%s may change %s", who, g)
	})...)
}
