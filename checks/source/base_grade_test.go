package source

import (
	"strings"
	"testing"

	"github.com/distribution/reference"
)

func TestGradeImage(t *testing.T) {
	for want, images := range map[grade][]string{
		gradeLatest: {"python", "python:latest", "localhost:5000/python", "ghcr.io/a/b"},
		gradeMoving: {
			"node:3", "python:3.12", "node:20-alpine", "debian:bookworm-slim", "debian:12", "debian:stable-slim", "alpine:3.20", "alpine:edge",
			"ubuntu:24.04", "ubuntu:noble", "gcr.io/distroless/static-debian12:nonroot", "gcr.io/distroless/java21-debian12:debug",
			"node:lts-alpine", "node:20-alpine3.20", "node:20-alpine3.20.3", "node:20-bookworm-slim", "php:8.3-fpm-alpine3.20", "python:3-slim",
			"golang:1.22-windowsservercore-ltsc2022", "amazonlinux:2023", "fedora:41", "rockylinux:9", "registry.access.redhat.com/ubi9/ubi:9.5",
			"registry.access.redhat.com/ubi9/nodejs-20:1", "mcr.microsoft.com/dotnet/aspnet:8.0", "mcr.microsoft.com/windows/nanoserver:1809",
			"mcr.microsoft.com/windows/servercore:ltsc2022", "mcr.microsoft.com/devcontainers/java:1-21", "eclipse-temurin:21-jre-alpine",
			"maven:3-eclipse-temurin-21", "clojure:temurin-21-lein", "postgres:16", "postgres:16-alpine", "postgis/postgis:16-3.5", "pgvector/pgvector:pg16",
			"lukemathwalker/cargo-chef:latest-rust-1.82.0", "ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "messense/rust-musl-cross:x86_64-musl",
			"selenium/standalone-chrome:131", "redis:7.4.x", "a:main", "a:nightly", "a:v1", "a:v1.2", "a:2024.10", "a:beta", "a:1.2-beta", "a:decade", "a:facade",
			"public.ecr.aws/lambda/provided:al2023", "ubuntu/nginx:1.24-24.04_beta", "a:pr-12",
		},
		gradeVersion: {
			"python:3.12.1-slim-bookworm", "node:20.20.2-bookworm-slim", "golang:1.26.8", "debian:bookworm-20240812-slim", "a:v1.2.3", "a:sha-abc1234",
			"a:2024.10.1", "a:abc1234", "a:0123456789abcdef0123456789abcdef01234567", "a:v1.2-5-gabc1234d", "a:main-1a2b3c4", "a:git-abcdefa", "a:12345",
			"a:build-42", "a:b42", "alpine:3.20.3", "alpine:20240923", "debian:12.7", "debian:12.7-slim", "postgres:16.4", "postgres:16.4-alpine", "postgres:17beta1",
			"ubuntu:noble-20240827.1", "golang:1.22rc1-bookworm", "python:3.14.0a1", "a:1.0-beta.3", "a:1.0-rc.1", "a:1.0-rc-1", "eclipse-temurin:21.0.5_11-jdk-noble",
			"eclipse-temurin:8u432-b06-jre", "eclipse-temurin:21_35-jdk", "openjdk:jdk-21.0.5", "denoland/deno:alpine-2.0.6", "clojure:temurin-21-lein-2.11.2",
			"public.ecr.aws/lambda/provided:al2023.2024.10.14.12", "minio/mc:RELEASE.2024-10-13T13-34-11Z", "odoo:17.0-20241010",
			"selenium/standalone-chrome:131.0-20241119", "rockylinux:9.3.20231119", "registry.access.redhat.com/ubi9/ubi:9.5-1731593028",
			"registry.access.redhat.com/ubi9/nodejs-20:1-59", "registry.access.redhat.com/ubi9/ubi:9.4-1227.1726694542", "nvcr.io/nvidia/pytorch:24.10-py3",
			"nvidia/cuda:12.4.1-base-ubuntu22.04", "mcr.microsoft.com/windows/servercore:10.0.20348.2762", "bitnami/kubectl:1.31.2-debian-12-r5",
			"sonarsource/sonar-scanner-cli:11.1.1.1661_6.2.1", "a:nightly-2024-10-10", "archlinux:base-20241110.0.278197", "lukemathwalker/cargo-chef:0.1.68-rust-1.82",
		},
		gradeDigest: {"python@sha256:" + strings.Repeat("0", 64), "python:latest@sha256:" + strings.Repeat("0", 64)},
	} {
		for _, image := range images {
			named, err := reference.ParseNormalizedNamed(image)
			if err != nil {
				t.Fatal(err)
			}
			if got := gradeImage(named); got != want {
				t.Errorf("%s is of grade %d, want %d", image, got, want)
			}
		}
	}
}
