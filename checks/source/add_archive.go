package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var addArchive = Check{
	Rule: checks.Rule{
		ID:        "source/add-archive",
		Title:     "An archive of the build context is unpacked by ADD",
		Severity:  checks.Low,
		Why:       "The layer of the COPY keeps the archive, beside the layer with what tar makes of it, even if the RUN removes it: the image holds its content twice.",
		Fix:       "Write ADD app.tar.gz /opt/ instead of COPY and tar.",
		Reference: "https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives",
		Aliases:   []string{"DL3010"},
		Differs:   "DL3010 finds every archive that is copied and named by a later tar, unzip or gunzip. Here it is one that ADD would unpack to the same place: a tar of the build context, unpacked whole, with nothing stripped, and not compared with a checksum first.",
	},
	Good: `
FROM debian:12.8-slim
ADD app.tar.gz /opt/
`,
	Bad: `
FROM debian:12.8-slim
COPY app.tar.gz /tmp/
RUN tar -xzf /tmp/app.tar.gz -C /opt && rm /tmp/app.tar.gz
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Final.Chain() {
			archives := map[string]dockerfile.Copy{} // by where they are
			for _, in := range stage.Instructions {
				if name, c, ok := copiedArchive(in); ok {
					archives[name] = c
				}
				if in.Keyword != "RUN" || in.Trigger || slices.ContainsFunc(in.Calls, verifies) {
					continue
				}
				for _, call := range in.Calls {
					archive, to, ok := unpacksWhole(in, call)
					c, copied := archives[archive]
					if !ok || !copied || isOptional(call) {
						continue
					}
					delete(archives, archive)
					f := checks.At(c.Location, "COPY leaves %s in a layer of its own, and line %d unpacks it: ADD does both", path.Base(archive), call.Location.Line)
					f.Subject = path.Base(archive)
					f.Fix = "Write ADD " + c.Sources[0].Raw + " " + strings.TrimSuffix(to, "/") + "/ instead, and leave tar out"
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// tarExtensions are the ends of the names of archives that ADD unpacks.
var tarExtensions = []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"}

// copiedArchive returns where a COPY puts the one archive that it takes from the
// build context.
func copiedArchive(in *dockerfile.Instruction) (string, dockerfile.Copy, bool) {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	if !ok || in.Trigger || cmd.From != "" || cmd.Chown != "" || cmd.Chmod != "" {
		return "", dockerfile.Copy{}, false
	}
	c, _ := in.Copy()
	if len(c.Sources) != 1 || !c.Sources[0].Known || strings.ContainsAny(c.Sources[0].Text, "*?[") || !isTar(c.Sources[0].Text) {
		return "", dockerfile.Copy{}, false
	}
	dest := in.Before.Resolve(c.Dest)
	if !dest.Known {
		return "", dockerfile.Copy{}, false
	}
	if strings.HasSuffix(c.Dest.Text, "/") || path.Base(c.Dest.Text) == "." || !isTar(dest.Text) {
		return path.Join(dest.Text, path.Base(c.Sources[0].Text)), c, true
	}
	return dest.Text, c, true
}

func isTar(name string) bool {
	return slices.ContainsFunc(tarExtensions, func(e string) bool { return strings.HasSuffix(name, e) })
}

// unpacksWhole returns the archive that a call of tar unpacks as ADD would, and
// where to.
func unpacksWhole(in *dockerfile.Instruction, call dockerfile.Call) (archive, to string, ok bool) {
	if call.Program() != "tar" || !unpacks(call) || len(call.Through) > 0 || slices.ContainsFunc(in.Calls, func(c dockerfile.Call) bool { return c.Program() == "cd" }) {
		return "", "", false
	}
	to = "."
	words := call.Words[1:]
	for i := 0; i < len(words); i++ {
		word := words[i]
		next := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch name, value, assigned := strings.Cut(word, "="); {
		case name == "--file" || name == "--directory":
			if !assigned {
				value = next()
			}
			if name == "--file" {
				archive = value
			} else {
				to = value
			}
		case slices.Contains([]string{"--extract", "--get", "--gzip", "--gunzip", "--verbose", "--xz", "--bzip2", "--no-same-permissions"}, word):
		case word == "-C":
			to = next()
		case strings.HasPrefix(word, "--"):
			return "", "", false
		case i == 0 || strings.HasPrefix(word, "-"):
			letters := strings.TrimPrefix(word, "-")
			if strings.Trim(letters, "xzvjJfp") != "" {
				return "", "", false
			}
			if strings.HasSuffix(letters, "f") {
				archive = next()
			} else if strings.Contains(letters, "f") && i == 0 && !strings.HasPrefix(word, "-") {
				archive = next()
			}
		default:
			return "", "", false // some of its files
		}
	}
	from, dir := in.Before.Resolve(in.Expand(archive)), in.Before.Resolve(in.Expand(to))
	return from.Text, dir.Text, archive != "" && from.Known && dir.Known
}
