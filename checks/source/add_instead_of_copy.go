package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var addInsteadOfCopy = Check{
	Rule: checks.Rule{
		ID:        "source/add-instead-of-copy",
		Title:     "ADD stands only where COPY would not do",
		Severity:  checks.Low,
		Why:       "ADD also fetches URLs and unpacks archives, depending on what it is given: a file that becomes an archive, or a variable that becomes a URL, changes the image without a word.",
		Fix:       "Write COPY for files and directories; keep ADD for archives to unpack, URLs and repositories.",
		Reference: "https://docs.docker.com/build/building/best-practices/#add-or-copy",
		Aliases:   []string{"DL3020", "DS-0005", "CKV_DOCKER_4", "CIS-4.9", "CIS-DI-0009"},
		Differs:   "CKV_DOCKER_4, CIS-4.9, CIS-DI-0009: ADD of an archive, a URL or a repository passes; source/remote-add judges the last two.",
	},
	Good: `
FROM alpine:3.20
COPY app /app
ADD rootfs.tar.gz /
`,
	Bad: `
FROM alpine:3.20
ADD app /app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				if c.Trigger || !isPlainAdd(c) {
					continue
				}
				what := "here document"
				if len(c.Sources) > 0 {
					what = c.Sources[0].Raw
				}
				f := checks.At(c.Location, "ADD of %s does no more than COPY", what)
				f.Fix = "Write COPY instead of ADD"
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// isPlainAdd reports whether an ADD does no more than COPY.
func isPlainAdd(c dockerfile.Copy) bool {
	add, ok := c.Command.(*instructions.AddCommand)
	return ok && add.Unpack == nil && !slices.ContainsFunc(c.Sources, needsAdd)
}

// needsAdd reports whether ADD may do something with a source that COPY does not.
func needsAdd(src dockerfile.Value) bool {
	if !src.Known || strings.Contains(src.Text, "://") || strings.HasPrefix(src.Text, "git@") || strings.HasPrefix(src.Text, "github.com/") {
		return true
	}
	name := path.Base(src.Text)
	extension := path.Ext(name)
	// A pattern may match an archive unless it ends like another file.
	if strings.ContainsAny(name, "*?[") && (extension == "" || strings.ContainsAny(extension, "*?[")) {
		return name != "*" || path.Dir(src.Text) != "."
	}
	return slices.Contains([]string{
		".tar", ".tgz", ".tbz", ".tbz2", ".tb2", ".txz", ".tlz", ".tzst", ".gz", ".bz2", ".xz", ".lz", ".lzma", ".zst", ".Z",
	}, extension)
}
