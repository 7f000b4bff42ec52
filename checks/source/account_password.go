package source

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var accountPassword = Check{
	Rule: checks.Rule{
		ID:        "source/account-password",
		Title:     "No account of the image gets a password",
		Severity:  checks.High,
		Why:       "A password that the build sets is the same in every container, stands in the image's history, and lets whoever is in the container become that user; an empty one lets anybody.",
		Fix:       "Create the user without a password, as useradd and adduser --disabled-password do: a container's process starts as the USER, without a login.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"CKV2_DOCKER_17"},
		Differs:   "CKV2_DOCKER_17 finds chpasswd in every stage. Here it is the stages whose layers the image has, the other commands that set a password too, and none by which nobody can log in: an account that is locked, or a password drawn at random.",
	},
	Good: `
FROM debian:12.8-slim
RUN useradd --create-home app
USER app
`,
	Bad: `
FROM debian:12.8-slim
RUN useradd --create-home app && echo "app:app" | chpasswd
USER app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				for _, call := range in.Calls {
					if fault := passwordFault(call); fault != "" {
						findings = append(findings, checks.At(call.Location, "%s %s", call.Program(), fault))
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// locks reports whether nobody can log in by a value of the password field: it is
// none of a password, or drawn at random and thrown away.
func locks(value string) bool {
	return slices.Contains([]string{"*", "!", "!!", "!*", "x"}, value) ||
		strings.HasPrefix(value, "$(") && (strings.Contains(value, "/dev/urandom") || strings.Contains(value, "openssl rand"))
}

// passwordFault says what a call does about a password; empty if nothing that
// lets anybody log in. It never quotes the password.
func passwordFault(call dockerfile.Call) string {
	const sets = "sets the password of an account"
	args := call.Words[1:]
	switch call.Program() {
	case "chpasswd":
		if !chpasswdLocks(call) {
			return sets
		}
	case "passwd":
		if slices.Contains(args, "--stdin") || len(call.Input) > 0 && !slices.ContainsFunc(args, func(arg string) bool { return slices.Contains(lockOptions, arg) }) {
			return sets
		}
		if slices.Contains(args, "-d") || slices.Contains(args, "--delete") {
			return "removes the password of an account, so that anybody can log in to it"
		}
	case "useradd", "usermod":
		for i, arg := range args {
			value, ok := strings.CutPrefix(arg, "--password=")
			if (arg == "-p" || arg == "--password") && i+1 < len(args) {
				value, ok = args[i+1], true
			}
			if ok && !locks(value) {
				return sets
			}
		}
	}
	return ""
}

// lockOptions are the options of passwd that read no password.
var lockOptions = []string{"-l", "--lock", "-d", "--delete", "-e", "--expire", "-S", "--status", "-u", "--unlock"}

// chpasswdLocks reports whether all that chpasswd reads from a pipe locks accounts, as
// echo 'app:*' does.
func chpasswdLocks(call dockerfile.Call) bool {
	lines := 0
	for _, input := range call.Input {
		for _, word := range input.Words[1:] {
			user, password, ok := strings.Cut(word, ":")
			if !ok || user == "" {
				continue
			}
			if !locks(strings.TrimSuffix(password, `\n`)) {
				return false
			}
			lines++
		}
	}
	return lines > 0
}
