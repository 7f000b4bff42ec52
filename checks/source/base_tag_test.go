package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestBaseTag(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	judgeAll(t, baseTag, map[string]judgement{
		"article wrong":      {text: "FROM python:latest\n", status: checks.Fail, finding: "1: image python:latest has the tag latest"},
		"article better":     {text: "FROM python:3.12\n", status: checks.Pass},
		"article best":       {text: "FROM python:3.12.1-slim-bookworm\n", status: checks.Pass},
		"no tag":             {text: "FROM python\n", status: checks.Fail, finding: "1: has no tag"},
		"registry with port": {text: "FROM localhost:5000/python\n", status: checks.Fail, finding: "1: has no tag"},
		"digest":             {text: "FROM python" + digest + "\n", status: checks.Pass},
		"latest and digest":  {text: "FROM python:latest" + digest + "\n", status: checks.Pass},
		"scratch and stage":  {text: "FROM scratch AS a\nFROM a\nCOPY --from=a /x /x\nCOPY --from=0 /x /x\n", status: checks.Pass},
		"argument":           {text: "ARG TAG=latest\nFROM python:${TAG}\n", status: checks.Fail, finding: "2: python:latest"},
		"argument given":     {text: "ARG TAG=latest\nFROM python:${TAG}\n", status: checks.Pass, options: dockerfile.Options{BuildArgs: map[string]string{"TAG": "3.12"}}},
		"argument unknown":   {text: "ARG TAG\nFROM python:${TAG}\n", status: checks.Pass},
		"copy from":          {text: "FROM scratch\nCOPY --from=minio/mc /usr/bin/mc /usr/bin/mc\n", status: checks.Fail, finding: "2: minio/mc has no tag"},
		"mount from":         {text: "FROM alpine:3.20\nRUN --mount=from=busybox:latest,target=/b true\n", status: checks.Fail, finding: "2: latest"},
		"stage not used":     {text: "FROM node AS unused\nFROM scratch\n", status: checks.Fail, finding: "1: node"},
	})
}

// TestBaseTagFix wants the advice of source/base-version for publishers that tag in a
// way of their own.
func TestBaseTagFix(t *testing.T) {
	for image, want := range map[string]string{
		"gcr.io/distroless/static":       `append the digest that "docker buildx imagetools inspect gcr.io/distroless/static" prints`,
		"cgr.dev/chainguard/node:latest": "append the digest",
		"alpine":                         "alpine:3.20.3",
		"node":                           baseTag.Fix,
	} {
		if f := run(t, baseTag, "FROM "+image+"\n", dockerfile.Options{}).Findings; len(f) != 1 || !strings.Contains(f[0].Fix, want) {
			t.Errorf("%s: %+v, want %s", image, f, want)
		}
	}
}
