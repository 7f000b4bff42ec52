package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestLabelFormat(t *testing.T) {
	oci := func(label string) string { return "FROM a:1\nLABEL " + ociLabel + label + "\n" }
	judgeAll(t, labelFormat, map[string]judgement{
		"created, a date alone":   {text: oci("created=2026-11-24"), status: checks.Warn, finding: `2: label org.opencontainers.image.created is no date and time of RFC 3339: "2026-11-24"`},
		"created":                 {text: oci("created=2026-11-24T09:30:00+01:00"), status: checks.Pass},
		"source for ssh":          {text: oci("source=git@github.com:a/b.git"), status: checks.Warn, finding: `2: is no URL: "git@github.com:a/b.git"`},
		"source without scheme":   {text: oci("source=github.com/a/b"), status: checks.Warn, finding: "2: is no URL"},
		"source":                  {text: oci("source=ssh://git@example.com/a/b.git"), status: checks.Pass},
		"documentation":           {text: oci("documentation=docs/README.md"), status: checks.Warn, finding: "2: documentation is no URL"},
		"revision, a branch":      {text: oci("revision=main"), status: checks.Warn, finding: `2: is the name of no commit: "main"`},
		"revision, a tag":         {text: oci("revision=v1.2.3"), status: checks.Warn, finding: "2: is the name of no commit"},
		"revision":                {text: oci("revision=2282c91f0e"), status: checks.Pass},
		"revision of 40":          {text: oci("revision=" + strings.Repeat("0a", 20)), status: checks.Pass},
		"revision of Subversion":  {text: oci("revision=r1234"), status: checks.Pass},
		"revision by an argument": {text: "FROM a:1\nARG R=unknown\nLABEL " + ociLabel + "revision=$R\n", status: checks.Pass},
		"version without digit":   {text: oci("version=latest"), status: checks.Warn, finding: `2: names no version: "latest"`},
		"version of a calendar":   {text: oci("version=2026.11"), status: checks.Pass},
		"version":                 {text: oci("version=v1.2.3-rc.1+build"), status: checks.Pass},
		"authors":                 {text: oci(`authors="Jane Doe <jane@example.com>, @team"`), status: checks.Pass},
		"authors without address": {text: oci(`authors="Platform team"`), status: checks.Pass},
		"authors, half":           {text: oci("authors=jane@"), status: checks.Warn, finding: `2: has half an email address: "jane@"`},
		"empty":                   {text: oci(`title=""`), status: checks.Warn, finding: "2: label org.opencontainers.image.title is empty"},
		"empty, of our own":       {text: "FROM a:1\nLABEL maintainer=\"\"\n", status: checks.Pass},
		"empty by an argument":    {text: "FROM a:1\nARG T\nLABEL " + ociLabel + "title=$T\n", status: checks.Pass},
		"set right later":         {text: oci("revision=main") + "LABEL " + ociLabel + "revision=0123456\n", status: checks.Pass},
		"in a stage copied from":  {text: "FROM a:1 AS b\nLABEL " + ociLabel + "revision=main\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},

		"key, a slip":             {text: oci("license=MIT"), status: checks.Warn, finding: "2: label org.opencontainers.image.license is none that the OCI image specification defines"},
		"key, not defined":        {text: oci("team=x"), status: checks.Warn, finding: "2: which reserves the prefix"},
		"key, upper case":         {text: oci("Title=x"), status: checks.Warn, finding: "2: is not in lower case"},
		"key, prefix":             {text: "FROM a:1\nLABEL org.opencontainer.image.source=https://a.example/b\n", status: checks.Warn, finding: "2: label org.opencontainer.image.source is none"},
		"key, reserved":           {text: "FROM a:1\nLABEL com.docker.app=x\n", status: checks.Warn, finding: "2: is in a namespace that Docker reserves"},
		"key, extension":          {text: "FROM a:1\nLABEL com.docker.extension.categories=x com.docker.desktop.extension.api.version=1\n", status: checks.Pass},
		"key, a space":            {text: "FROM a:1\nLABEL \"my key\"=x\n", status: checks.Warn, finding: "2: label my key has a character"},
		"key, two dots":           {text: "FROM a:1\nLABEL com..x=1\n", status: checks.Warn, finding: "2: has a separator"},
		"key, upper case, others": {text: "FROM a:1\nLABEL Name=x Vendor=y com.example.teamName=z traefik.domains[0].main=a io.k8s.display-name=b desktop.docker.io/x=c\n", status: checks.Pass},
		"keys of the spec":        {text: oci("ref.name=x") + "LABEL " + ociLabel + "base.name=a:1 " + ociLabel + "vendor=x\n", status: checks.Pass},
	})
	f := run(t, labelFormat, oci("license=MIT"), dockerfile.Options{}).Findings[0]
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 7, EndLine: 2, EndColumn: 39}); f.Location != want || f.Fix != "Write org.opencontainers.image.licenses." {
		t.Errorf("finding at %+v, want %+v; fix %q", f.Location, want, f.Fix)
	}
}

func TestLicenses(t *testing.T) {
	for value, fix := range map[string]string{
		"MIT":                           "",
		"Apache-2.0":                    "",
		"apache-2.0":                    "",
		"MIT OR Apache-2.0":             "",
		"(MIT AND BSD-3-Clause) OR ISC": "",
		"GPL-2.0-or-later WITH Classpath-exception-2.0": "",
		"GPL-2.0+":               "",
		"LicenseRef-Proprietary": "",
		"NOASSERTION":            "",
		"Apache 2.0":             "Apache-2.0",
		"Apache License 2.0":     "Apache-2.0",
		"MIT License":            "an SPDX license expression",
		"MIT, ISC":               "an SPDX license expression",
		"MIT/ISC":                "an SPDX license expression",
		"GPLv3":                  "GPL-3.0-only or GPL-3.0-or-later",
		"MIT OR Apache2":         "Apache-2.0",
		"(MIT":                   "an SPDX license expression",
		"MIT)":                   "an SPDX license expression",
		"MIT OR":                 "an SPDX license expression",
		"Proprietary":            "LicenseRef-Proprietary",
		"All rights reserved. ©": "an SPDX license expression",
	} {
		got := licenseFault(value)
		if (got.message == "") != (fix == "") || !strings.Contains(got.fix, fix) {
			t.Errorf("%s: %+v, want fix %q", value, got, fix)
		}
	}
}
