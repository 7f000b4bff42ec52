package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var numericUser = Check{
	Rule: checks.Rule{
		ID:        "source/numeric-user",
		Title:     "USER is a number",
		Severity:  checks.Low,
		Why:       "Kubernetes does not look into the image: with runAsNonRoot it refuses to start a container whose user is a name, which might be root under another one.",
		Fix:       "Give the user a number and name that in USER, as in RUN useradd --uid 10001 app and USER 10001:10001.",
		Reference: "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
		Aliases:   []string{"DL3066"},
		Differs:   "DL3066 judges every USER, in every stage, and its group too. Here it is the one that the image ends with, arguments expanded; the group may have a name, since Kubernetes needs the number of the user alone, and root is left to source/user.",
		Strict:    true,
	},
	Good: `
FROM debian:12.8-slim
RUN useradd --uid 10001 app
USER 10001
`,
	Bad: `
FROM debian:12.8-slim
RUN useradd --uid 10001 app
USER app
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		in, name, group, ok := finalUser(s)
		if !ok || s.Windows() || isRoot(name) || isNumber(name) || strings.HasPrefix(name, "Container") { // an account of Windows
			return checks.Outcome{}
		}
		f := checks.At(in.Location, "USER %s is a name, which Kubernetes cannot tell from root", name)
		f.Subject = name
		accounts := createdAccounts(s)
		if at := slices.IndexFunc(accounts, func(a account) bool { return a.name == name }); at >= 0 {
			number := accounts[at].uid
			if number == "" {
				f.Fix = fmt.Sprintf("Create %s in line %d with a number of its own, as 10001, and name that in USER.", name, accounts[at].call.Location.Line)
			} else if f.Fix = "Write USER " + number; group != "" {
				f.Fix += ":" + group
			}
		} else if image, ok := s.Final.Root().References[0].Image(); ok && name == "node" {
			if n, ok := parseImage(image); ok && n.official() == "node" { // it is https://github.com/nodejs/docker-node that creates it
				f.Fix = "Write USER 1000:1000: that is node in " + image
			}
		}
		return checks.Found(f)
	},
}
