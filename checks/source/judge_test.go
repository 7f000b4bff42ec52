package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
)

// judgement is a Dockerfile (or archive) and what one check says of it.
type judgement struct {
	text   string
	status checks.Status
	// finding is "line: part of the message" of the first finding.
	finding string
	options Options
}

func judgeAll(t *testing.T, check checks.Check[*Source], tests map[string]judgement) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, check, test.text, test.options)
			if res.Status != test.status {
				t.Fatalf("%s %s %+v, want %s", res.Status, res.Detail, res.Findings, test.status)
			}
			if test.finding == "" {
				return
			}
			line, message, _ := strings.Cut(test.finding, ": ")
			if len(res.Findings) == 0 {
				t.Fatalf("no findings, want %s", test.finding)
			}
			f := res.Findings[0]
			if got := f.Location.String(); !strings.HasPrefix(got, "Dockerfile:"+line+":") || !strings.Contains(f.Message, message) {
				t.Errorf("got %s: %s, want %s", got, f.Message, test.finding)
			}
		})
	}
}

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
		"argument given":     {text: "ARG TAG=latest\nFROM python:${TAG}\n", status: checks.Pass, options: Options{BuildArgs: map[string]string{"TAG": "3.12"}}},
		"argument unknown":   {text: "ARG TAG\nFROM python:${TAG}\n", status: checks.Pass},
		"copy from":          {text: "FROM scratch\nCOPY --from=minio/mc /usr/bin/mc /usr/bin/mc\n", status: checks.Fail, finding: "2: minio/mc has no tag"},
		"mount from":         {text: "FROM alpine:3.20\nRUN --mount=from=busybox:latest,target=/b true\n", status: checks.Fail, finding: "2: latest"},
		"stage not used":     {text: "FROM node AS unused\nFROM scratch\n", status: checks.Fail, finding: "1: node"},
	})
}

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
		"argument given":     {text: "FROM alpine:3.20\nARG U=root\nUSER $U\n", status: checks.Pass, options: Options{BuildArgs: map[string]string{"U": "app"}}},
		"argument unknown":   {text: "FROM alpine:3.20\nARG U\nUSER $U\n", status: checks.Skipped},
		"base unknown":       {text: "ARG B\nFROM $B\n", status: checks.Skipped},
		"distroless nonroot": {text: "FROM gcr.io/distroless/static-debian12:nonroot\n", status: checks.Pass},
		"through a stage":    {text: "FROM gcr.io/distroless/static-debian12:nonroot AS b\nFROM b\n", status: checks.Pass},
		"distroless":         {text: "FROM gcr.io/distroless/static-debian12:latest\n", status: checks.Fail},
		"nonroot but root":   {text: "FROM gcr.io/distroless/static-debian12:nonroot\nUSER 0\n", status: checks.Fail},
		"unprivileged":       {text: "FROM nginxinc/nginx-unprivileged:1.27\n", status: checks.Pass},
		"chainguard":         {text: "FROM cgr.dev/chainguard/node:20\n", status: checks.Pass},
		"chainguard base":    {text: "FROM cgr.dev/chainguard/wolfi-base:20230214\n", status: checks.Fail},
		"target":             {text: "FROM alpine:3.20 AS dev\nFROM alpine:3.20\nUSER app\n", status: checks.Fail, options: Options{Target: "dev"}},
	})
}

func TestExecForm(t *testing.T) {
	judgeAll(t, execForm, map[string]judgement{
		"article right":      {text: "FROM python:3.12\nCMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n", status: checks.Pass},
		"article wrong":      {text: "FROM python:3.12\nCMD uvicorn app.main:app --host 0.0.0.0 --port 8000\n", status: checks.Fail, finding: "2: CMD is in shell form"},
		"entrypoint":         {text: "FROM a:1\nENTRYPOINT app\nCMD [\"x\"]\n", status: checks.Fail, finding: "2: ENTRYPOINT"},
		"exec":               {text: "FROM a:1\nCMD exec app --serve\n", status: checks.Pass},
		"single quotes":      {text: "FROM a:1\nCMD ['app']\n", status: checks.Fail},
		"neither":            {text: "FROM a:1\n", status: checks.Skipped},
		"in builder only":    {text: "FROM a:1 AS b\nCMD app\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"inherited":          {text: "FROM a:1 AS b\nCMD app\nFROM b\n", status: checks.Fail, finding: "2: CMD"},
		"reset":              {text: "FROM a:1 AS b\nCMD app\nFROM b\nENTRYPOINT [\"app\"]\n", status: checks.Pass},
		"corrected later":    {text: "FROM a:1\nCMD app\nCMD [\"app\"]\n", status: checks.Pass},
		"with another shell": {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\nCMD app\n", status: checks.Fail},
	})
}

func TestHealthcheck(t *testing.T) {
	judgeAll(t, healthcheck, map[string]judgement{
		"article":   {text: "FROM a:1\nHEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \\\n    CMD curl -f http://localhost:8000/health/live || exit 1\n", status: checks.Pass},
		"missing":   {text: "FROM a:1\n", status: checks.Fail, finding: "1: no HEALTHCHECK"},
		"none":      {text: "FROM a:1\nHEALTHCHECK NONE\n", status: checks.Fail, finding: "2: turns"},
		"inherited": {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\n", status: checks.Pass},
		"off again": {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\nHEALTHCHECK NONE\n", status: checks.Fail, finding: "4: "},
		"builder":   {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM a:1\n", status: checks.Fail, finding: "3: "},
	})
}

func TestSecret(t *testing.T) {
	// The values are put together here, so that no scanner takes them for real.
	aws, github, slack := "AKIA"+strings.Repeat("Q", 16), "ghp_"+strings.Repeat("a1", 18), "xoxb-"+strings.Repeat("1", 20)
	jwt := "eyJ" + strings.Repeat("a", 20) + ".eyJ" + strings.Repeat("b", 20) + ".c"
	found := []string{
		"ENV PASSWORD=hunter2", "ENV DB_PASSWORD=hunter2", "ENV dbPassword=hunter2", "ENV PGPASSWORD=hunter2",
		"ENV SECRET_KEY_BASE=x1", "ENV JWT_SECRET=x1", "ENV API_KEY=abc", "ENV STRIPE_API_KEY abc def", "ENV APIKEY=abc",
		"ENV PRIVATE_KEY=abc", "ENV AWS_SECRET_ACCESS_KEY=abc", "ENV GOOGLE_CREDENTIALS={}", "ENV SMTP_PASS=x", "ENV DB_PWD=x",
		"ENV NPM_TOKEN=abc", "ENV A=1 TOKEN=abc", "ENV NPM_CONFIG__AUTHTOKEN=abc", "ENV VAULT_SECRET_ID=abc", "ENV SSH_KEY=abc",
		"ENV ENCRYPTION_KEY=\"a b\"", "ENV PASSWORD=${PASSWORD:-changeme}",
		"ARG NPM_TOKEN", "ARG NPM_TOKEN=", "ARG GITHUB_TOKEN=abc", "ARG AWS_ACCESS_KEY_ID", "ARG SSH_PRIVATE_KEY",
		"LABEL com.example.password=hunter2", "LABEL note=" + github,
		"ENV X=" + aws, "ENV X=" + github, "ARG X=" + slack, "ENV X=" + jwt, "ENV KEY_URL=" + github,
		"ENV X=\"-----BEGIN RSA PRIVATE KEY-----\"", "ARG X=\"-----BEGIN PRIVATE KEY-----\"",
		"ENV DATABASE_URL=postgres://user:hunter2@db:5432/app", "ENV DATABASE_URL=redis://:hunter2@cache/0",
		"ARG HTTP_PROXY=http://user:hunter2@proxy:3128", "ENV DATABASE_URL=postgres://user:hunter2@$HOST/app",
		"ARG X=hunter2\nENV DB_PASSWORD=$X",
	}
	clean := []string{
		"ENV NODE_ENV=production PORT=3000 LOG_LEVEL=info", "ENV PATH=/app/bin:$PATH",
		"ENV JWT_SECRET_FILE=/run/secrets/jwt", "ENV DB_PASSWORD=/run/secrets/db", "ENV SECRET_PATH=x", "ENV TOKEN_URL=https://idp.example.com/token",
		"ENV DATABASE_URL=postgres://db:5432/app", "ENV DATABASE_URL=postgres://$USER:$PASSWORD@db/app", "ENV URL=http://a/b:c@d",
		"ENV PASSWORDLESS=on-by-default", "ENV TOKENIZERS_PARALLELISM=never", "ENV TOKENIZER_PATH=a", "ENV TOKENIZER_MODEL=gpt2",
		"ENV TOKEN_TTL=a TOKEN_EXPIRY=b TOKEN_EXPIRATION=c", "ENV PUBLIC_KEY=abc", "ENV JWT_PUBLIC_KEY=abc", "ENV NEXT_PUBLIC_API_KEY=abc",
		"ENV PASSWORD=", "ENV PASSWORD=\"\"", "ENV SECRET=true", "ENV MAX_TOKENS=many", "ENV TOKENS=4096", "ENV TOKEN_LIFETIME=30m", "ENV PASSWORD_RESET_TOKEN=24h",
		"ENV MYSQL_ALLOW_EMPTY_PASSWORD=sure", "ENV PASSWORD_MIN_LENGTH=x", "ENV SECRET_NAME=app", "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
		"ENV SORT_KEY=name", "ENV CACHE_KEY=v1", "ENV PWD=/app", "ENV OLD_PWD=x", "ENV COMPASS=north", "ENV SECRETARY=bob", "ENV KEYBOARD=de", "ENV MONKEY=see",
		"ENV AUTH_TYPE=oidc", "ENV PASSWORD=$PASSWORD", "ENV NPM_TOKEN=${NPM_TOKEN}", "ENV CREDENTIALS_FILE=x", "ENV EOS_TOKEN=</s>",
		"ARG TOKEN_FILE", "ARG REVISION=unknown", "ARG USE_SECRETS", "ARG PASSWORD_POLICY", "ARG SECRET=false", "ARG TOKEN_LIMIT", "ARG HTTP_PROXY",
		"LABEL org.opencontainers.image.source=https://example.com/a", "LABEL com.example.token.type=bearer", "LABEL description=\"sets the password\"",
		"RUN --mount=type=secret,id=token,env=TOKEN npm ci",
	}
	for _, line := range found {
		res := run(t, secret, "FROM a:1\n"+line+"\n", Options{})
		if res.Status != checks.Fail || len(res.Findings) != 1 {
			t.Errorf("%s: %s, %d findings", line, res.Status, len(res.Findings))
			continue
		}
		f := res.Findings[0]
		if f.Subject == "" || f.Location.Line < 2 {
			t.Errorf("%s: %+v", line, f)
		}
		for _, value := range []string{"hunter2", "changeme", aws, github, slack, jwt} {
			if strings.Contains(f.Message+f.Subject+f.Fix, value) {
				t.Errorf("%s: the value is shown: %+v", line, f)
			}
		}
	}
	for _, line := range clean {
		if res := run(t, secret, "FROM a:1\n"+line+"\n", Options{}); res.Status != checks.Pass {
			t.Errorf("%s: %+v", line, res.Findings)
		}
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"reported once":        {"ARG NPM_TOKEN\nFROM a:1\nARG NPM_TOKEN\nENV NPM_TOKEN=$NPM_TOKEN\nFROM a:1\nARG NPM_TOKEN\n", []string{"Dockerfile:1:5 NPM_TOKEN"}},
		"each where it stands": {"FROM a:1\nENV A=1 \\\n    DB_PASSWORD=a \\\n    API_KEY=b\n", []string{"Dockerfile:3:5 DB_PASSWORD", "Dockerfile:4:5 API_KEY"}},
		"given value":          {"FROM a:1\nARG X\nENV DB_PASSWORD=$X\n", []string{"Dockerfile:3:5 DB_PASSWORD"}},
	} {
		var got []string
		for _, f := range run(t, secret, test.text, Options{BuildArgs: map[string]string{"X": "hunter2"}}).Findings {
			got = append(got, f.Location.String()+" "+f.Subject)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDependencyOrder(t *testing.T) {
	after := func(install string) judgement {
		return judgement{text: "FROM a:1\nCOPY . .\nRUN " + install + "\n", status: checks.Fail, finding: "3: comes behind COPY . in line 2"}
	}
	warned := func(build string) judgement {
		return judgement{text: "FROM a:1\nCOPY . .\nRUN " + build + "\n", status: checks.Warn, finding: "3: "}
	}
	fine := func(run string) judgement {
		return judgement{text: "FROM a:1\nCOPY . .\nRUN " + run + "\n", status: checks.Pass}
	}
	tests := map[string]judgement{
		"article":            {text: "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n", status: checks.Pass},
		"article separate":   {text: "FROM python:3.12\nCOPY requirements.txt requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\n", status: checks.Pass},
		"manifest too late":  {text: "FROM a:1\nCOPY package.json .\nCOPY . .\nRUN npm ci\n", status: checks.Fail, finding: "4: "},
		"second install":     {text: "FROM a:1\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm ci --omit=dev\n", status: checks.Pass},
		"ADD":                {text: "FROM a:1\nADD . /app\nRUN npm ci\n", status: checks.Fail, finding: "3: ADD . in line 2"},
		"base stage":         {text: "FROM a:1 AS b\nCOPY . .\nFROM b\nRUN npm ci\n", status: checks.Fail, finding: "4: line 2"},
		"installed in base":  {text: "FROM a:1 AS b\nCOPY package.json .\nRUN npm ci\nFROM b\nCOPY . .\nRUN npm install\n", status: checks.Pass},
		"other stage":        {text: "FROM a:1 AS b\nCOPY . .\nFROM a:1\nCOPY --from=b /x .\nRUN npm ci\n", status: checks.Pass},
		"stage not used":     {text: "FROM a:1 AS b\nCOPY . .\nRUN npm ci\nFROM a:1\n", status: checks.Pass},
		"directory":          {text: "-- Dockerfile --\nFROM a:1\nCOPY api /app\nRUN npm ci\n-- api/package.json --\n-- api/index.js --\n", status: checks.Fail, finding: "3: COPY api"},
		"source directory":   {text: "-- Dockerfile --\nFROM a:1\nCOPY prisma ./prisma\nRUN npm ci\n-- prisma/schema.prisma --\n", status: checks.Pass},
		"manifest directory": {text: "-- Dockerfile --\nFROM a:1\nCOPY requirements requirements\nRUN pip install -r requirements/prod.txt\n-- requirements/prod.txt --\n-- requirements/base.txt --\n", status: checks.Pass},
		"excluded":           {text: "FROM a:1\nCOPY --exclude=package*.json . .\nRUN npm ci\n", status: checks.Pass},
		"cache mount":        {text: "FROM a:1\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci\n", status: checks.Warn},
		"heredoc":            {text: "FROM a:1\nCOPY . .\nRUN <<EOF\nset -e\nnpm ci\nEOF\n", status: checks.Fail, finding: "5: npm ci"},
	}
	for _, line := range []string{
		"npm ci", "npm install", "npm i --omit=dev", "npm --prefix app ci", "cd app && npm ci", "yarn", "yarn install --frozen-lockfile",
		"pnpm i", "pnpm fetch", "bun install", "pip install -r requirements.txt", "pip3 install --no-cache-dir -rrequirements.txt",
		"python -m pip install --requirement=a.txt", "uv sync --frozen", "uv pip install --system -r a.txt", "poetry install --no-root",
		"pipenv install --deploy", "pdm install", "go mod download", "cargo fetch", "bundle install", "bundle", "composer install --no-dev",
		"mvn -B dependency:go-offline", "./gradlew dependencies", "dotnet restore", "mix deps.get",
	} {
		tests[line] = after(line)
	}
	for _, line := range []string{"go build -o /app ./cmd/app", "CGO_ENABLED=0 go install ./...", "cargo build --release", "mvn -q package", "./mvnw -DskipTests verify", "gradle build", "dotnet publish -c Release"} {
		tests[line] = warned(line)
	}
	for _, line := range []string{
		"cargo chef prepare --recipe-path recipe.json", "npm run build", "npm run install", "npm install -g pm2", "npm install express", "npm test", "npm prune", "yarn build", "yarn add x", "pip install flask",
		"pip install .", "pip --version", "go generate ./...", "go install golang.org/x/tools/cmd/stringer@latest", "cargo install sccache", "echo npm ci", "mvn --version", "gradle --version", "apt-get install npm",
	} {
		tests["fine: "+line] = fine(line)
	}
	judgeAll(t, dependencyOrder, tests)
}

func TestDockerignore(t *testing.T) {
	tests := map[string]struct {
		text   string
		status checks.Status
		want   []string // subjects
	}{
		"nothing copied":   {"FROM a:1\n", checks.Skipped, nil},
		"files copied":     {"-- Dockerfile --\nFROM a:1\nCOPY main.py requirements.txt /app/\nCOPY src /app/src\n-- src/a.py --\n", checks.Skipped, nil},
		"copy from stage":  {"FROM a:1 AS b\nFROM a:1\nCOPY --from=b . .\n", checks.Skipped, nil},
		"stage not used":   {"FROM a:1 AS b\nCOPY . .\nFROM a:1\n", checks.Skipped, nil},
		"missing":          {"FROM a:1\nCOPY . .\n", checks.Fail, []string{""}},
		"missing with ADD": {"FROM a:1\nADD ./ /app\n", checks.Fail, []string{""}},
		"empty":            {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n", checks.Fail, []string{".env", ".env.*", ".git"}},
		"node":             {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- package.json --\n-- .dockerignore --\n.git\n.env*\n", checks.Fail, []string{"node_modules"}},
		"no node":          {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n.git\n.env*\n", checks.Pass, nil},
		"anywhere":         {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n**/.git\n**/.env*\n", checks.Pass, nil},
		"allow list":       {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- package.json --\n-- .dockerignore --\n*\n!src\n", checks.Pass, nil},
		"taken back":       {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n.git\n.env*\n!.env\n", checks.Fail, []string{".env"}},
		"excluded by copy": {"-- Dockerfile --\nFROM a:1\nCOPY --exclude=.env* . .\n-- .dockerignore --\n.git\n", checks.Pass, nil},
		"directory":        {"-- Dockerfile --\nFROM a:1\nCOPY web /app\n-- web/.env --\n-- .dockerignore --\n.env\n", checks.Fail, []string{"web/.env"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, dockerignore, test.text, Options{})
			var got []string
			for _, f := range res.Findings {
				got = append(got, f.Subject)
				if !strings.Contains(f.Fix, f.Subject) {
					t.Errorf("fix does not name the line: %+v", f)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); res.Status != test.status || diff != "" {
				t.Errorf("%s %s, want %s\n%s", res.Status, res.Detail, test.status, diff)
			}
		})
	}
}

func TestBuildKit(t *testing.T) {
	results := func(text string, options Options) map[string]checks.Result {
		byID := map[string]checks.Result{}
		for _, res := range checks.Run(everyCheck(), load(t, text, options)) {
			byID[res.Check] = res
		}
		return byID
	}
	casing := "FROM a:1 AS Build\nWORKDIR x\n"
	for name, test := range map[string]struct {
		text    string
		options Options
		want    map[string]checks.Status
	}{
		"both":  {casing, Options{}, map[string]checks.Status{"StageNameCasing": checks.Warn, "WorkdirRelativePath": checks.Warn}},
		"skip":  {"# check=skip=StageNameCasing\n" + casing, Options{}, map[string]checks.Status{"StageNameCasing": checks.Pass, "WorkdirRelativePath": checks.Warn}},
		"all":   {"# check=skip=all\n" + casing, Options{}, map[string]checks.Status{"StageNameCasing": checks.Pass, "WorkdirRelativePath": checks.Pass}},
		"error": {"# check=error=true\n" + casing, Options{}, map[string]checks.Status{"StageNameCasing": checks.Fail, "WorkdirRelativePath": checks.Fail, "MaintainerDeprecated": checks.Pass}},
		"rejected": {"FROM a:1 AS Build\nCOPY --from=9 /a /b\nWORKDIR x\n", Options{}, map[string]checks.Status{
			"StageNameCasing": checks.Warn, "MaintainerDeprecated": checks.Pass, "WorkdirRelativePath": checks.Skipped, "UndefinedVar": checks.Skipped,
		}},
		"base variable":         {"FROM a:1\nWORKDIR $JAVA_HOME/x\n", Options{}, map[string]checks.Status{"UndefinedVar": checks.Pass}},
		"scratch variable":      {"FROM scratch\nWORKDIR /$JAVA_HOME\n", Options{}, map[string]checks.Status{"UndefinedVar": checks.Warn}},
		"ignored":               {"-- Dockerfile --\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"ignored, with error":   {"-- Dockerfile --\n# check=error=true\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Fail}},
		"ignored, but skipped":  {"-- Dockerfile --\n# check=skip=CopyIgnoredFile\nFROM scratch\nCOPY a/b /\n-- .dockerignore --\na\n", Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Pass}},
		"ignored, not all":      {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\na\n", Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Pass}},
		"everything ignored":    {"-- Dockerfile --\nFROM scratch\nCOPY . /\n-- .dockerignore --\n*\n", Options{}, map[string]checks.Status{"CopyIgnoredFile": checks.Warn}},
		"other stage of target": {"FROM a:1 AS b\nWORKDIR /x\nFROM a:1\nWORKDIR x\n", Options{Target: "b"}, map[string]checks.Status{"WorkdirRelativePath": checks.Pass}},
		"build argument":        {"ARG TAG\nFROM a:${TAG}\nWORKDIR x\n", Options{BuildArgs: map[string]string{"TAG": "1"}}, map[string]checks.Status{"InvalidDefaultArgInFrom": checks.Warn, "WorkdirRelativePath": checks.Warn}},
	} {
		t.Run(name, func(t *testing.T) {
			got := results(test.text, test.options)
			for rule, status := range test.want {
				if res := got[buildkitPrefix+rule]; res.Status != status {
					t.Errorf("%s: %s %s %+v, want %s", rule, res.Status, res.Detail, res.Findings, status)
				}
			}
		})
	}

	where := results(casing, Options{})["buildkit/WorkdirRelativePath"].Findings[0].Location
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 1, EndLine: 2, EndColumn: 10}); where != want {
		t.Errorf("finding at %+v, want %+v", where, want)
	}
	rejected := results("FROM a:1\nCOPY --from=9 /a /b\n", Options{})[valid.ID]
	if rejected.Status != checks.Fail || !strings.Contains(rejected.Findings[0].Message, "invalid stage index 9") {
		t.Errorf("source/valid says %+v", rejected)
	}
}

// TestArticle judges the blocks of the article that say how to do it: what they
// lack by our checks is known, and nothing else blocks.
func TestArticle(t *testing.T) {
	for name, lacks := range map[string][]string{
		"article-node":   {healthcheck.ID},
		"article-python": {healthcheck.ID},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, res := range checks.Run(All(), load(t, string(text), Options{})) {
			if res.Status != checks.Pass {
				got = append(got, res.Check)
				t.Logf("%s: %s: %s %s %+v", name, res.Check, res.Status, res.Detail, res.Findings)
			}
		}
		if diff := cmp.Diff(lacks, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
