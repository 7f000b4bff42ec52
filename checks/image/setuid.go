package image

import (
	"archive/tar"
	"io/fs"
	"path"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var setuid = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/setuid",
		Title:     "No setuid or setgid program is in the image beside those of its distribution",
		Severity:  checks.Medium,
		Why:       "Such a program runs with its owner's rights, root's as a rule, whoever starts it: a fault in one turns a break-in of the application into root in the container.",
		Fix:       "leave the program out, or take the bit away where it is installed (chmod u-s,g-s); run containers with --security-opt no-new-privileges as well",
		Reference: "https://docs.docker.com/engine/security/#linux-kernel-capabilities",
		Aliases:   []string{"CIS-DI-0008", "CIS-4.8"},
		Differs:   "CIS-DI-0008 and CIS-4.8 find those of the distribution too, such as su, mount and passwd: every image on Debian has them, and none that is built on it can be without.",
	},
	Good: `{
  "files": {"/usr/bin/su": {"mode": "4755", "size": 72000}, "/usr/bin/chage": {"mode": "2755", "size": 72000}}
}`,
	Bad: `{
  "files": {"/usr/bin/su": {"mode": "4755", "size": 72000}, "/usr/bin/sudo": {"mode": "4755", "size": 280000}}
}`,
	Judge: judgeSetuid,
}

// ofDistributions are the setuid and setgid programs in the base images of Debian,
// Ubuntu, Alpine, Fedora and their kin, by their names in directories of the
// system: what their essential packages bring (util-linux, shadow, pam), and
// bbsuid, which Alpine's busybox needs for the same.
var ofDistributions = []string{
	"su", "mount", "umount", "passwd", "chfn", "chsh", "chage", "expiry", "gpasswd", "newgrp", "newuidmap", "newgidmap", "wall", "write", "bsd-write",
	"unix_chkpwd", "unix2_chkpwd", "pam_timestamp_check", "userhelper", "utempter", "bbsuid", "dotlockfile",
}

var systemDirs = []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/libexec/utempter", "/usr/lib/utempter", "/usr/lib/x86_64-linux-gnu/utempter", "/usr/lib/aarch64-linux-gnu/utempter"}

func judgeSetuid(img *Image) checks.Outcome {
	found := groups{}
	for e := range img.Tree.All() {
		if e.Type != tar.TypeReg || e.Mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 {
			continue
		}
		dir, base := path.Dir("/"+e.Path), path.Base(e.Path)
		switch {
		case e.Mode&0o111 == 0:
			// Without an executable bit it starts nothing.
		case slices.Contains(systemDirs, dir) && slices.Contains(ofDistributions, base):
			// Every image on the distribution has it.
		default:
			found.add(dir, e)
		}
	}
	return checks.Found(found.findings(func(g *group) checks.Finding {
		return checks.At(g.place(), "%s with a setuid or setgid bit in %s: %s; from %s", files(g.Files), g.name, named(g.samples, g.Files), img.layerName(g.layer))
	})...)
}
