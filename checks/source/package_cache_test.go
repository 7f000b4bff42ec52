package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestPackageCache(t *testing.T) {
	tests := map[string]judgement{
		"columns":          {text: "FROM a:1\nRUN cd /x && \\\n    pip install -r a.txt\n", status: checks.Warn, finding: "3:5: pip install leaves its cache ~/.cache/pip in the layer"},
		"moved":            {text: "FROM a:1\nENV PIP_CACHE_DIR=/cache\nRUN pip install x\n", status: checks.Warn, finding: "3:5: pip install leaves its cache /cache in"},
		"moved by option":  {text: "FROM a:1\nRUN npm ci --cache /tmp/npm\n", status: checks.Warn, finding: "2:5: npm ci leaves its cache /tmp/npm in"},
		"other mount":      {text: "FROM a:1\nRUN --mount=type=cache,target=/root/.npm pip install x\n", status: checks.Warn, finding: "2: pip"},
		"cleaned before":   {text: "FROM a:1\nRUN dnf clean all && dnf install -y x\n", status: checks.Warn, finding: "2:22: dnf install"},
		"cleans another":   {text: "FROM a:1\nRUN dnf install -y x && pip install y && dnf clean all\n", status: checks.Warn, finding: "2: pip install"},
		"yum on a mount":   {text: "FROM a:1\nRUN --mount=type=cache,target=/var/cache/dnf dnf install -y x\n", status: checks.Pass},
		"base stage":       {text: "FROM a:1 AS b\nRUN pip install x\nFROM b\n", status: checks.Warn, finding: "2: "},
		"option once":      {text: "FROM a:1\nRUN pip install --no-cache-dir a\nRUN pip install b\n", status: checks.Warn, finding: "3: "},
		"apt keeps":        {text: "FROM debian:12\nRUN rm -f /etc/apt/apt.conf.d/docker-clean\nRUN apt-get update && apt-get install -y x\n", status: checks.Warn, finding: "3: apt-get install leaves its cache /var/cache/apt/archives"},
		"apt keeps, mount": {text: "FROM debian:12\nRUN rm -f /etc/apt/apt.conf.d/docker-clean\nRUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y x\n", status: checks.Pass},
		"apt keeps, clean": {text: "FROM debian:12\nRUN rm -f /etc/apt/apt.conf.d/docker-clean\nRUN apt-get update && apt-get install -y x && apt-get clean\n", status: checks.Pass},
		"apt cleans":       {text: "FROM debian:12\nRUN apt-get update && apt-get install -y x\n", status: checks.Pass},
		"npmrc":            {text: "-- Dockerfile --\nFROM a:1\nCOPY .npmrc package*.json ./\nRUN npm ci\n-- .npmrc --\nregistry=https://r.example.com/\n", status: checks.Warn, finding: "3: npm ci"},
		"npmrc moves":      {text: "-- Dockerfile --\nFROM a:1\nCOPY .npmrc package*.json ./\nRUN npm ci\n-- .npmrc --\ncache=/tmp\n", status: checks.Pass},
		"build stage":      {text: "FROM a:1 AS b\nRUN pip install x && npm ci && dnf install -y y\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"mounted":          {text: "FROM a:1\nRUN --mount=type=cache,target=/root/.cache pip install x\n", status: checks.Pass},
		"mounted, user":    {text: "FROM a:1\nUSER app\nRUN --mount=type=cache,target=/home/app/.cache/pip,uid=1000 pip install x\n", status: checks.Pass},
		"mounted deeper":   {text: "FROM a:1\nRUN --mount=type=cache,target=/root/.npm/_cacache npm ci\n", status: checks.Pass},
		"mounted, moved":   {text: "FROM a:1\nENV PIP_CACHE_DIR=/cache\nRUN --mount=type=cache,target=/cache pip install x\n", status: checks.Pass},
		"moved inline":     {text: "FROM a:1\nRUN --mount=type=cache,target=/tmp/c COMPOSER_CACHE_DIR=/tmp/c composer install\n", status: checks.Pass},
		"off by ENV":       {text: "FROM a:1\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x\n", status: checks.Pass},
		"off by 0":         {text: "FROM a:1\nENV PIP_NO_CACHE_DIR=0\nRUN pip install x\n", status: checks.Pass}, // pip takes any value
		"off by ARG":       {text: "FROM a:1\nARG PIP_NO_CACHE_DIR=1\nRUN pip install x\n", status: checks.Pass},
		"off by export":    {text: "FROM a:1\nRUN export PIP_NO_CACHE_DIR=1; pip install x\n", status: checks.Pass},
		"off by env":       {text: "FROM a:1\nRUN env PIP_NO_CACHE_DIR=1 pip install x\n", status: checks.Pass},
		"on by ENV":        {text: "FROM a:1\nENV PIP_NO_CACHE_DIR=\nRUN pip install x\n", status: checks.Warn},
		"off by config":    {text: "FROM a:1\nRUN pip config set global.no-cache-dir true\nRUN pip install x\n", status: checks.Pass},
		"off by file":      {text: "FROM a:1\nRUN printf '[global]\\nno-cache-dir = true\\n' > /etc/pip.conf\nRUN pip install x\n", status: checks.Pass},
		"unknown config":   {text: "FROM a:1\nCOPY --from=c /pip.conf /etc/pip.conf\nRUN pip install x\n", status: checks.Pass},
		"berry":            {text: "-- Dockerfile --\nFROM a:1\nCOPY . .\nRUN yarn install\n-- .yarnrc.yml --\nnodeLinker: pnp\n", status: checks.Pass},
		"home variable":    {text: "FROM a:1\nRUN pip install x && rm -rf \"$HOME/.cache\"\n", status: checks.Pass},
		"later":            {text: "FROM a:1\nRUN dnf install -y x\nRUN dnf clean all\n", status: checks.Pass}, // late-cleanup
		"conda mounted":    {text: "FROM a:1\nRUN --mount=type=cache,target=/opt/miniforge/pkgs conda install -y x\n", status: checks.Pass},
		"windows":          {text: "FROM python:3.12.1-windowsservercore\nRUN pip install x\n", status: checks.Pass},
		"pipe":             {text: "FROM a:1\nRUN yes | pip install x; find / -path '*/pip/*' | xargs rm\n", status: checks.Warn},
	}
	for line, want := range map[string]string{
		"pip3 install x": "pip3 install", "python3 -m pip install -U pip": "pip install", "pip wheel -r a.txt": "pip wheel", "pip install .": "pip install", "pip install git+https://a.b/c": "pip install",
		"uv sync --frozen": "uv sync", "uv pip install x": "uv pip install", "uv tool install ruff": "uv tool install", "poetry install --only main": "poetry install",
		"npm ci --omit=dev": "npm ci", "npm install -g pm2@5": "npm install", "yarn --frozen-lockfile": "yarn", "yarn global add x@1": "yarn global add", "composer install --no-dev": "composer install", "composer require a/b:1": "composer require",
		"conda install -y x": "conda install", "micromamba create -y -n a x": "micromamba create", "mamba env update -f a.yml": "mamba env update", "go install a.b/c@v1.0.0": "go install", "cargo install just --version 1.0.0": "cargo install", "gem install rails -v 7.1.3": "gem install",
		"dnf -y install x": "dnf install", "yum install -y x && yum clean all; yum update -y": "yum install", "microdnf install x": "microdnf install", "tdnf install -y x": "tdnf install", "zypper -n in x": "zypper in", "dnf makecache": "dnf makecache",
		"dnf install -y x && rm -rf /var/lib/rpm": "dnf install", "npm ci && npm cache verify": "npm ci", "npm ci && rm -rf node_modules/.cache": "npm ci", "pip install x && rm -rf /root/.cache/uv /tmp/*": "pip install",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: " + want + " leaves its cache"}
	}
	for _, line := range []string{
		"pip install --no-cache-dir x", "pip --no-cache-dir install x", "pip install --no-index --find-links=/w x", "pip install --no-deps .", "pip install x && pip cache purge", "pip install x && rm -rf ~/.cache", "pip install x && rm -rf /root/.cache/*", "pip install x && rm -r /root/.cache/pip",
		"pip install x && rm -rf /home/*/.cache/pip", "pip install x && find /root/.cache -delete", "pip uninstall -y x", "pip download --help", "python -m venv /v", "pip install x && rm -rf /root/.c*",
		"uv sync --no-cache", "uv sync -n", "uv sync && uv cache clean", "uv pip compile a.in", "uv run x", "poetry install --no-cache", "poetry install && poetry cache clear . --all -n", "poetry run x", "poetry install && rm -rf $POETRY_CACHE_DIR",
		"npm ci && npm cache clean --force", "npm ci; npm cache clean --force || true", "npm ci && rm -rf ~/.npm", "npm run build", "npm prune --omit=dev", "npm install --offline", "npm install ./a.tgz", "yarn install && yarn cache clean --all", "yarn build", "yarn install --immutable",
		"pnpm install --frozen-lockfile", "bun install", "composer install --no-cache", "composer install && composer clear-cache", "composer install && composer clearcache", "composer dump-autoload", "COMPOSER_CACHE_DIR=/dev/null composer install",
		"conda install -y x && conda clean -afy", "conda install -y x && rm -rf /opt/conda/pkgs", "go build ./...", "go mod download", "go install ./cmd/a", "go install a.b/c@v1 && go clean -cache -modcache", "cargo build", "cargo install --path .", "cargo binstall just",
		"cargo install just && rm -rf $CARGO_HOME/registry", "cargo install just && rm -rf /usr/local/cargo/registry /usr/local/cargo/git", "gem install bundler:2.5.0", "gem install rails && rm -rf \"$GEM_HOME\"/cache", "gem install ./a.gem", "gem install rails && rm -rf /usr/lib/ruby/gems/3.3.0/cache/*.gem", "conda install -y x && rm -rf /opt/miniforge/pkgs/*", "cargo install just && rm -rf /opt/cargo/registry",
		"dnf install -y x && dnf clean all", "yum install -y x && yum clean all", "yum install -y x && dnf -y clean all", "microdnf install x && microdnf clean all", "microdnf install -y x && rm -rf /var/cache/yum", "dnf install -y x && rm -rf /var/cache/dnf/*", "dnf install -y x; rm -rf /var/cache/{dnf,yum}",
		"zypper -n in x && zypper clean -a", "zypper -n in x && zypper cc --all", "zypper -n in x && rm -rf /var/cache/zypp/*", "dnf remove -y x", "dnf install -y --setopt=cachedir=/tmp/c x", "rpm -i a.rpm", "echo pip install x", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, packageCache, tests)

	f := run(t, packageCache, "FROM a:1\nRUN npm ci\n", dockerfile.Options{}).Findings
	if want := "Keep it out of the layer by RUN --mount=type=cache,target=/root/.npm, or end the RUN with && rm -rf /root/.npm: npm cache clean leaves logs there, which differ in every build"; len(f) != 1 || f[0].Fix != want {
		t.Errorf("%+v, want %s", f, want)
	}
	f = run(t, packageCache, "FROM a:1\nRUN npm ci --cache /c\n", dockerfile.Options{}).Findings
	if want := "target=/c, or end the RUN with && rm -rf /c: "; len(f) != 1 || !strings.Contains(f[0].Fix, want) {
		t.Errorf("%+v, want %s", f, want)
	}
	f = run(t, packageCache, "FROM a:1\nRUN gem install rails\n", dockerfile.Options{}).Findings
	if want := `End the RUN with && rm -rf "$(gem env gemdir)/cache"`; len(f) != 1 || f[0].Fix != want || f[0].Message != "gem install leaves its cache in the layer" {
		t.Errorf("%+v, want %s", f, want)
	}
	if f := run(t, packageCache, "FROM a:1\nRUN pip install a && pip install b && npm ci\n", dockerfile.Options{}).Findings; len(f) != 2 {
		t.Errorf("one finding for each manager of a RUN: %+v", f)
	}
}
