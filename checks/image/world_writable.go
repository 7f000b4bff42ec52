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
	findings := make([]checks.Finding, 0, len(found))
	for _, g := range found.sorted() {
		f := checks.At(checks.Location{Path: g.samples[0].Path}, "%s may be written by everybody in %s: %s; from %s", count(g.Files, "entry"), g.name, named(g.samples, g.Files), img.layerName(g.layer))
		findings = append(findings, f)
	}
	return checks.Found(few(findings, found)...)
}

// maxGroups is how many directories have a finding each; beyond that they are
// counted.
const maxGroups = 10

// few returns the findings of the first groups, and one for all others.
func few(findings []checks.Finding, found groups) []checks.Finding {
	if len(findings) <= maxGroups {
		return findings
	}
	rest := 0
	for _, g := range found.sorted()[maxGroups:] {
		rest += g.Files
	}
	return append(findings[:maxGroups:maxGroups], checks.At(checks.Location{}, "%d more in %s", rest, count(len(findings)-maxGroups, "other directory")))
}
