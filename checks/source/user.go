package source

import (
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
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
		Fix:       "Create a user and switch to it in the last stage: RUN addgroup --system app && adduser --system --ingroup app app, then USER app.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"DL3002", "DS-0002", "CKV_DOCKER_3", "CKV_DOCKER_8", "CIS-DI-0001", "CIS-4.1"},
		Differs:   "DL3002 does not find a USER that is missing. DS-0002 and CKV_DOCKER_3 accept the USER of any stage, so that the last one may run as root. Here the USER counts that the image ends with, arguments expanded, and a base image that says by its name that it is not root is accepted.",
	},
	Good: `
FROM alpine:3.20
RUN addgroup --system app && adduser --system --ingroup app app
USER app
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
		if !value.Known {
			return checks.Skip("USER %s depends on a build argument that has no value; pass it with --build-arg", written)
		}
		name, _, _ := strings.Cut(value.Text, ":")
		if !isRoot(name) {
			return checks.Passed("USER %s", value.Text)
		}
		from := ""
		if written != value.Text {
			from = ", from " + written
		}
		return checks.Found(checks.At(set.Location, "the image runs as root: USER %s%s", value.Text, from))
	},
}

func judgeInheritedUser(s *dockerfile.Source) checks.Outcome {
	root := s.Final.Root()
	image, external := root.References[0].Image()
	if external && nonRootImage(image) {
		return checks.Passed("no USER, and the base image %s says that it is not root", image)
	}
	if !root.BaseName.Known {
		return checks.Skip("no USER, and the base image %s is not known; name a USER, or pass its build argument with --build-arg", root.BaseName.Raw)
	}
	return checks.Found(checks.At(s.Final.From.Location, "the stage %s names no USER, so that the image runs as root unless its base %s says otherwise", s.Final, root.BaseName.Text))
}

// isRoot reports whether the user part of a USER is root; empty is root, too.
func isRoot(user string) bool {
	if id, err := strconv.Atoi(user); err == nil {
		return id == 0
	}
	return user == "" || user == "root"
}

// nonRootImage reports whether an image's own name or tag says that its user is
// not root.
func nonRootImage(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	tag := ""
	if tagged, ok := named.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	words := strings.FieldsFunc(reference.Path(named)+"/"+tag, func(r rune) bool {
		return strings.ContainsRune("/-_.", r)
	})
	for _, word := range []string{"nonroot", "rootless", "unprivileged"} {
		if slices.Contains(words, word) {
			return true
		}
	}
	// Chainguard's images are not root, but for the bases to build on and the
	// variants with a package manager.
	name := named.Name()
	return strings.HasPrefix(name, "cgr.dev/chainguard/") &&
		!strings.HasSuffix(name, "-base") && !slices.Contains(words, "dev")
}
