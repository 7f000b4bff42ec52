package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestToolchainBase(t *testing.T) {
	const (
		build = "FROM a:1 AS build\nRUN make\n"
		end   = "COPY --from=build /app /app\nCMD [\"/app\"]\n"
	)
	tests := map[string]judgement{
		"columns":          {text: build + "FROM golang:1.26.8 AS app\n" + end, status: checks.Warn, finding: "3:6: the image is based on golang:1.26.8, which brings the Go toolchain"},
		"ARG":              {text: "ARG V=1.26.8\n" + build + "FROM golang:${V}\n" + end, status: checks.Warn, finding: "4:6: based on golang:1.26.8,"},
		"ARG without":      {text: "ARG V\n" + build + "FROM $V\n" + end, status: checks.Pass},
		"base stage":       {text: "FROM rust:1.83 AS base\nRUN apt-get update\n" + build + "FROM base\n" + end, status: checks.Warn, finding: "1:6: rust"},
		"build stage":      {text: "FROM golang:1.26.8 AS build\nFROM a:1\n" + end, status: checks.Pass},
		"stage not used":   {text: build + "FROM golang:1.26.8\nFROM a:1\n" + end, status: checks.Pass},
		"one stage":        {text: "FROM golang:1.26.8\nCOPY app /app\nCMD [\"/app\"]\n", status: checks.Warn, finding: "1:6: "},
		"builds":           {text: "FROM golang:1.26.8\nCOPY . .\nRUN go build\nCMD [\"/app\"]\n", status: checks.Pass}, // source/multi-stage
		"go run":           {text: "FROM golang:1.26.8\nCOPY . .\nCMD [\"go\", \"run\", \".\"]\n", status: checks.Warn},
		"tools":            {text: "FROM golang:1.26.8\nRUN apt-get update\n", status: checks.Pass},
		"source alone":     {text: "FROM golang:1.26.8\nCOPY . .\n", status: checks.Pass},
		"tests":            {text: "FROM golang:1.26.8\nCOPY . .\nCMD [\"go\", \"test\", \"./...\"]\n", status: checks.Pass},
		"tool itself":      {text: "FROM golang:1.26.8\nENTRYPOINT [\"go\"]\n", status: checks.Pass},
		"language server":  {text: "FROM golang:1.26.8\nENTRYPOINT [\"gopls\"]\n", status: checks.Pass},
		"shell":            {text: "FROM rust:1.83\nCOPY . .\nCMD [\"/bin/bash\"]\n", status: checks.Pass},
		"script":           {text: "-- Dockerfile --\nFROM rust:1.83\nCOPY . .\nCMD [\"./run.sh\"]\n-- run.sh --\ncargo fuzz run a\n", status: checks.Pass},
		"script of shell":  {text: "-- Dockerfile --\nFROM rust:1.83\nCOPY . .\nCMD [\"sh\", \"ci/run.sh\"]\n-- ci/run.sh --\ncargo test\n", status: checks.Pass},
		"script that runs": {text: "-- Dockerfile --\nFROM rust:1.83\nCOPY . .\nCMD [\"./run.sh\"]\n-- run.sh --\nexec ./app\n", status: checks.Warn},
		"script unknown":   {text: "FROM rust:1.83\nCOPY . .\nCMD [\"./run.sh\"]\n", status: checks.Warn},
		"target":           {text: "FROM golang:1.26.8 AS b\nCMD [\"a\"]\nFROM a:1\n" + "CMD [\"a\"]\n", status: checks.Warn, options: dockerfile.Options{Target: "b"}},
	}
	for _, image := range []string{
		"golang", "golang:1.26.8-alpine3.22", "docker.io/library/golang:1.26.8", "public.ecr.aws/docker/library/golang:1.26.8", "golang@sha256:e6da21ac8dc25d7e8a1c5e3a8c0a2e0d7e3a52b6fb9b0a3f8b3b8a4b2f8f4c11", "rust:1.83-slim", "lukemathwalker/cargo-chef:0.1.68-rust-1.83.0",
		"gcc:14.2.0", "maven:3.9.9-eclipse-temurin-21", "gradle:8.11.1-jdk21", "openjdk:17", "openjdk:8-jdk-alpine", "eclipse-temurin:21", "eclipse-temurin:21.0.5_11-jdk-jammy", "azul/zulu-openjdk:21", "ibm-semeru-runtimes:open-21-jdk",
		"bellsoft/liberica-openjdk-alpine:21", "mcr.microsoft.com/dotnet/sdk:9.0", "mcr.microsoft.com/dotnet/framework/sdk:4.8.1", "swift:6.0", "nvidia/cuda:12.6.3-cudnn-devel-ubuntu24.04",
	} {
		tests[image] = judgement{text: build + "FROM " + image + "\n" + end, status: checks.Warn, finding: "3:6: the image is based on " + image + ", which brings"}
	}
	for _, image := range []string{
		"node:22.12.0", "python:3.12.8", "ruby:3.3.6", "eclipse-temurin:21-jre", "eclipse-temurin:21.0.5_11-jre-alpine", "openjdk:11-jre-slim", "openjdk:8-jre8", "azul/zulu-openjdk:21-jre-headless", "ibm-semeru-runtimes:open-21-jre", "amazoncorretto:21",
		"mcr.microsoft.com/dotnet/aspnet:9.0", "mcr.microsoft.com/dotnet/runtime:9.0", "swift:6.0-slim", "nvidia/cuda:12.6.3-runtime-ubuntu24.04", "buildpack-deps:bookworm", "gcr.io/distroless/java21", "myorg/golang-app:1", "scratch",
		"eclipse-temurin@sha256:e6da21ac8dc25d7e8a1c5e3a8c0a2e0d7e3a52b6fb9b0a3f8b3b8a4b2f8f4c11", "rustfs/rustfs:1", "composer:2",
	} {
		tests["fine: "+image] = judgement{text: build + "FROM " + image + "\n" + end, status: checks.Pass}
	}
	judgeAll(t, toolchainBase, tests)

	found := run(t, toolchainBase, build+"FROM eclipse-temurin:21-jdk\n"+end, dockerfile.Options{}).Findings
	if len(found) != 1 || !strings.HasPrefix(found[0].Fix, "Begin the last stage with the same tag with -jre, and copy") {
		t.Errorf("found %+v", found)
	}
	for image, want := range map[string]string{
		"openjdk:17-jdk-slim":                   "eclipse-temurin:17-jre, gcr.io/distroless/java17:nonroot",
		"openjdk:17":                            "eclipse-temurin:17-jre",
		"openjdk:11.0.16-jdk":                   "eclipse-temurin:11-jre, or",
		"openjdk:8u342-jdk":                     "eclipse-temurin:8-jre,",
		"openjdk:8-jdk-alpine":                  "eclipse-temurin:8-jre,",
		"openjdk":                               "eclipse-temurin:21-jre, or the -jre of",
		"maven:3.9.9-eclipse-temurin-17":        "eclipse-temurin:17-jre,",
		"maven:3-openjdk-11":                    "eclipse-temurin:11-jre,",
		"maven:3.9.9-eclipse-temurin-25-alpine": "eclipse-temurin:25-jre,",
		"maven:3.9.9":                           "eclipse-temurin:21-jre, or the -jre of",
		"gradle:8.11.1-jdk21":                   "eclipse-temurin:21-jre, gcr",
		"gradle:8":                              "eclipse-temurin:21-jre, or the -jre of",
		"gradle:8-jdk11":                        "eclipse-temurin:11-jre,",
	} {
		found := run(t, toolchainBase, build+"FROM "+image+"\n"+end, dockerfile.Options{}).Findings
		if len(found) != 1 || !strings.HasPrefix(found[0].Fix, "Begin the last stage with "+want) {
			t.Errorf("%s: %+v, want %s", image, found, want)
		}
	}
}
