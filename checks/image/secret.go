package image

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/source"
)

var secret = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/secret",
		Title:     "No layer holds a key, a token or a password",
		Severity:  checks.High,
		Why:       "Everybody who can pull the image can read every file of every layer; deleting one in a later layer hides it from the container alone.",
		Fix:       "revoke the secret, then give it at run time (an environment variable, a mounted file), or at build time with RUN --mount=type=secret; write the file into .dockerignore",
		Reference: "https://docs.docker.com/build/building/secrets/",
		Aliases:   []string{"CIS-DI-0010", "CIS-4.10"},
	},
	Good: `{
  "files": {"/app/.env.example": "API_KEY=\n", "/etc/ssl/certs/ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n"}
}`,
	Bad: `{
  "layers": [
    {"files": {"/root/.npmrc": "//registry.npmjs.org/:_authToken=npm_0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll\n"}},
    {"files": {"/root/.wh..npmrc": ""}}
  ]
}`,
	Judge: judgeSecret,
}

// secretsInConfig returns the tokens in variables, labels and the history. Passwords
// there are the lint gate's to find: only the Dockerfile tells them from what they
// are placeholders for.
func secretsInConfig(img *Image) []checks.Finding {
	var findings []checks.Finding
	if img.Config == nil {
		return nil
	}
	report := func(path, what, text string) {
		if kind, ok := source.TokenIn(text); ok {
			findings = append(findings, checks.At(checks.Location{Path: path}, "%s holds %s", what, kind))
		}
	}
	for _, v := range img.Config.Config.Env {
		name, value, _ := strings.Cut(v, "=")
		report("config.Env", "the variable "+name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(img.Config.Config.Labels)) {
		report("config.Labels", "the label "+name, img.Config.Config.Labels[name])
	}
	for i, h := range img.Config.History {
		report("history", fmt.Sprintf("instruction %d of the history", i+1), h.CreatedBy)
	}
	return findings[:min(len(findings), maxSecretFindings)]
}

// maxSecretFindings is how many files with secrets have a finding each.
const maxSecretFindings = 20

func judgeSecret(img *Image) checks.Outcome {
	type file struct {
		path  string
		layer int
	}
	kinds := map[file][]string{}
	var order []file
	for _, s := range img.Secrets {
		at := file{s.Path, s.Layer}
		if kinds[at] == nil {
			order = append(order, at)
		}
		kinds[at] = append(kinds[at], s.Kind)
	}
	removed := map[file]int{}
	for _, s := range img.Secrets {
		removed[file{s.Path, s.Layer}] = s.RemovedIn
	}
	findings := secretsInConfig(img)
	for i, at := range order {
		if i == maxSecretFindings {
			findings = append(findings, checks.At(checks.Location{}, "%s more with secrets", files(len(order)-i)))
			break
		}
		f := checks.At(checks.Location{Path: at.path}, "holds %s, in %s", strings.Join(kinds[at], ", "), img.layerName(at.layer))
		if by := removed[at]; by > at.layer {
			f.Message += fmt.Sprintf("; %s deletes it or writes it again, but whoever pulls the image has it", img.layerName(by))
		}
		if len(kinds[at]) == 1 && kinds[at][0] == encryptedKey {
			f.Severity = checks.Medium
		}
		findings = append(findings, f)
	}
	return checks.Found(findings...)
}
