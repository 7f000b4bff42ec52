package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Distroless's static image is put together as distroless itself does it: from
// Debian's packages, unpacked, with an entry for each in a directory that
// scanners read, and without a package manager, a shell or a C library.

// distrolessPackages are those of gcr.io/distroless/static-debian12.
var distrolessPackages = []string{"base-files", "ca-certificates", "media-types", "netbase", "tzdata"}

// Ids of the distroless user, which the image's tag "nonroot" runs as.
const nonroot = 65532

// distrolessFiles are the files of the image that are no package's.
var distrolessFiles = map[string]string{
	"etc/passwd": `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
`,
	"etc/group": `root:x:0:
nobody:x:65534:
tty:x:5:
staff:x:50:
nonroot:x:65532:
`,
	"etc/nsswitch.conf": "hosts: files dns\n",
}

// distrolessDirs are directories of the image, with mode and owner.
var distrolessDirs = []struct {
	path string
	mode fs.FileMode
	id   int
}{
	{"root", 0o700, 0},
	{"home", 0o755, 0},
	{"home/nonroot", 0o700, nonroot},
	{"tmp", 0o777 | fs.ModeSticky, 0},
}

// distrolessDownload is what gets the packages, run in Debian's root.
func distrolessDownload() string {
	return "mkdir /debs; cd /debs; apt-get -qq -o APT::Sandbox::User=root download " + strings.Join(distrolessPackages, " ")
}

// writeDistroless makes the image's root of the packages in debs and the
// certificates of Debian's root.
func writeDistroless(ctx context.Context, root, debs, debian string, log *os.File) error {
	status := filepath.Join(root, "var/lib/dpkg/status.d")
	if err := os.MkdirAll(status, 0o755); err != nil {
		return err
	}
	for _, name := range distrolessPackages {
		found, err := filepath.Glob(filepath.Join(debs, name+"_*.deb"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d packages of %s in %s, not one", len(found), name, debs)
		}
		if err := (command{args: []string{"dpkg-deb", "--extract", found[0], root}, log: log}).run(ctx); err != nil {
			return err
		}
		control, err := output(ctx, "dpkg-deb", "--field", found[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(status, name), []byte(control+"\n"), 0o644); err != nil {
			return err
		}
	}
	// Of the documentation, the licences.
	err := filepath.WalkDir(filepath.Join(root, "usr/share"), func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "man" || d.Name() == "lintian"):
			if err := os.RemoveAll(file); err != nil {
				return err
			}
			return fs.SkipDir
		case strings.Contains(file, "/usr/share/doc/") && !d.IsDir() && d.Name() != "copyright":
			return os.Remove(file)
		}
		return nil
	})
	if err != nil {
		return err
	}
	certificates, err := os.ReadFile(filepath.Join(debian, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		return err
	}
	files := map[string]string{"etc/ssl/certs/ca-certificates.crt": string(certificates)}
	for name, text := range distrolessFiles {
		files[name] = text
	}
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, d := range distrolessDirs {
		dir := filepath.Join(root, d.path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(dir, d.mode); err != nil {
			return err
		}
		if err := os.Chown(dir, d.id, d.id); err != nil {
			return err
		}
	}
	return nil
}
