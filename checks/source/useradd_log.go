package source

import (
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var useraddLog = Check{
	Rule: checks.Rule{
		ID:        "source/useradd-log",
		Title:     "useradd with a high uid writes no log of logins",
		Severity:  checks.Medium,
		Why:       "useradd makes an entry in /var/log/lastlog and /var/log/faillog at a place that the uid gives. The file is empty up to there, but an archive of a layer has no holes: a high uid makes the image larger by megabytes to gigabytes, and builds hang.",
		Fix:       "Write useradd --no-log-init, or take a uid below 100000.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"DL3046"},
		Differs:   "DL3046: only layers of the image itself count; a uid by an ARG or ENV with a value is judged, too.",
	},
	Good: `
FROM debian:12-slim
RUN useradd --no-log-init --uid 1000700001 app
`,
	Bad: `
FROM debian:12-slim
RUN useradd --uid 1000700001 app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				for i, call := range in.Calls {
					uid, ok := loggedUID(in, call)
					if !ok || uid < highUID || !newRunLayer(in).keeps(i, "/var/log/lastlog") {
						continue
					}
					f := checks.At(call.Location, "useradd with the uid %d makes /var/log/lastlog %d MB large in the layer", uid, uid*lastlogEntry/1_000_000)
					f.Subject = strconv.FormatInt(uid, 10)
					f.Fix = "Add --no-log-init"
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

const (
	highUID      = 100_000 // from here on the log has 29 MB and more
	lastlogEntry = 292     // bytes, on Linux
)

// loggedUID returns the uid that a call of useradd makes an entry for; false if it
// makes none, or if the uid is not known.
func loggedUID(in *dockerfile.Instruction, call dockerfile.Call) (uid int64, ok bool) {
	if call.Program() != "useradd" {
		return 0, false
	}
	value := ""
	args := call.Words[1:]
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, assigned, joined := strings.Cut(arg, "=")
		switch {
		case name == "--no-log-init", name == "--defaults":
			return 0, false
		case name == "--uid":
			if value = assigned; !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
		case strings.HasPrefix(arg, "--") || len(arg) < 2 || arg[0] != '-':
		default:
			for j := 1; j < len(arg); j++ {
				if arg[j] == 'l' || arg[j] == 'D' {
					return 0, false
				}
				if !strings.ContainsRune("bcdefgGkKpPRsuZ", rune(arg[j])) {
					continue
				}
				rest := arg[j+1:]
				if rest == "" && i+1 < len(args) {
					i++
					rest = args[i]
				}
				if arg[j] == 'u' {
					value = rest
				}
				break
			}
		}
	}
	v := in.Expand(value)
	uid, err := strconv.ParseInt(v.Text, 10, 64)
	return uid, v.Known && err == nil && uid <= 1<<32
}
