package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestUser(t *testing.T) {
	judgeAll(t, user, map[string]judgement{
		"article":            {text: "FROM alpine:3.20\nRUN addgroup --system appgroup \\\n    && adduser --system --ingroup appgroup appuser\nCOPY --chown=appuser:appgroup . .\nUSER appuser\n", status: checks.Pass},
		"missing":            {text: "FROM alpine:3.20\n", status: checks.Fail, finding: "1: names no USER"},
		"missing on scratch": {text: "FROM scratch\n", status: checks.Fail},
		"only in builder":    {text: "FROM alpine:3.20 AS b\nUSER app\nFROM alpine:3.20\n", status: checks.Fail, finding: "3: "},
		"inherited":          {text: "FROM alpine:3.20 AS b\nUSER app\nFROM b\n", status: checks.Pass},
		"inherited root":     {text: "FROM alpine:3.20 AS b\nUSER root\nFROM b\n", status: checks.Fail, finding: "2: USER root"},
		"back to root":       {text: "FROM alpine:3.20\nUSER app\nUSER root\n", status: checks.Fail, finding: "3: USER root"},
		"zero":               {text: "FROM alpine:3.20\nUSER 0\n", status: checks.Fail},
		"zero zero":          {text: "FROM alpine:3.20\nUSER 0:0\n", status: checks.Fail},
		"padded zero":        {text: "FROM alpine:3.20\nUSER 00\n", status: checks.Fail},
		"root and group":     {text: "FROM alpine:3.20\nUSER root:app\n", status: checks.Fail},
		"quoted":             {text: "FROM alpine:3.20\nUSER \"root\"\n", status: checks.Fail},
		"uid and group 0":    {text: "FROM alpine:3.20\nUSER 1001:0\n", status: checks.Pass},
		"argument root":      {text: "FROM alpine:3.20\nARG U=root\nUSER $U\n", status: checks.Fail, finding: "3: USER root, from $U"},
		"argument given":     {text: "FROM alpine:3.20\nARG U=root\nUSER $U\n", status: checks.Pass, options: dockerfile.Options{BuildArgs: map[string]string{"U": "app"}}},
		"argument unknown":   {text: "FROM alpine:3.20\nARG U\nUSER $U\n", status: checks.Skipped},
		"base unknown":       {text: "ARG B\nFROM $B\n", status: checks.Skipped},
		"distroless nonroot": {text: "FROM gcr.io/distroless/static-debian12:nonroot\n", status: checks.Pass},
		"through a stage":    {text: "FROM gcr.io/distroless/static-debian12:nonroot AS b\nFROM b\n", status: checks.Pass},
		"distroless":         {text: "FROM gcr.io/distroless/static-debian12:latest\n", status: checks.Fail},
		"nonroot but root":   {text: "FROM gcr.io/distroless/static-debian12:nonroot\nUSER 0\n", status: checks.Fail},
		"unprivileged":       {text: "FROM nginxinc/nginx-unprivileged:1.27\n", status: checks.Pass},
		"chainguard":         {text: "FROM cgr.dev/chainguard/node:20\n", status: checks.Pass},
		"chainguard base":    {text: "FROM cgr.dev/chainguard/wolfi-base:20230214\n", status: checks.Fail},
		"target":             {text: "FROM alpine:3.20 AS dev\nFROM alpine:3.20\nUSER app\n", status: checks.Fail, options: dockerfile.Options{Target: "dev"}},
	})
}
