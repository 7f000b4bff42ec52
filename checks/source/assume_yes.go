package source

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var assumeYes = Check{
	Rule: checks.Rule{
		ID:        "source/assume-yes",
		Title:     "Package managers ask no questions in a build",
		Severity:  checks.Medium,
		Why:       "Nobody answers in a build: a package manager that asks for confirmation gives up. Whether it asks depends on what it would do on that day, so that a build that worked breaks without any change.",
		Fix:       "Write apt-get install -y, dnf install -y, zypper --non-interactive install, conda install --yes.",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DL3014", "DL3030", "DL3034", "DL3038", "DS-0021"},
		Differs:   "DL3014, DL3030, DL3034, DL3038, DS-0021: upgrades and removals ask, too; a call that gets its answers from a pipe or a setting does not; microdnf never asks.",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update && apt-get install --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		ends := map[*dockerfile.Stage]map[string]bool{} // the managers that are configured not to ask
		for _, stage := range s.Stages {
			silent := map[string]bool{}
			for manager := range ends[stage.Base] {
				silent[manager] = true
			}
			ends[stage] = silent
			for _, in := range stage.Instructions {
				configuresAnswers(in, silent)
				if in.Keyword != "RUN" || !stage.Reachable {
					continue
				}
				var fed []*syntax.Stmt
				walked := false
				for _, call := range in.Calls {
					p, ok := parsePackages(call)
					if !ok || silent[p.manager] || !asks(in, call, p) {
						continue
					}
					if !walked && call.Node != nil {
						fed, walked = fedStatements(in), true
					}
					if isFed(in, call, fed) {
						continue
					}
					f := checks.At(call.Location, "%s asks for confirmation, which nobody gives in a build", p.command)
					f.Subject = p.command
					f.Fix = "Add " + answers[p.manager].option
					if p.manager == "apk" {
						f.Fix = "Leave out --interactive"
					}
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// answers are how managers are told not to ask: by options of a call, by a setting
// in one of their files, and by variables.
var answers = map[string]struct {
	option    string // the usual one
	options   []string
	setting   string
	files     []string
	variables []string
}{
	"apt": {
		"-y", []string{"-y", "--yes", "--assume-yes", "--force-yes", "-s", "--simulate", "--just-print", "--dry-run", "--print-uris", "--assume-no"},
		"assume-yes", []string{"/etc/apt/apt.conf"}, []string{"APT_CONFIG"},
	},
	"dnf":    {"-y", []string{"-y", "--assumeyes", "--assumeno"}, "assumeyes", []string{"/etc/dnf", "/etc/yum.conf"}, nil},
	"yum":    {"-y", []string{"-y", "--assumeyes", "--assumeno"}, "assumeyes", []string{"/etc/dnf", "/etc/yum.conf"}, nil},
	"tdnf":   {"-y", []string{"-y", "--assumeyes", "--assumeno"}, "assumeyes", []string{"/etc/tdnf"}, nil},
	"zypper": {"--non-interactive", []string{"-n", "--non-interactive", "-y", "--no-confirm", "-D", "--dry-run"}, "non-interactive", []string{"/etc/zypp"}, nil},
	"conda":  {"--yes", []string{"-y", "--yes", "-d", "--dry-run"}, "always_yes", nil, []string{"CONDA_ALWAYS_YES", "MAMBA_ALWAYS_YES"}},
	"pip":    {"--yes", []string{"-y", "--yes"}, "", nil, []string{"PIP_YES"}},
}

// asks reports whether a call would ask for confirmation.
func asks(in *dockerfile.Instruction, call dockerfile.Call, p packages) bool {
	switch p.action {
	case actionInstall, actionUpgrade:
		if p.manager == "pip" {
			return false
		}
	case actionRemove:
	case "build-dep":
		if p.manager != "apt" {
			return false
		}
	default:
		return false
	}
	if len(call.Input) > 0 || p.has("-h", "--help") && p.manager != "zypper" {
		return false
	}
	if p.manager == "apk" {
		return p.has("-i", "--interactive")
	}
	a, ok := answers[p.manager]
	if !ok || p.has(a.options...) || mayHoldOptions(in, p) {
		return false
	}
	if slices.ContainsFunc(a.variables, func(name string) bool { return hasVariable(in, name) || assignsVariable(call, name) }) {
		return false
	}
	switch p.manager {
	case "apt":
		return !aptOption(p, a.setting) && !quiet(p)
	case "dnf", "yum", "tdnf":
		// --setopt=assumeyes=True
		return !slices.ContainsFunc(p.flags, func(flag string) bool { return strings.Contains(flag, a.setting) })
	case "conda":
		return !strings.Contains(p.command, " env ")
	}
	return true
}

// quiet reports whether a call of apt is so quiet that it does not ask: -qq.
func quiet(p packages) bool {
	level := 0
	for _, flag := range p.flags {
		name, value, _ := strings.Cut(flag, "=")
		switch {
		case (name == "-q" || name == "--quiet") && value != "":
			return value != "0" && value != "1"
		case name == "--quiet":
			level++
		case isLetters(name):
			level += strings.Count(name, "q")
		}
	}
	return level > 1
}

// fedStatements returns the statements of an instruction's scripts that get their
// input from a file, a heredoc or a text.
func fedStatements(in *dockerfile.Instruction) []*syntax.Stmt {
	var fed []*syntax.Stmt
	if in.Script == nil {
		return nil
	}
	syntax.Walk(in.Script.File, func(node syntax.Node) bool {
		if stmt, ok := node.(*syntax.Stmt); ok && len(fed) < maxRemoved && slices.ContainsFunc(stmt.Redirs, func(r *syntax.Redirect) bool {
			return r.Op == syntax.RdrIn || r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc || r.Op == syntax.WordHdoc
		}) {
			fed = append(fed, stmt)
		}
		return true
	})
	return fed
}

// isFed reports whether a call stands in one of the statements, or may do so.
func isFed(in *dockerfile.Instruction, call dockerfile.Call, fed []*syntax.Stmt) bool {
	if call.Script != in.Script {
		return len(fed) > 0 // by sh -c, of one of them
	}
	return call.Node != nil && slices.ContainsFunc(fed, func(stmt *syntax.Stmt) bool {
		return stmt.Pos().Offset() <= call.Node.Pos().Offset() && call.Node.Pos().Offset() < stmt.End().Offset()
	})
}

func assignsVariable(call dockerfile.Call, name string) bool {
	return call.Node != nil && slices.ContainsFunc(call.Node.Assigns, func(a *syntax.Assign) bool { return a.Name != nil && a.Name.Value == name })
}

// configuresAnswers enters the managers that an instruction configures not to ask.
func configuresAnswers(in *dockerfile.Instruction, silent map[string]bool) {
	copied, copies := in.Copy()
	if !copies && in.Keyword != "RUN" {
		return
	}
	text := strings.ToLower(strings.Join(in.Text(), "\n"))
	for manager, a := range answers {
		switch {
		case silent[manager], !copies && (a.setting == "" || !strings.Contains(text, a.setting)):
		case copies && manager == "conda":
			silent[manager] = strings.Contains(text, ".condarc") || strings.Contains(text, ".mambarc")
		case copies:
			to := in.Before.Resolve(copied.Dest)
			silent[manager] = to.Known && slices.ContainsFunc(a.files, func(file string) bool { return strings.HasPrefix(to.Text, file) })
		default:
			for _, line := range strings.Split(text, "\n") {
				// An option of a single call is no configuration.
				line = strings.ReplaceAll(callSetting().ReplaceAllString(line, ""), "--"+a.setting, "")
				if strings.Contains(line, a.setting) && !strings.Contains(line, "setopt") {
					silent[manager] = true
				}
			}
		}
	}
}
