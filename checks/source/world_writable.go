package source

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var worldWritable = Check{
	Rule: checks.Rule{
		ID:        "source/world-writable",
		Title:     "No file of the image can be written by everybody",
		Severity:  checks.Medium,
		Why:       "Whatever gets to run in the container, as whatever user, can replace a file that everybody may write: the application's code, its configuration, a script that root runs next.",
		Fix:       "Give the files that the application writes to its user, and no more: COPY --chown=app:app, or RUN install -d -o app /data; group-writable directories (chmod g=u) do for an arbitrary user of group 0.",
		Reference: "https://docs.docker.com/reference/dockerfile/#copy---chown---chmod",
	},
	Good: `
FROM alpine:3.20
RUN adduser -D app && install -d -o app -m 0750 /data
COPY --chown=app:app --chmod=755 app /app
USER app
`,
	Bad: `
FROM alpine:3.20
RUN adduser -D app && mkdir /data && chmod -R 777 /data
COPY --chmod=777 app /app
USER app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		chain := s.Final.Chain()
		var findings []checks.Finding
		opened := map[*dockerfile.Stage][]opening{} // with those of the stages that it is built from
		for _, stage := range s.Reachable() {
			opened[stage] = slices.Clone(opened[stage.Base])
			judged := slices.Contains(chain, stage)
			report := func(o opening, suffix string) {
				f := checks.At(o.where, "%s lets everybody write %s%s", o.command, o.target, suffix)
				f.Subject, f.Fix = o.target, "Give it to the user that writes it, by chown or COPY --chown, and write "+o.mode()+" instead of "+o.written
				if !slices.ContainsFunc(findings, func(other checks.Finding) bool { return other.Location == f.Location }) {
					findings = append(findings, f)
				}
			}
			for _, in := range stage.Instructions {
				for _, o := range openings(in) {
					opened[stage] = append(opened[stage], o)
					if judged {
						report(o, "")
					}
				}
				for _, o := range copiedOpenings(in, opened) {
					if judged {
						report(o, ", and a COPY takes it into the image")
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// opening is what lets everybody write a file or directory.
type opening struct {
	where           checks.Location
	command, target string
	written         string // the mode as written
	path            string // absolute; empty if not known
	recursive       bool
}

// mode returns the mode without the right to write for others, as it is to be
// written.
func (o opening) mode() string {
	if n := len(o.written); strings.Trim(o.written, "01234567") == "" && n >= 3 {
		owner := o.written[:n-2]
		if owner[len(owner)-1]&1 == 1 || strings.Contains(o.written[n-2:], "7") {
			return owner + "55"
		}
		return owner + "44"
	}
	return "u+w"
}

// openings returns what an instruction lets everybody write, as far as it is still
// there at the end of it.
func openings(in *dockerfile.Instruction) []opening {
	if c, ok := in.Copy(); ok {
		mode := in.Expand(chmodOf(in))
		if !mode.Known || !isWorldWritable(mode.Text) {
			return nil
		}
		return []opening{{where: in.Find(chmodOf(in)), command: in.Keyword + " --chmod=" + mode.Text, target: c.Dest.Raw, written: mode.Text}}
	}
	if in.Keyword != "RUN" {
		return nil
	}
	var found []opening
	for n, call := range in.Calls {
		mode, targets, recursive := modeOf(call)
		if mode == "" || !isWorldWritable(mode) || isOptional(call) {
			continue
		}
		targets = slices.DeleteFunc(targets, func(target string) bool {
			absolute := in.Before.Resolve(in.Expand(target))
			return isKernelPath(absolute.Text) || absolute.Known && isMounted(in, absolute.Text) || slices.ContainsFunc(in.Calls[n+1:], func(later dockerfile.Call) bool { return undoes(later, target) })
		})
		if len(targets) == 0 {
			continue
		}
		o := opening{where: call.Location, command: call.Program() + " " + mode, target: strings.Join(targets, " "), written: mode, recursive: recursive}
		moved := slices.ContainsFunc(in.Calls[:n], func(c dockerfile.Call) bool { return c.Program() == "cd" })
		if absolute := in.Before.Resolve(in.Expand(targets[0])); absolute.Known && (!moved || path.IsAbs(targets[0])) {
			o.path = absolute.Text
		}
		found = append(found, o)
	}
	return found
}

// undoes reports whether a later call removes a file, or gives it another mode.
func undoes(call dockerfile.Call, target string) bool {
	mode, targets, _ := modeOf(call)
	switch {
	case call.Program() == "rm":
		targets = call.Words[1:]
	case mode == "" || isWorldWritable(mode):
		return false
	}
	return slices.ContainsFunc(targets, func(name string) bool {
		_, below := within(path.Clean(name), path.Clean(target))
		return below
	})
}

// chmodOf returns the mode that a COPY or ADD gives.
func chmodOf(in *dockerfile.Instruction) string {
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		return cmd.Chmod
	case *instructions.AddCommand:
		return cmd.Chmod
	}
	return ""
}

// modeOf returns the mode that a call gives to files, and which; empty if it gives
// none.
func modeOf(call dockerfile.Call) (mode string, targets []string, recursive bool) {
	words := call.Words
	switch call.Program() {
	case "find", "xargs":
		at := slices.Index(words, "chmod")
		if at < 0 {
			return "", nil, false
		}
		words, targets = words[at:], []string{"what " + call.Program() + " finds"}
		if call.Program() == "find" {
			targets = call.Words[1:2]
		}
		for _, word := range words[1:] {
			if !strings.HasPrefix(word, "-") {
				return word, targets, true
			}
		}
		return "", nil, false
	case "chmod":
		for _, word := range words[1:] {
			switch {
			case strings.HasPrefix(word, "--"):
				recursive = recursive || word == "--recursive"
			case strings.HasPrefix(word, "-") && strings.Trim(word[1:], "Rvcf") == "":
				recursive = recursive || strings.Contains(word, "R")
			case mode == "":
				mode = word
			default:
				targets = append(targets, word)
			}
		}
		return mode, targets, recursive
	case "install", "mkdir":
		for i := 1; i < len(words); i++ {
			word := words[i]
			value, assigned := strings.CutPrefix(word, "--mode=")
			switch {
			case assigned:
				mode = value
			case word == "-m" || word == "--mode" || len(word) > 2 && word[0] == '-' && word[1] != '-' && strings.HasSuffix(word, "m"):
				if i++; i < len(words) {
					mode = words[i]
				}
			case strings.HasPrefix(word, "-m"):
				mode = word[2:]
			case slices.Contains([]string{"-o", "-g", "--owner", "--group", "-S", "-Z"}, word):
				i++
			case !strings.HasPrefix(word, "-"):
				targets = append(targets, word)
			}
		}
		if call.Program() == "install" && len(targets) > 1 && !hasWord(call, "-d", "--directory") {
			targets = targets[len(targets)-1:]
		}
		return mode, targets, false
	}
	return "", nil, false
}

// isWorldWritable reports whether a mode lets everybody write, and not only add to
// a directory whose files stay those of their owners, as /tmp does.
func isWorldWritable(mode string) bool {
	if mode == "" {
		return false
	}
	if strings.Trim(mode, "01234567") == "" {
		sticky := len(mode) > 3 && (mode[len(mode)-4]-'0')&1 == 1
		return (mode[len(mode)-1]-'0')&2 == 2 && !sticky
	}
	writable, sticky := false, false
	for clause := range strings.SplitSeq(mode, ",") {
		at := strings.IndexAny(clause, "+-=")
		if at < 0 || strings.Trim(clause[:at], "ugoa") != "" {
			return false
		}
		who, permissions := clause[:at], clause[at+1:]
		if clause[at] == '-' {
			continue
		}
		sticky = sticky || strings.Contains(permissions, "t")
		// Without anybody named, the umask decides.
		writable = writable || strings.ContainsAny(who, "oa") && strings.Contains(permissions, "w")
	}
	return writable && !sticky
}

// copiedOpenings returns what a COPY takes from another stage of what everybody may
// write there.
func copiedOpenings(in *dockerfile.Instruction, opened map[*dockerfile.Stage][]opening) []opening {
	c, ok := in.Copy()
	if !ok || c.From == "" || chmodOf(in) != "" {
		return nil
	}
	at := slices.IndexFunc(in.Stage.References, func(r dockerfile.Reference) bool { return r.Instruction == in })
	if at < 0 || in.Stage.References[at].Stage == nil {
		return nil
	}
	var found []opening
	for _, o := range opened[in.Stage.References[at].Stage] {
		if o.path == "" {
			continue
		}
		if slices.ContainsFunc(c.Sources, func(src dockerfile.Value) bool {
			name := path.Join("/", src.Text)
			rel, takes := within(name, o.path)
			_, below := within(o.path, name)
			return src.Known && (takes && !c.Excludes(rel) || below && o.recursive)
		}) {
			found = append(found, o)
		}
	}
	return found
}
