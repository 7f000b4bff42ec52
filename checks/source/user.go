package source

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var user = Check{
	Rule: checks.Rule{
		ID:        "source/user",
		Title:     "The image runs as a user other than root",
		Severity:  checks.High,
		Why:       "A process that runs as root in the container owns every file in it, and is root on the host if it ever gets out.",
		Fix:       "Create a user and switch to it in the last stage: RUN useradd --uid 10001 --user-group app, on Alpine RUN adduser --disabled-password --uid 10001 app; then USER 10001.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"DL3002", "DS-0002", "CKV_DOCKER_3", "CKV_DOCKER_8", "CIS-DI-0001", "CIS-4.1"},
		Differs:   "DL3002 does not find a USER that is missing. DS-0002 and CKV_DOCKER_3 accept the USER of any stage, so that the last one may run as root. Here the USER counts that the image ends with, arguments expanded, and a base image that says by its name that it is not root is accepted.",
	},
	Good: `
FROM alpine:3.20
RUN adduser --disabled-password --uid 10001 app
USER 10001
`,
	Bad: `
FROM alpine:3.20
USER root
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		set := s.Final.Config.User
		if set == nil {
			return judgeInheritedUser(s)
		}
		written := set.Command.(*instructions.UserCommand).User
		value := set.Expand(written)
		unless := ""
		if !value.Known {
			value = set.ExpandDefaults(written)
			unless = fmt.Sprintf(", unless the base image %s sets the variable", s.Final.Root().BaseName.Raw)
		}
		if !value.Known {
			return checks.Skip("USER %s depends on a build argument that has no value; pass it with --build-arg", written)
		}
		if !s.Windows() {
			if message, fix := userFault(value.Text, createdAccounts(s)); message != "" {
				f := checks.At(set.Location, "no container starts as USER %s: %s", value.Text, message)
				f.Fix = fix
				return checks.Found(f)
			}
		}
		name, _, _ := strings.Cut(value.Text, ":")
		admin := s.Windows() && slices.Contains([]string{"containeradministrator", "administrator"}, strings.ToLower(name))
		if !isRoot(name) && !admin {
			return checks.Passed("USER %s", value.Text)
		}
		from := ""
		if written != value.Text {
			from = ", from " + written
		}
		as := "root"
		if admin {
			as = "an administrator"
		}
		f := checks.At(set.Location, "the image runs as %s: USER %s%s%s", as, value.Text, from, unless)
		f.Fix = backTo(s, set)
		return checks.Found(f)
	},
}

func judgeInheritedUser(s *dockerfile.Source) checks.Outcome {
	root := s.Final.Root()
	if image, ok := root.References[0].Image(); ok {
		if n, ok := parseImage(image); ok && isNonRoot(n) {
			return checks.Passed("no USER, and the base image %s is not root", image)
		}
	}
	if !root.BaseName.Known {
		return checks.Skip("no USER, and the base image %s is not known; name a USER, or pass its build argument with --build-arg", root.BaseName.Raw)
	}
	if user := triggeredUser(s); user != "" {
		return checks.Skip("the image is there to be built from, and those built from it run as another user than root: ONBUILD USER %s", user)
	}
	as := "root"
	if s.Windows() {
		as = "ContainerAdministrator"
	}
	f := checks.At(s.Final.From.Location, "%s names no USER, so that the image runs as %s unless its base %s says otherwise", s.FinalName(), as, root.BaseName.Text)
	f.Fix = switchUser(s)
	return checks.Found(f)
}

// backTo says how to leave root, which a USER switches to.
func backTo(s *dockerfile.Source, root *dockerfile.Instruction) string {
	before := ""
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			if in == root && before != "" {
				return fmt.Sprintf("Write USER %s again at the end of the last stage, behind what needs root", before)
			}
			if cmd, ok := in.Command.(*instructions.UserCommand); ok {
				value := in.Expand(cmd.User)
				if name, _, _ := strings.Cut(value.Text, ":"); value.Known && !isRoot(name) {
					before = value.Text
				}
			}
		}
	}
	if image, ok := s.Final.Root().References[0].Image(); ok {
		if n, ok := parseImage(image); ok && isNonRoot(n) && !s.Windows() {
			return "Write USER with the user of " + image + " again at the end of the last stage, behind what needs root"
		}
	}
	return switchUser(s)
}

// triggeredUser returns the user that ONBUILD gives to the images that are built from
// this one, if it says nothing of a start of its own; empty if it is root, or none.
func triggeredUser(s *dockerfile.Source) string {
	if s.Final.Config.Cmd != nil || s.Final.Config.Entrypoint != nil {
		return ""
	}
	user := ""
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			trigger, ok := in.Command.(*instructions.OnbuildCommand)
			if !ok {
				continue
			}
			if words := strings.Fields(trigger.Expression); len(words) == 2 && strings.EqualFold(words[0], "USER") {
				user = words[1]
			}
		}
	}
	if name, _, _ := strings.Cut(strings.Trim(user, `"'`), ":"); isRoot(name) {
		return ""
	}
	return user
}

// userFault says why a USER names nobody on Linux, and what to write; empty if it may
// name someone. Names are those of /etc/passwd, numbers are decimal and, by the OCI
// runtimes, from 0 to 2147483647.
func userFault(user string, accounts []account) (message, fix string) {
	if strings.ContainsAny(user, " \t#") {
		return "all of the line is the name, since Docker knows no comments behind an instruction", "Write USER with one user, and a comment on a line of its own."
	}
	name, _, _ := strings.Cut(user, ":")
	if slices.ContainsFunc(accounts, func(a account) bool { return a.name == name }) {
		return "", ""
	}
	id, err := strconv.ParseInt(name, 10, 64)
	switch {
	case err == nil && (id < 0 || id > math.MaxInt32), errors.Is(err, strconv.ErrRange):
		return "numbers of users go from 0 to 2147483647", "Write the number of the user that the application runs as, as in USER 10001:10001."
	case err == nil:
	case hexadecimal.MatchString(name):
		return "that is taken for a name, since numbers of users are decimal", "Write the number of the user that the application runs as in decimal, as in USER 10001:10001."
	case name != "root" && strings.EqualFold(name, "root"):
		return "names of users are case-sensitive, and nothing creates this one", "Write the user that the application runs as, other than root."
	}
	return "", ""
}

var hexadecimal = regexp.MustCompile(`^0[xX][0-9a-fA-F]+$`)

// isRoot reports whether the user part of a USER is root; empty is root, too.
func isRoot(user string) bool {
	if id, err := strconv.Atoi(user); err == nil {
		return id == 0
	}
	return user == "" || user == "root"
}
