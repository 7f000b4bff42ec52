package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestBaseVersion(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	judgeAll(t, baseVersion, map[string]judgement{
		"article wrong":    {text: "FROM python:latest\n", status: checks.Pass}, // source/base-tag reports it
		"article better":   {text: "FROM python:3.12\n", status: checks.Warn, finding: "1: image python:3.12 has a tag that moves with every release"},
		"article best":     {text: "FROM python:3.12.1-slim-bookworm\n", status: checks.Pass},
		"no tag":           {text: "FROM python\n", status: checks.Pass},
		"digest":           {text: "FROM python:3" + digest + "\n", status: checks.Pass},
		"scratch, stages":  {text: "FROM scratch AS a\nFROM a\nCOPY --from=a /x /x\nCOPY --from=0 /x /x\n", status: checks.Pass},
		"copy from":        {text: "FROM scratch\nCOPY --from=busybox:1.36 /b /b\n", status: checks.Warn, finding: "2: busybox:1.36"},
		"mount from":       {text: "FROM alpine:3.20.3\nRUN --mount=from=busybox:1.36,target=/b true\n", status: checks.Warn, finding: "2: busybox:1.36"},
		"argument":         {text: "ARG TAG=3\nFROM python:${TAG}-slim\n", status: checks.Warn, finding: "2: image python:3-slim has"},
		"argument given":   {text: "ARG TAG=3\nFROM python:${TAG}\n", status: checks.Pass, options: dockerfile.Options{BuildArgs: map[string]string{"TAG": "3.12.1"}}},
		"argument unknown": {text: "ARG TAG\nFROM python:${TAG}\n", status: checks.Pass},
		"stage not used":   {text: "FROM node:20 AS dev\nFROM scratch\n", status: checks.Pass},
		"no reference":     {text: "FROM UPPER:3\n", status: checks.Pass},
	})

	s := load(t, "FROM --platform=$BUILDPLATFORM gcr.io/distroless/static:nonroot\n", dockerfile.Options{})
	f := baseVersion.Judge(s).Findings[0]
	if want := (checks.Location{Path: "Dockerfile", Line: 1, Column: 32, EndLine: 1, EndColumn: 64}); f.Location != want || f.Subject != "gcr.io/distroless/static:nonroot" {
		t.Errorf("found %s at %+v, want %+v", f.Subject, f.Location, want)
	}
	for image, want := range map[string]string{
		"gcr.io/distroless/static:nonroot": `append the digest that "docker buildx imagetools inspect gcr.io/distroless/static:nonroot" prints`,
		"alpine:3.20":                      "alpine:3.20.3",
		"debian:12":                        "debian:bookworm-20240812-slim",
		"ubuntu:24.04":                     "ubuntu:noble-20240827.1",
		"python:3.12":                      "python:3.12.1-slim-bookworm",
	} {
		if f := run(t, baseVersion, "FROM "+image+"\n", dockerfile.Options{}).Findings[0]; !strings.Contains(f.Fix, want) {
			t.Errorf("%s: fix %q, want %q", image, f.Fix, want)
		}
	}
}

func TestBaseImageIsReportedOnce(t *testing.T) {
	for _, image := range []string{"python", "python:latest", "python:3.12", "python:3.12.1"} {
		s := load(t, "FROM "+image+"\n", dockerfile.Options{})
		if n := len(baseTag.Judge(s).Findings) + len(baseVersion.Judge(s).Findings); n > 1 {
			t.Errorf("%s is reported %d times", image, n)
		}
	}
}
