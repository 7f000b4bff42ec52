package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var recommends = Check{
	Rule: checks.Rule{
		ID:        "source/recommends",
		Title:     "apt-get installs no packages that are only recommended",
		Severity:  checks.Medium,
		Why:       "By default apt-get also installs whatever the packages recommend: documentation, daemons and tools that nobody asked for, often more than what was asked for, each one more thing to patch and to attack.",
		Fix:       "Write apt-get install -y --no-install-recommends, and name what is needed of the recommended packages, such as ca-certificates for curl.",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DL3015", "DS-0029"},
		Differs:   "DL3015, DS-0029: only layers of the image itself count, not those of stages that it copies from; a configuration of apt in an earlier instruction counts, and so does --install-recommends, which says that it is meant.",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		config := aptConfig{source: s}
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				config.read(in)
				if in.Keyword != "RUN" || config.mentions("Install-Recommends") {
					continue
				}
				for _, call := range in.Calls {
					p, ok := parsePackages(call)
					if !ok || !takesRecommended(in, p) {
						continue
					}
					f := checks.At(call.Location, "%s installs what the packages recommend, too", p.command)
					f.Subject = p.command
					if option, ok := recommendsOption[call.Program()]; ok {
						f.Fix = "Write " + p.command + " " + option
					}
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// recommendsOption is how to leave out what is recommended, by the program.
var recommendsOption = map[string]string{
	"apt-get": "--no-install-recommends", "apt": "--no-install-recommends", "aptitude": "--without-recommends",
}

// takesRecommended reports whether a call of apt installs packages, and what they
// recommend with them.
func takesRecommended(in *dockerfile.Instruction, p packages) bool {
	if p.manager != "apt" || p.action != actionInstall || len(p.operands) == 0 {
		return false
	}
	if p.has("--no-install-recommends", "--without-recommends", "--install-recommends", "--with-recommends", "--only-upgrade", "--reinstall", "--download-only", "-d", "--print-uris", "-s", "--simulate", "-c", "--config-file") ||
		strings.HasPrefix(p.command, "aptitude") && p.has("-R", "-r") || p.command == "apt-get reinstall" || p.command == "apt reinstall" {
		return false
	}
	if aptOption(p, "Install-Recommends") || hasVariable(in, "APT_CONFIG") {
		return false
	}
	return !mayHoldOptions(in, p)
}

// aptOption reports whether a call gives apt a setting of its configuration by -o.
func aptOption(p packages, setting string) bool {
	return slices.ContainsFunc(p.flags, func(flag string) bool {
		return (strings.HasPrefix(flag, "-o") || strings.HasPrefix(flag, "--option")) && strings.Contains(strings.ToLower(flag), strings.ToLower(setting))
	})
}

func hasVariable(in *dockerfile.Instruction, name string) bool {
	_, ok := in.Variable(name)
	return ok
}

// mayHoldOptions reports whether one of the operands is a variable that may stand
// for options: one that is not known, or that does.
func mayHoldOptions(in *dockerfile.Instruction, p packages) bool {
	return slices.ContainsFunc(p.operands, func(o packageOperand) bool {
		if !strings.HasPrefix(o.word, "$") {
			return false
		}
		v := in.Expand(o.word)
		return !v.Known || strings.HasPrefix(v.Text, "-") || strings.Contains(v.Text, " -")
	})
}

// aptConfig is what instructions write into the configuration of apt.
type aptConfig struct {
	source  *dockerfile.Source
	text    strings.Builder // in lower case
	unknown bool            // whether they copy files of it
}

// callSetting is a setting for a single call, which configures nothing.
var callSetting = compiled(`(?i)(-o|--option)[\s=]*["']?[a-z]+::[^\s"']*`)

// read enters what an instruction configures.
func (c *aptConfig) read(in *dockerfile.Instruction) {
	if copied, ok := in.Copy(); ok {
		c.unknown = c.unknown || c.mayBring(copied)
		return
	}
	if in.Keyword != "RUN" {
		return
	}
	for _, line := range in.Text() {
		if strings.Contains(line, "::") {
			c.text.WriteString(strings.ToLower(callSetting().ReplaceAllString(line, "")) + "\n")
		}
	}
}

// mayBring reports whether a copy may bring files of apt's configuration.
func (c *aptConfig) mayBring(copied dockerfile.Copy) bool {
	const files = "/etc/apt/apt.conf"
	to := copied.Before.Resolve(copied.Dest)
	if !to.Known {
		return false
	}
	if strings.HasPrefix(to.Text, files) {
		return true
	}
	below, ok := strings.CutPrefix(files, strings.TrimSuffix(to.Text, "/")+"/")
	if !ok {
		return false
	}
	if copied.From != "" {
		return true
	}
	return slices.ContainsFunc(copied.ContextPaths(), func(name string) bool {
		return path.Base(name) == "apt.conf" || path.Base(name) == "apt.conf.d" || c.source.Exists(path.Join(name, below)) || c.source.Exists(path.Join(name, below+".d"))
	})
}

// mentions reports whether the configuration may say something about a setting.
func (c *aptConfig) mentions(setting string) bool {
	return c.unknown || strings.Contains(c.text.String(), strings.ToLower(setting))
}
