package image

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSteps(t *testing.T) {
	const text = `FROM node:20 AS base
WORKDIR /app
FROM golang:1 AS builder
RUN go build ./...
FROM base
COPY package.json ./
RUN npm ci && \
    rm -rf /root/.npm
ADD --chown=1:1 app.tar.gz src
ARG WHERE
COPY a $WHERE
USER 1
`
	src, err := dockerfile.Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, dockerfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{"WORKDIR", "Dockerfile:2: WORKDIR /app", "/app"},
		{"COPY", "Dockerfile:6: COPY package.json ./", "/app"},
		{"RUN", "Dockerfile:7: RUN npm ci && rm -rf /root/.npm", ""},
		{"ADD", "Dockerfile:9: ADD --chown=1:1 app.tar.gz src", "/app/src"},
		{"COPY", "Dockerfile:11: COPY a $WHERE", ""},
	}
	if diff := cmp.Diff(want, Steps(src)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
