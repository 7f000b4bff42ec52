package source

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var labelFormat = Check{
	Rule: checks.Rule{
		ID:        "source/label-format",
		Title:     "Labels have valid keys and values",
		Severity:  checks.Medium,
		Why:       "Registries, scanners and update bots read the labels of the OCI image specification: a key that it does not define, or a value in another format, is read by none of them.",
		Fix:       "Write the key and the value as the specification has them.",
		Reference: "https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys",
		Aliases:   []string{"DL3048", "DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"},
		Differs:   "DL3051 to DL3058 judge the labels that a configured schema names, here those of the OCI image specification are judged, where their value is literal. DL3048 refuses upper case in keys of one's own, which works. DL3055 wants a Git hash of 7 or 40 characters: here a longer abbreviation and the revision numbers of other systems pass. DL3056 wants semantic versioning and DL3058 nothing but an address, which the specification leaves open: here a version needs a digit, and an address among the authors its two sides.",
	},
	Good: `
FROM alpine:3.20
ARG REVISION
LABEL org.opencontainers.image.source="https://github.com/example/shop" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
      org.opencontainers.image.revision=$REVISION
`,
	Bad: `
FROM alpine:3.20
LABEL org.opencontainers.image.source="git@github.com:example/shop.git" \
      org.opencontainers.image.license="Apache 2.0" \
      org.opencontainers.image.revision="main"
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		all := imageLabels(s)
		last := make(map[string]int, len(all))
		for i, l := range all {
			last[l.key] = i
		}
		var findings []checks.Finding
		for i, l := range all {
			fault := labelKeyFault(l.key)
			if fault.message == "" && last[l.key] == i && !strings.Contains(l.value.Raw, "$") && l.value.Known {
				fault = labelValueFault(l.key, l.value.Text)
			}
			if fault.message != "" {
				f := checks.At(l.Find(l.key), "label %s %s", l.key, fault.message)
				f.Subject, f.Fix, f.Severity = l.key, fault.fix, fault.severity
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// labelFault is what is wrong with a label. Without a severity it is the rule's.
type labelFault struct {
	message, fix string
	severity     checks.Severity
}

// ociKeys are what the OCI image specification defines behind ociLabel.
var ociKeys = map[string]bool{
	"created": true, "authors": true, "url": true, "documentation": true, "source": true, "version": true, "revision": true,
	"vendor": true, "licenses": true, "ref.name": true, "title": true, "description": true, "base.digest": true, "base.name": true,
}

// ociSlips are keys that others write for those of ociKeys.
var ociSlips = map[string]string{
	"author": "authors", "maintainer": "authors", "maintainers": "authors",
	"date": "created", "build-date": "created", "build_date": "created", "builddate": "created", "build.date": "created",
	"license": "licenses", "licence": "licenses", "licences": "licenses",
	"vcs-url": "source", "vcs_url": "source", "repository": "source", "repo": "source", "sources": "source",
	"vcs-ref": "revision", "vcs_ref": "revision", "commit": "revision", "sha": "revision", "ref": "revision",
	"name": "title", "summary": "description", "docs": "documentation", "usage": "documentation", "homepage": "url", "versions": "version", "tag": "version",
}

// ociPrefixSlips are what others write for ociLabel.
var ociPrefixSlips = []string{
	"org.opencontainer.image.", "org.opencontainers.images.", "org.opencontainer.images.", "org.opencontainers.label.",
	"org.opencontainers.labels.", "opencontainers.image.", "org.open-containers.image.", "com.opencontainers.image.", "io.opencontainers.image.",
}

// reservedPrefixes are the namespaces of Docker, and dockerPrefixes those of them
// that Docker has others use.
var (
	reservedPrefixes = []string{"com.docker.", "io.docker.", "org.dockerproject."}
	dockerPrefixes   = []string{"com.docker.extension.", "com.docker.desktop."}
)

func labelKeyFault(key string) labelFault {
	lower := strings.ToLower(key)
	if name, ok := strings.CutPrefix(lower, ociLabel); ok {
		switch {
		case ociKeys[name] && key == lower:
			return labelFault{}
		case ociKeys[name]:
			return labelFault{message: "is not in lower case, so that nothing finds it", fix: "Write " + lower + "."}
		case ociSlips[name] != "":
			return labelFault{message: "is none that the OCI image specification defines", fix: "Write " + ociLabel + ociSlips[name] + "."}
		}
		return labelFault{message: "is none that the OCI image specification defines, which reserves the prefix", fix: "Use a key of the specification, or one below a domain of your own, as in com.example." + name + ".", severity: checks.Low}
	}
	for _, prefix := range ociPrefixSlips {
		if name, ok := strings.CutPrefix(lower, prefix); ok {
			if ociSlips[name] != "" {
				name = ociSlips[name]
			}
			return labelFault{message: "is none that the OCI image specification defines", fix: "Write " + ociLabel + name + "."}
		}
	}
	const own = "Write the key in letters, digits, dots and hyphens, below a domain of your own, as in com.example.name."
	switch {
	case startsWithAny(key, reservedPrefixes) && !startsWithAny(key, dockerPrefixes):
		return labelFault{message: "is in a namespace that Docker reserves", fix: own, severity: checks.Low}
	case strings.ContainsFunc(key, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-/:@+[]", r)
	}):
		return labelFault{message: "has a character that no key should have", fix: own, severity: checks.Low}
	case strings.Contains(key, "..") || strings.Trim(key, ".-") != key:
		return labelFault{message: "has a separator with nothing to separate", fix: own, severity: checks.Low}
	}
	return labelFault{}
}

func startsWithAny(s string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// labelValueFault says what is wrong with the value of a label that the OCI image
// specification defines.
func labelValueFault(key, value string) labelFault {
	name, ok := strings.CutPrefix(key, ociLabel)
	switch {
	case !ok:
		return labelFault{}
	case strings.TrimSpace(value) == "":
		return labelFault{message: "is empty", fix: "Give it a value, or leave it out.", severity: checks.Low}
	}
	switch name {
	case "created":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return labelFault{message: "is no date and time of RFC 3339: " + quoteLabel(value), fix: "Pass the time of the build as in 2026-11-24T09:30:00Z, which date -u +%Y-%m-%dT%H:%M:%SZ prints."}
		}
	case "url", "documentation", "source":
		if u, err := url.Parse(value); err != nil || u.Scheme == "" || u.Host == "" {
			return labelFault{message: "is no URL: " + quoteLabel(value), fix: "Write " + name + " as an address with its scheme, as in https://github.com/example/app."}
		}
	case "licenses":
		return licenseFault(value)
	case "revision":
		if !isRevision(value) {
			return labelFault{message: "is the name of no commit: " + quoteLabel(value), fix: "Pass the commit with a build argument: ARG REVISION, then LABEL org.opencontainers.image.revision=$REVISION, and --build-arg REVISION=$(git rev-parse HEAD)."}
		}
	case "version":
		if !strings.ContainsFunc(value, unicode.IsDigit) {
			return labelFault{message: "names no version: " + quoteLabel(value), fix: "Pass the version with a build argument: ARG VERSION, then LABEL org.opencontainers.image.version=$VERSION.", severity: checks.Low}
		}
	case "authors":
		if address := halfAddress(value); address != "" {
			return labelFault{message: "has half an email address: " + quoteLabel(address), fix: "Write the whole address, as in team@example.com."}
		}
	}
	return labelFault{}
}

// quoteLabel quotes a value of a label, cut where it is long.
func quoteLabel(value string) string {
	const longest = 60
	if runes := []rune(value); len(runes) > longest {
		value = string(runes[:longest]) + "…"
	}
	return `"` + value + `"`
}

// isRevision reports whether a value can name a commit: a hash, whole or
// abbreviated, or the number of a system that counts them.
func isRevision(value string) bool {
	number := strings.TrimPrefix(value, "r")
	if number != "" && strings.Trim(number, "0123456789") == "" {
		return true
	}
	value = strings.TrimSuffix(strings.TrimPrefix(value, "sha256:"), "-dirty")
	return isCommit(strings.ToLower(value))
}

// halfAddress returns a word of the authors that ends or begins where an email
// address goes on; empty if there is none. @name is a handle.
func halfAddress(authors string) string {
	for _, word := range strings.FieldsFunc(authors, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;<>()"`, r) }) {
		if local, domain, ok := strings.Cut(word, "@"); ok && local != "" && (domain == "" || strings.ContainsRune(domain, '@')) {
			return word
		}
	}
	return ""
}

// licenseSlips are what others write for the identifier of a license.
var licenseSlips = map[string]string{
	"apache": "Apache-2.0", "apache2": "Apache-2.0", "apache-2": "Apache-2.0", "apachev2": "Apache-2.0", "apache2.0": "Apache-2.0",
	"apache-v2": "Apache-2.0", "apache-v2.0": "Apache-2.0", "apache-license-2.0": "Apache-2.0", "asl2": "Apache-2.0", "asl-2.0": "Apache-2.0", "asl2.0": "Apache-2.0",
	"gpl": "GPL-3.0-only or GPL-3.0-or-later", "gplv2": "GPL-2.0-only or GPL-2.0-or-later", "gpl2": "GPL-2.0-only or GPL-2.0-or-later",
	"gpl-2": "GPL-2.0-only or GPL-2.0-or-later", "gplv3": "GPL-3.0-only or GPL-3.0-or-later", "gpl3": "GPL-3.0-only or GPL-3.0-or-later",
	"gpl-3": "GPL-3.0-only or GPL-3.0-or-later", "gpl-v3": "GPL-3.0-only or GPL-3.0-or-later", "gpl-v2": "GPL-2.0-only or GPL-2.0-or-later",
	"lgpl": "LGPL-3.0-only or LGPL-3.0-or-later", "lgplv2.1": "LGPL-2.1-only or LGPL-2.1-or-later", "lgplv3": "LGPL-3.0-only or LGPL-3.0-or-later", "lgpl3": "LGPL-3.0-only or LGPL-3.0-or-later",
	"agpl": "AGPL-3.0-only or AGPL-3.0-or-later", "agplv3": "AGPL-3.0-only or AGPL-3.0-or-later", "agpl3": "AGPL-3.0-only or AGPL-3.0-or-later", "agpl-3": "AGPL-3.0-only or AGPL-3.0-or-later",
	"bsd": "BSD-2-Clause or BSD-3-Clause", "bsd2": "BSD-2-Clause", "bsd-2": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "bsd-3": "BSD-3-Clause",
	"mpl": "MPL-2.0", "mpl2": "MPL-2.0", "mpl-2": "MPL-2.0", "mplv2": "MPL-2.0", "epl": "EPL-2.0", "epl2": "EPL-2.0", "cc0": "CC0-1.0",
	"proprietary": "LicenseRef-Proprietary", "commercial": "LicenseRef-Commercial", "unlicensed": "LicenseRef-Proprietary", "private": "LicenseRef-Proprietary",
}

// licenseFault judges a license expression by its form and by licenseSlips: the
// list of all identifiers grows every few months.
func licenseFault(value string) labelFault {
	const example = "Write an SPDX license expression, as in Apache-2.0 or MIT OR GPL-2.0-only; for a license of your own LicenseRef-Proprietary."
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(value))
	fault := labelFault{message: "is no SPDX license expression: " + quoteLabel(value), fix: example}
	open, operand := 0, true // parentheses, and whether an identifier comes next
	for _, word := range words {
		operator := strings.EqualFold(word, "AND") || strings.EqualFold(word, "OR") || strings.EqualFold(word, "WITH")
		switch {
		case word == "(" && operand:
			open++
		case word == ")" && !operand && open > 0:
			open--
		case operator && !operand:
			operand = true
		case !operator && operand && isLicenseID(word):
			if id := licenseSlips[strings.ToLower(word)]; id != "" {
				fault.fix = "Write " + id + "."
				return fault
			}
			operand = false
		default:
			if id := licenseSlips[strings.ToLower(strings.Join(words, "-"))]; id != "" {
				fault.fix = "Write " + id + "."
			}
			return fault
		}
	}
	if operand || open > 0 {
		return fault
	}
	return labelFault{}
}

func isLicenseID(word string) bool {
	return !strings.ContainsFunc(strings.TrimSuffix(word, "+"), func(r rune) bool {
		return r >= unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-.:", r)
	})
}
