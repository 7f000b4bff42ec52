package image

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/source"
)

var buildArguments = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:       "image/build-arguments",
		Title:    "No build argument is left as a variable of the image",
		Severity: checks.High,
		Why: "Dagger's builder (seen on engine v0.21.7) keeps an ARG that a RUN of the final stage can see as a variable of the image: everybody who can pull it reads the value, " +
			"and every process of the container gets it.",
		Fix:       "declare the ARG in a build stage and copy the result with COPY --from, or move it behind the last RUN; if the container is to have the variable, say so with ENV",
		Reference: "https://docs.docker.com/build/building/variables/",
	},
	Good: `{
  "image": {"os": "linux", "config": {"Env": ["PATH=/usr/bin", "NODE_VERSION=20.20.2", "YARN_VERSION=1.22.22", "APP_VERSION=1.4.0"]}},
  "declared": {"arguments": ["NODE_VERSION", "NPM_TOKEN"], "variables": ["APP_VERSION"]}
}`,
	Bad: `{
  "image": {"os": "linux", "config": {"Env": ["PATH=/usr/bin", "NPM_TOKEN=f3b1c9d7e5a2", "COMMIT=3f445c2"]}},
  "declared": {"arguments": ["COMMIT", "NPM_TOKEN"]}
}`,
	Judge: judgeBuildArguments,
}

func judgeBuildArguments(img *Image) checks.Outcome {
	if img.Declared == nil {
		return checks.Skip("the Dockerfile is not known: check-image takes the directory that the image was built from with --source")
	}
	env := img.Config.Config.Env
	// What the base image sets comes first: a variable before one that the Dockerfile
	// does not name is the base image's own.
	base := 0
	for i, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if !slices.Contains(img.Declared.Arguments, name) && !slices.Contains(img.Declared.Variables, name) {
			base = i
		}
	}
	var findings []checks.Finding
	for i, v := range env {
		name, value, _ := strings.Cut(v, "=")
		if !slices.Contains(img.Declared.Arguments, name) {
			continue
		}
		secret, found := source.SecretIn(name, value)
		if !found && i < base {
			continue
		}
		f := checks.At(checks.Location{Path: "config.Env"}, "%s, which the Dockerfile declares with ARG alone, is a variable of the image", name)
		f.Subject = name
		if found {
			f.Message += ": it " + secret.Fault
			f.Severity = secret.Severity
			f.Fix = "give it to the RUN that needs it with --mount=type=secret,id=" + strings.ToLower(name) + ",env=" + name +
				", without the ARG; replace the secret if the image was published"
		} else {
			f.Severity = checks.Medium
		}
		findings = append(findings, f)
	}
	return checks.Found(findings...)
}
