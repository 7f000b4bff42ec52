package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestUser(t *testing.T) {
	judgeAll(t, user, map[string]judgement{
		"article":            {text: "FROM alpine:3.20\nRUN addgroup --system appgroup \\\n    && adduser --system --ingroup appgroup appuser\nCOPY --chown=appuser:appgroup . .\nUSER appuser\n", status: checks.Pass},
		"missing":            {text: "FROM alpine:3.20\n", status: checks.Fail, finding: "1: the last stage names no USER"},
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
		"micromamba":         {text: "FROM mambaorg/micromamba:2.0.5\n", status: checks.Pass},
		"bitnami":            {text: "FROM bitnami/nginx:1.27\n", status: checks.Pass},
		"bitnami, to build":  {text: "FROM bitnami/node:22\n", status: checks.Fail},
		"minideb":            {text: "FROM bitnami/minideb:bookworm\n", status: checks.Fail},
		"jenkins":            {text: "FROM jenkins/jenkins:lts\n", status: checks.Pass},
		"jenkins, to root":   {text: "FROM jenkins/jenkins:lts\nUSER root\n", status: checks.Fail},
		"grafana":            {text: "FROM docker.io/grafana/grafana:11\n", status: checks.Pass},
		"chiseled":           {text: "FROM mcr.microsoft.com/dotnet/aspnet:9.0-noble-chiseled\n", status: checks.Pass},
		"server core":        {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n", status: checks.Fail, finding: "1: runs as ContainerAdministrator"},
		"administrator":      {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nUSER ContainerAdministrator\n", status: checks.Fail, finding: "2: the image runs as an administrator"},
		"Windows user":       {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nUSER ContainerUser\n", status: checks.Pass},
		"nano server":        {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n", status: checks.Pass},
		"comment, root":      {text: "FROM alpine:3\nUSER root # the admin\n", status: checks.Fail, finding: "2: no container starts as USER root # the admin: all of the line is the name"},
		"comment, zero":      {text: "FROM alpine:3\nUSER 0 # x\n", status: checks.Fail, finding: "2: Docker knows no comments"},
		"comment, user":      {text: "FROM alpine:3\nUSER app# x\n", status: checks.Fail, finding: "2: Docker knows no comments"},
		"two words":          {text: "FROM alpine:3\nUSER app user\n", status: checks.Fail, finding: "2: no container starts as USER app user"},
		"blank in a group":   {text: "FROM alpine:3\nUSER app:\"a b\"\n", status: checks.Fail},
		"hexadecimal":        {text: "FROM alpine:3\nUSER 0x0\n", status: checks.Fail, finding: "2: numbers of users are decimal"},
		"negative":           {text: "FROM alpine:3\nUSER -1\n", status: checks.Fail, finding: "2: from 0 to 2147483647"},
		"too large":          {text: "FROM alpine:3\nUSER 2147483648:0\n", status: checks.Fail},
		"far too large":      {text: "FROM alpine:3\nUSER 99999999999999999999\n", status: checks.Fail, finding: "2: from 0 to"},
		"largest":            {text: "FROM alpine:3\nUSER 2147483647\n", status: checks.Pass},
		"capitals":           {text: "FROM alpine:3\nUSER ROOT\n", status: checks.Fail, finding: "2: case-sensitive"},
		"capitals, created":  {text: "FROM debian:12\nRUN useradd ROOT\nUSER ROOT\n", status: checks.Pass},
		"Windows blank":      {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nUSER \"NT AUTHORITY\\\\NETWORK SERVICE\"\n", status: checks.Pass},
		"default root":       {text: "FROM alpine:3\nUSER ${U:-root}\n", status: checks.Fail, finding: "2: the image runs as root: USER root, from ${U:-root}, unless the base image alpine:3 sets the variable"},
		"default zero":       {text: "FROM alpine:3\nUSER ${U:-0}:${G:-0}\n", status: checks.Fail},
		"default user":       {text: "FROM alpine:3\nUSER ${U:-app}\n", status: checks.Pass},
		"no default":         {text: "FROM alpine:3\nUSER $U\n", status: checks.Skipped},
		"default, unknown":   {text: "ARG X\nFROM alpine:3\nARG U=$UNKNOWN\nUSER ${U:-root}\n", status: checks.Skipped},
		"ONBUILD":            {text: "FROM alpine:3\nONBUILD COPY . /app\nONBUILD USER app\n", status: checks.Skipped},
		"ONBUILD root":       {text: "FROM alpine:3\nONBUILD USER root\n", status: checks.Fail},
		"ONBUILD, starts":    {text: "FROM alpine:3\nONBUILD USER app\nCMD [\"/x\"]\n", status: checks.Fail},
		"target":             {text: "FROM alpine:3.20 AS dev\nFROM alpine:3.20\nUSER app\n", status: checks.Fail, options: dockerfile.Options{Target: "dev"}, finding: "1: the stage dev names no USER"},
		"last, named":        {text: "FROM alpine:3.20 AS prod\n", status: checks.Fail, finding: "1: the stage prod names no USER"},
	})
}

// TestUserFix wants commands that the base image has, and no account to be created
// where there is one.
func TestUserFix(t *testing.T) {
	const useradd = "RUN useradd --uid 10001 --user-group app, then USER 10001"
	for text, want := range map[string]string{
		"FROM alpine:3.20\n":                                     "RUN adduser --disabled-password --uid 10001 app, then USER 10001",
		"FROM python:3.12-alpine\n":                              "RUN adduser --disabled-password --uid 10001 app",
		"FROM debian:trixie\n":                                   useradd,
		"FROM ubuntu:24.04\n":                                    useradd,
		"FROM python:3.12-slim\n":                                useradd,
		"FROM public.ecr.aws/docker/library/python:3.12\n":       useradd,
		"FROM rockylinux:9\n":                                    useradd,
		"FROM registry.access.redhat.com/ubi9:9.5\n":             useradd,
		"FROM registry.access.redhat.com/ubi9/ubi-minimal:9.5\n": "Write USER 65532:65532",
		"FROM amazonlinux:2023\n":                                "Write USER 65532:65532",
		"FROM scratch\n":                                         "Write USER 65532:65532 in the last stage: without a shell",
		"FROM gcr.io/distroless/static-debian12\n":               "Take the tag nonroot of gcr.io/distroless/static-debian12",
		"FROM node:22\n":                                         "Write USER node",
		"FROM node:22-alpine\n":                                  "Write USER node",
		"FROM postgres:17\n":                                     "Write USER postgres",
		"FROM php:8.3-apache\n":                                  "Write USER www-data",
		"FROM nginx:1.27\n":                                      "nginxinc/nginx-unprivileged",
		"FROM mcr.microsoft.com/dotnet/aspnet:9.0\n":             "Write USER $APP_UID",
		"FROM mcr.microsoft.com/windows/servercore:ltsc2022\n":   "Write USER ContainerUser",
		"FROM example.com/own:1\n":                               "RUN useradd --uid 10001 --user-group app, on Alpine RUN adduser",
		"FROM alpine:3.20\nRUN adduser -D web\n":                 "Write USER web at the end of the last stage: line 2 creates that user",
		"FROM alpine:3.20\nRUN adduser -D -u 10001 web\n":        "Write USER 10001 at the end of the last stage: line 2 creates that user",
		"FROM node:22\nUSER node\nUSER root\n":                   "Write USER node again at the end of the last stage",
		"FROM node:22\nUSER root\n":                              "Write USER node at the end",
		"FROM jenkins/jenkins:lts\nUSER root\n":                  "with the user of jenkins/jenkins:lts again",
		"FROM debian:12\nRUN useradd a\nUSER 0\n":                "Write USER a at the end",
	} {
		if f := run(t, user, text, dockerfile.Options{}).Findings; len(f) != 1 || !strings.Contains(f[0].Fix, want) {
			t.Errorf("%s: %+v, want %s", text, f, want)
		}
	}
}
