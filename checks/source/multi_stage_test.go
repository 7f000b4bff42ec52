package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestMultiStage(t *testing.T) {
	const cmd = "CMD [\"app\"]\n"
	tests := map[string]judgement{
		"message":             {text: "FROM golang:1.26.8\nCOPY . .\nRUN go build -o /app .\n" + cmd, status: checks.Warn, finding: "1: no stage to build in comes before the image: line 3 runs go build"},
		"without CMD":         {text: "FROM golang:1.26.8\nCOPY . .\nRUN go build -o /app .\n", status: checks.Warn},
		"build stage":         {text: "FROM golang:1.26.8 AS b\nCOPY . .\nRUN go build -o /app .\nFROM scratch\nCOPY --from=b /app /app\n" + cmd, status: checks.Pass},
		"stage by mount":      {text: "FROM golang:1.26.8 AS b\nRUN go build -o /app .\nFROM a:1\nRUN --mount=from=b,target=/b cp /b/app /\n" + cmd, status: checks.Pass},
		"base stage":          {text: "FROM golang:1.26.8 AS b\nRUN go build -o /app .\nFROM b\n" + cmd, status: checks.Warn, finding: "3: line 2 runs go build"},
		"other stage":         {text: "FROM golang:1.26.8 AS test\nRUN go test ./...\nFROM golang:1.26.8\nCOPY . .\nRUN go build\n" + cmd, status: checks.Warn, finding: "3: line 5 runs go build"},
		"target":              {text: "FROM golang:1.26.8 AS b\nCOPY . .\nRUN go build -o /app .\nFROM scratch\nCOPY --from=b /app /app\n", status: checks.Warn, options: dockerfile.Options{Target: "b"}},
		"tools":               {text: "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev curl\n" + cmd, status: checks.Warn, finding: "1: line 2 installs the build tools build-essential, libpq-dev"},
		"compiler first":      {text: "FROM a:1\nRUN apk add gcc\nRUN make\n" + cmd, status: checks.Warn, finding: "1: line 3 runs make"},
		"tools, image of":     {text: "FROM debian:12\nRUN apt-get install -y build-essential\n", status: checks.Pass},
		"tools and source":    {text: "FROM debian:12\nRUN apt-get install -y build-essential\nCOPY . /app\n", status: checks.Warn},
		"tools removed":       {text: "FROM a:1\nRUN apk add --virtual .build gcc musl-dev && pip install -r a.txt && make install && apk del .build\n" + cmd, status: checks.Pass},
		"tools purged":        {text: "FROM a:1\nRUN apt-get install -y gcc && make && apt-get purge -y --auto-remove gcc\n" + cmd, status: checks.Pass},
		"removed too late":    {text: "FROM a:1\nRUN apk add gcc\nRUN apk del gcc\n" + cmd, status: checks.Warn, finding: "1: line 2 installs the build tools gcc"},
		"development":         {text: "FROM a:1\nCOPY requirements-dev.txt .\nRUN pip install -r requirements-dev.txt\n" + cmd, status: checks.Pass},
		"php extensions":      {text: "FROM php:8.3.14-fpm\nRUN apt-get install -y libpng-dev && docker-php-ext-install gd\n" + cmd, status: checks.Pass},
		"php and compiler":    {text: "FROM php:8.3.14-fpm\nRUN apt-get install -y libpng-dev cmake\nRUN docker-php-ext-install gd\n" + cmd, status: checks.Warn, finding: "1: the build tools cmake"},
		"in HEALTHCHECK":      {text: "FROM a:1\nHEALTHCHECK CMD make build\n" + cmd, status: checks.Pass},
		"ready artefacts":     {text: "FROM eclipse-temurin:21.0.5_11-jre\nCOPY target/app.jar /app.jar\n" + cmd, status: checks.Pass},
		"run-time packages":   {text: "FROM python:3.12.1-slim\nRUN apt-get install -y libpq5 curl\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n" + cmd, status: checks.Pass},
		"run-time packages 2": {text: "FROM node:20.20.2-alpine3.22\nCOPY package*.json ./\nRUN npm ci --omit=dev\nCOPY . .\n" + cmd, status: checks.Pass},
	}
	for run, what := range map[string]string{
		"npm run build": "runs npm run build", "npm ci && npm run build:prod": "runs npm run build:prod", "yarn build": "runs yarn build", "pnpm run build": "runs pnpm run build", "npx tsc -p .": "runs tsc",
		"npx vite build": "runs vite build", "mvn -B package": "runs mvn package", "./gradlew clean bootJar": "runs gradlew clean", "cargo build --release": "runs cargo build",
		"dotnet publish -c Release": "runs dotnet publish", "./configure && make -j4 && make install": "runs make", "make PREFIX=/x install": "runs make install",
		"cmake --build build": "runs cmake --build", "gcc -o /app a.c": "runs gcc", "sh -c 'go build .'": "runs go build", "mix release": "runs mix release",
		"apk add --no-cache build-base": "tools build-base", "apk add g++ make python3": "tools g++, make", "dnf install -y gcc-c++ openssl-devel": "tools gcc-c++, openssl-devel",
		"apt-get install -y gcc-12 golang-1.22 openjdk-21-jdk-headless": "tools gcc-12, golang-1.22, openjdk-21-jdk-headless", "apk add openjdk21 maven": "tools openjdk21, maven",
		"apt-get install -y postgresql-server-dev-17": "tools postgresql-server-dev-17",
	} {
		tests[run] = judgement{text: "FROM a:1\nRUN " + run + "\n" + cmd, status: checks.Warn, finding: "1: " + what}
	}
	for _, run := range []string{
		"npm ci", "npm install --omit=dev", "npm build", "npm run lint", "npm run rebuild", "yarn", "bun install", "go test ./...", "go vet ./...", "go mod download", "go mod vendor", "go install golang.org/x/tools/cmd/stringer@v0.1.0",
		"cargo test", "cargo install sccache", "mvn -B test", "mvn dependency:go-offline", "gradle clean test", "gradle dependencies", "dotnet restore", "make migrate", "make -C docs test", "gcc --version",
		"apt-get install -y openjdk-21-jre-headless", "apk add openjdk21-jre", "apk add nodejs npm git", "apt-get install -y makepasswd gcc-base", "apt-get install -y $PACKAGES", "apt-get remove -y gcc", "echo make build",
		"pip install -r requirements.txt", "pip install -r developers.txt", "poetry install --without dev", "npm ci --omit=dev", "composer install --no-dev", "uv sync --no-dev", "npm ci --include=optional", "(",
		"npm ci --include=dev", "poetry install --with dev", "pipenv install --dev", "uv sync --group=dev", "pip install -r requirements/test.txt",
		"apk add gcc && make && dpkg -P gcc", "yum install -y gcc && make && yum history undo -y last",
	} {
		tests["fine: "+run] = judgement{text: "FROM a:1\nRUN " + run + "\n" + cmd, status: checks.Pass}
	}
	judgeAll(t, multiStage, tests)

	for text, fix := range map[string]string{
		"FROM a:1\nRUN make\nCMD [\"a\"]\n":            "Name the stage of line 1 with AS builder, and begin a second stage behind the build, from an image without build tools, that copies the result alone by COPY --from=builder.",
		"FROM a:1 AS app\nRUN make\nCMD [\"a\"]\n":     "Begin a second stage behind the build, from an image without build tools, that copies the result alone by COPY --from=app.",
		"FROM a:1 AS b\nRUN make\nFROM b\nCMD [\"a\"]": "Build the last stage from an image without build tools instead of b, and copy the result alone by COPY --from=b.",
	} {
		if found := run(t, multiStage, text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", text, found)
		}
	}
}
