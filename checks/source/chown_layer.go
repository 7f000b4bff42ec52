package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var chownLayer = Check{
	Rule: checks.Rule{
		ID:        "source/chown-layer",
		Title:     "COPY sets owner and mode by itself",
		Severity:  checks.Medium,
		Why:       "A RUN that changes the owner or the mode of files of an earlier layer writes each of them once more: the image holds them twice.",
		Fix:       "Write COPY --chown=app:app or COPY --chmod=0755, and remove the RUN.",
		Reference: "https://docs.docker.com/reference/dockerfile/#copy---chown---chmod",
	},
	Good: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY --chown=node:node . .
USER node
`,
	Bad: `
FROM node:22.12.0-alpine
WORKDIR /app
COPY . .
RUN chown -R node:node /app
USER node
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		var copies []dockerfile.Copy
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if c, ok := in.Copy(); ok {
					if weighs(s, c) {
						copies = append(copies, c)
					}
					continue
				}
				if in.Keyword != "RUN" {
					continue
				}
				var all []rewriting // by the copy
				for i, call := range in.Calls {
					o, ok := parseOwnership(in, i)
					if !ok || !o.recursive {
						continue
					}
					c, name, ok := o.rewrites(in, copies)
					if !ok {
						continue
					}
					at := slices.IndexFunc(all, func(r rewriting) bool { return r.Instruction == c.Instruction })
					if at < 0 {
						at, all = len(all), append(all, rewriting{Copy: c, where: call.Location, to: name})
					}
					all[at].by = append(all[at].by, o)
				}
				for _, r := range all {
					f := checks.At(r.where, "%s writes what line %d copies to %s once more, into another layer", r.programs(" -R"), r.Location.Line, r.to)
					f.Subject, f.Fix = r.to, r.fix(s)
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// weighs reports whether a copy may bring more than a few small files: manifests
// and configuration that it names are not worth a word.
func weighs(s *dockerfile.Source, c dockerfile.Copy) bool {
	if c.From != "" {
		return true
	}
	return slices.ContainsFunc(c.ContextPaths(), func(name string) bool {
		switch ext := path.Ext(name); {
		case s.IsDir(name):
			return true
		case name != "." && s.Exists(name), ext != "" && name != ".":
			return slices.Contains([]string{".jar", ".war", ".ear", ".zip", ".gz", ".tgz", ".xz", ".bz2", ".tar", ".whl", ".deb", ".rpm", ".bin"}, ext)
		}
		return true
	})
}

// rewrites returns the first of the copies all of whose files it changes, and
// where they are.
func (o ownership) rewrites(in *dockerfile.Instruction, copies []dockerfile.Copy) (dockerfile.Copy, string, bool) {
	for _, target := range o.paths {
		if mounted(in, target) {
			continue
		}
		for _, c := range copies {
			to := c.Before.Resolve(c.Dest)
			if to.Known && liesIn(to.Text, target) {
				return c, to.Text, true
			}
		}
	}
	return dockerfile.Copy{}, "", false
}

// rewriting is what a RUN writes once more of what a COPY or ADD has brought.
type rewriting struct {
	dockerfile.Copy
	where checks.Location
	to    string
	by    []ownership
}

// programs returns the names of those that do, each once and with what follows it.
func (r rewriting) programs(suffix string) string {
	var names []string
	for _, o := range r.by {
		if name := o.program + suffix; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// fix says how the instruction itself gives the owner and the mode.
func (r rewriting) fix(s *dockerfile.Source) string {
	keyword := r.Keyword
	if isPlainAdd(r.Copy) {
		keyword = "COPY"
	}
	flags := map[string]string{}
	user := ""
	for _, o := range r.by {
		switch value := o.value; {
		case o.program == "chmod" && isWorldWritable(value):
			flags["--chmod="] = "755"
			if strings.Trim(value, "01234567") == "" {
				flags["--chmod="] = opening{written: value}.mode()
			}
		case o.program == "chmod":
			flags["--chmod="] = value
		case !strings.Contains(strings.Join(r.Text(), " "), "--chown") && slices.Contains([]string{"root", "0", "root:root", "0:0"}, value):
			// What a copy gives without being told.
		case o.program == "chgrp":
			flags["--chown="] = user + ":" + value
		default:
			user = o.owner()
			flags["--chown="] = value
		}
	}
	var written []string
	for _, name := range []string{"--chown=", "--chmod="} {
		if value, ok := flags[name]; ok {
			written = append(written, name+value)
		}
	}
	if len(written) == 0 {
		return fmt.Sprintf("Take %s out of the %s: what %s brings belongs to root anyway.", r.to, r.programs(""), keyword)
	}
	write := fmt.Sprintf("Write %s %s in line %d", keyword, strings.Join(written, " "), r.Location.Line)
	if line := createdBehind(s, user, r.Location.Line); line > 0 {
		write = fmt.Sprintf("Create the user %s before line %d instead of in line %d, write %s %s there", user, r.Location.Line, line, keyword, strings.Join(written, " "))
	}
	return fmt.Sprintf("%s, and take %s out of the %s.", write, r.to, r.programs(""))
}

// createdBehind returns the line behind another one in which a user is created that
// is not there before; 0 if none is.
func createdBehind(s *dockerfile.Source, user string, line int) int {
	behind := 0
	for _, a := range createdAccounts(s) {
		switch at := a.call.Location.Line; {
		case a.name != user:
		case at < line:
			return 0
		case behind == 0:
			behind = at
		}
	}
	return behind
}
