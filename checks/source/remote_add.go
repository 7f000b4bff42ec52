package source

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var remoteAdd = Check{
	Rule: checks.Rule{
		ID:        "source/remote-add",
		Title:     "Every ADD of a URL or a repository says which content it expects",
		Severity:  checks.Medium,
		Why:       "What is at a URL or on a branch changes: a rebuild takes another file, or the one that an intruder put there, and nobody notices.",
		Fix:       "Add the checksum, as in ADD --checksum=sha256:… https://example.com/file /file; for a repository, name the commit behind #.",
		Reference: "https://docs.docker.com/reference/dockerfile/#add---checksum",
	},
	Good: `
FROM alpine:3.20
ADD --checksum=sha256:93dcc18adc78c65a028a84799ecf8ad40c936fdfc5f2a57b1acda5a8117fa82c https://github.com/krallin/tini/releases/download/v0.19.0/tini-amd64 /tini
ADD https://github.com/krallin/tini.git#378bbbc8909a960e89de220b1a4e50781233a740 /src
`,
	Bad: `
FROM alpine:3.20
ADD https://github.com/krallin/tini/releases/download/v0.19.0/tini-amd64 /tini
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				add, ok := c.Command.(*instructions.AddCommand)
				if !ok || add.Checksum != "" {
					continue
				}
				for _, src := range c.Sources {
					if f, ok := judgeRemote(c, src); ok {
						findings = append(findings, f)
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

func judgeRemote(c dockerfile.Copy, src dockerfile.Value) (checks.Finding, bool) {
	url := src.Text
	if !src.Known {
		url = src.Raw
	}
	var f checks.Finding
	plain := strings.HasPrefix(url, "http://")
	if ref, isGit, err := dockerfile.ParseGit(url); isGit && err == nil && !ref.Local {
		if ref.Checksum != "" || isCommit(ref.Ref) || strings.Contains(ref.Ref, "$") {
			return checks.Finding{}, false
		}
		what := "the branch or tag " + ref.Ref
		if ref.Ref == "" {
			what = "the default branch"
		}
		f = checks.At(c.Find(src.Raw), "ADD takes %s of %s, which moves", what, ref.Remote)
		f.Fix = "Name the commit: " + ref.Remote + "#COMMIT, or ADD --checksum=COMMIT"
		plain = ref.Unencrypted
	} else if strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://") {
		f = checks.At(c.Find(src.Raw), "ADD takes %s without a checksum", url)
		f.Fix = "Write ADD --checksum=sha256:CHECKSUM " + src.Raw + " with the checksum that the project publishes"
	} else {
		return checks.Finding{}, false
	}
	f.Subject = url
	if plain {
		f.Severity = checks.High
		f.Message += "; the URL is not even encrypted"
	}
	return f, true
}

// isCommit reports whether a word is the hash of a commit, in full or in short.
func isCommit(ref string) bool {
	return len(ref) >= 7 && len(ref) <= 64 && strings.Trim(ref, "0123456789abcdef") == ""
}
