package image

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestVariables(t *testing.T) {
	const text = `ARG GLOBAL=1
FROM node:20 AS base
ARG BELOW=1
ONBUILD ARG TRIGGER
FROM golang:1 AS builder
ARG ELSEWHERE
ENV ELSEWHERE_TOO=1
FROM base
ARG B A=1 SOURCE_DATE_EPOCH
ARG VERSION
ENV VERSION=$VERSION PORT=80
ARG A
`
	src, err := dockerfile.Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, dockerfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Declared{
		Arguments: []string{"A", "B", "BELOW", "SOURCE_DATE_EPOCH", "TRIGGER"},
		Variables: []string{"PORT", "VERSION"},
	}
	if diff := cmp.Diff(want, Variables(src)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
