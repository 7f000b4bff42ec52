package image

import (
	"archive/tar"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var worldWritable = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/world-writable",
		Title:     "No file or directory may be written by everybody",
		Severity:  checks.Medium,
		Why:       "Whoever breaks in as any user may change such a file: a program or its configuration then does what they want, for every other user too.",
		Fix:       "give the file to the user that writes it (COPY --chown, chown) in place of chmod 777; a directory for everybody needs the sticky bit, as /tmp has it (chmod 1777)",
		Reference: "https://man7.org/linux/man-pages/man7/inode.7.html",
	},
	Good: `{
  "files": {"/tmp": {"directory": true, "mode": "1777"}, "/app/server": {"mode": "755", "size": 5000000}}
}`,
	Bad: `{
  "files": {"/app/data": {"directory": true, "mode": "777"}, "/app/server": {"mode": "777", "size": 5000000}}
}`,
	Judge: judgeWorldWritable,
}

// mountedOver are directories that a container never sees as the image has them.
var mountedOver = []string{"dev", "proc", "sys"}

func judgeWorldWritable(img *Image) checks.Outcome {
	found := groups{}
	for e := range img.Tree.All() {
		if e.Mode&0o002 == 0 || e.Type != tar.TypeReg && e.Type != tar.TypeDir || e.Mode&fs.ModeSticky != 0 {
			continue
		}
		if top, _, _ := strings.Cut(e.Path, "/"); slices.Contains(mountedOver, top) {
			continue
		}
		found.add(path.Dir("/"+e.Path), e)
	}
	return checks.Found(found.findings(func(g *group) checks.Finding {
		return checks.At(g.place(), "%s may be written by everybody in %s: %s; from %s",
			count(g.Files, "entry"), g.name, named(g.samples, g.Files), img.layerName(g.layer))
	})...)
}
