package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestBaseDigest(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	judgeAll(t, baseDigest, map[string]judgement{
		"version":          {text: "FROM python:3.12.1\n", status: checks.Warn, finding: "1: image python:3.12.1 is not pinned by a digest"},
		"no tag":           {text: "FROM python\n", status: checks.Warn, finding: "1: image python is"},
		"digest":           {text: "FROM python:3.12.1" + digest + "\n", status: checks.Pass},
		"argument":         {text: "ARG DIGEST=" + digest + "\nFROM python:3.12.1${DIGEST}\n", status: checks.Pass},
		"argument unknown": {text: "ARG DIGEST\nFROM python:3.12.1@${DIGEST}\n", status: checks.Pass},
		"scratch, stages":  {text: "FROM scratch AS a\nFROM a\nCOPY --from=a /x /x\n", status: checks.Pass},
		"copy from":        {text: "FROM scratch\nCOPY --from=busybox:1.36.1 /b /b\n", status: checks.Warn, finding: "2: busybox:1.36.1"},
		"mount from":       {text: "FROM scratch\nRUN --mount=from=busybox:1.36.1,target=/b true\n", status: checks.Warn, finding: "2: busybox:1.36.1"},
		"stage not used":   {text: "FROM node:20.1.0 AS dev\nFROM scratch\n", status: checks.Pass},
	})
}
