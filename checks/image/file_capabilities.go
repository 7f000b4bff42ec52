package image

import (
	"path"

	"github.com/imagegate/imagegate/checks"
)

var fileCapabilities = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/file-capabilities",
		Title:     "No program gives capabilities of the kernel to whoever starts it",
		Severity:  checks.Medium,
		Why:       "File capabilities are a part of root's rights, given as setuid gives all of them; where a container has dropped them, the program does not even start (operation not permitted).",
		Fix:       "leave the program out, or take them away where it is installed (setcap -r); a server needs none for a port above 1023",
		Reference: "https://man7.org/linux/man-pages/man7/capabilities.7.html",
	},
	Good: `{
  "files": {"/usr/bin/ping": {"mode": "755", "size": 90000}}
}`,
	Bad: `{
  "files": {"/app/server": {"mode": "755", "size": 9000000, "capabilities": true}}
}`,
	Judge: judgeFileCapabilities,
}

func judgeFileCapabilities(img *Image) checks.Outcome {
	found := groups{}
	for e := range img.Tree.All() {
		if e.Capabilities {
			found.add(path.Dir("/"+e.Path), e)
		}
	}
	return checks.Found(found.findings(func(g *group) checks.Finding {
		return checks.At(g.place(), "%s with capabilities in %s: %s; from %s", files(g.Files), g.name, named(g.samples, g.Files), img.layerName(g.layer))
	})...)
}
