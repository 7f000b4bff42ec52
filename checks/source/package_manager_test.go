package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// describe says what parsePackages makes of a call in one line.
func describe(p packages) string {
	parts := []string{p.manager, p.action}
	if p.global {
		parts = append(parts, "global")
	}
	for _, o := range p.operands {
		word := o.name
		switch {
		case o.unknown:
			word = "?" + o.word
		case o.elsewhere:
			word = "file:" + o.word
		}
		if o.version != "" {
			word += " is " + o.version
		}
		if o.constraint != "" {
			word += " in " + o.constraint
		}
		parts = append(parts, "<"+word+">")
	}
	return strings.Join(append(parts, p.flags...), " ")
}

func TestParsePackages(t *testing.T) {
	for line, want := range map[string]string{
		"apt-get update": "apt update",
		"apt-get install -y --no-install-recommends curl=7.88.1-10+deb12u5 libc6:amd64 git": "apt install <curl is 7.88.1-10+deb12u5> <libc6> <git> -y --no-install-recommends",
		"sudo apt-get -y -o Dpkg::Options::=--force-confold dist-upgrade":                   "apt upgrade -y -o=Dpkg::Options::=--force-confold",
		"apt install -t bookworm-backports golang/bookworm ./a.deb":                         "apt install <golang in bookworm> <file:./a.deb> -t=bookworm-backports",
		"apt-get install $PACKAGES curl=$CURL_VERSION":                                      "apt install <?$PACKAGES> <curl is $CURL_VERSION>",
		"apt-get purge -y --auto-remove gcc":                                                "apt remove <gcc> -y --auto-remove",
		"apt-get clean":                                                                     "apt clean",
		"apt-cache policy curl":                                                             "",
		"apk --no-cache add --virtual .deps gcc=1.2-r0 'make~=4' 'git>2' jq@edge":           "apk install <gcc is 1.2-r0> <make is 4> <git in >2> <jq> --no-cache --virtual=.deps",
		"apk add -t .deps gcc":                                                              "apk install <gcc> -t=.deps",
		"apk update":                                                                        "apk update",
		"apk -U upgrade":                                                                    "apk upgrade -U",
		"apk del .deps":                                                                     "apk remove <.deps>",
		"apk cache clean":                                                                   "apk clean",
		"dnf -y install nginx-1.20.1 httpd-2.4.37-43.el8 java-11-openjdk java-1.8.0-openjdk python3.11": "dnf install <nginx is 1.20.1> <httpd is 2.4.37-43.el8> <java-11-openjdk> <java-1.8.0-openjdk> <python3.11> -y",
		"yum update -y": "yum upgrade -y",
		"yum install -y --setopt tsflags=nodocs epel-release": "yum install <epel-release> -y --setopt=tsflags=nodocs",
		"dnf clean all":                                      "dnf clean",
		"dnf makecache":                                      "dnf update",
		"dnf group install 'Development Tools'":              "dnf install <?Development Tools>",
		"dnf install @development":                           "dnf install <?@development>",
		"dnf module install nodejs:18":                       "dnf install <?nodejs:18>",
		"microdnf upgrade":                                   "microdnf upgrade",
		"tdnf install -y git-2.45.4-1.azl3":                  "tdnf install <git is 2.45.4-1.azl3> -y",
		"rpm -i a.rpm":                                       "",
		"zypper -n in --no-recommends curl=8.0 'git>=2' vim": "zypper install <curl is 8.0> <git in >=2> <vim> -n --no-recommends",
		"zypper dup -y":                                      "zypper upgrade -y",
		"zypper refresh":                                     "zypper update",
		"zypper cc -a":                                       "zypper clean -a",
		"pip install flask":                                  "pip install <flask>",
		"pip3.12 install --no-cache-dir 'uvicorn[standard]==0.30.0' 'a>=1,<2' b==1.* 'c ; python_version<\"3\"' .": "pip install <uvicorn is 0.30.0> <a in >=1,<2> <b in ==1.*> <c ; python_version<\"3\"> <file:.> --no-cache-dir",
		"python3 -m pip install -U pip": "pip install <pip> -U",
		"pip --python /opt/venv/bin/python install --no-deps -r requirements.txt -rdev.txt": "pip install --python=/opt/venv/bin/python --no-deps -r=requirements.txt -r=dev.txt",
		"pip install /wheels/* git+https://a.b/c@0123456 'a @ https://a.b/c.whl'":           "pip install <file:/wheels/*> <file:git+https://a.b/c@0123456> <file:a @ https://a.b/c.whl>",
		"pip install a==$V $P":                                         "pip install <a is $V> <?$P>",
		"pip wheel -w /wheels -r requirements.txt":                     "pip download -w=/wheels -r=requirements.txt",
		"pip cache purge":                                              "pip clean",
		"python -m venv /opt/venv":                                     "",
		"pipx install poetry==1.8.3":                                   "pipx install global <poetry is 1.8.3>",
		"uv pip install --system flask":                                "uv install <flask> --system",
		"uv tool install ruff@0.5.0":                                   "uv install global <ruff is 0.5.0>",
		"uv tool install ruff@latest":                                  "uv install global <ruff in latest>",
		"uv sync --frozen --python 3.12":                               "uv sync --frozen --python=3.12",
		"npm install":                                                  "npm install",
		"npm i -g pm2 @nestjs/cli@10.3.2 npm@latest":                   "npm install global <pm2> <@nestjs/cli is 10.3.2> <npm in latest> -g",
		"npm ci --omit dev":                                            "npm ci --omit=dev",
		"npm install a@^1.2 github-user/repo ./x a@next":               "npm install <a is ^1.2> <file:github-user/repo> <file:./x> <a in next>",
		"npm cache clean --force":                                      "npm clean --force",
		"npm prune --production":                                       "npm prune --production",
		"npm run install":                                              "npm run",
		"yarn":                                                         "yarn install",
		"yarn --frozen-lockfile":                                       "yarn install --frozen-lockfile",
		"yarn global add serve@14.2.0":                                 "yarn install global <serve is 14.2.0>",
		"yarn build":                                                   "yarn build",
		"pnpm add -g turbo":                                            "pnpm install global <turbo> -g",
		"pnpm store prune":                                             "pnpm clean",
		"bun pm cache rm":                                              "bun clean",
		"gem install rails -v 7.1.3 --no-document":                     "gem install <rails is 7.1.3> -v=7.1.3 --no-document",
		"gem install rails:7.1.3 rake":                                 "gem install <rails is 7.1.3> <rake>",
		"go install golang.org/x/tools/cmd/stringer@v0.24.0":           "go install global <golang.org/x/tools/cmd/stringer is v0.24.0>",
		"go install -ldflags '-s -w' a.b/c@latest":                     "go install global <a.b/c in latest> -ldflags=-s -w",
		"go install ./...":                                             "go install <file:./...>",
		"go run a.b/c@v1.0.0 --flag x":                                 "go run <a.b/c is v1.0.0> --flag",
		"go mod download":                                              "go download",
		"go clean -modcache":                                           "go clean -modcache",
		"cargo install sccache --version 0.8.1":                        "cargo install <sccache is 0.8.1> --version=0.8.1",
		"cargo install --locked cargo-chef@0.1.67 just":                "cargo install <cargo-chef is 0.1.67> <just> --locked",
		"cargo install --path .":                                       "cargo install --path=.",
		"cargo install --git https://a.b/c":                            "cargo install <https://a.b/c> --git=https://a.b/c",
		"cargo build --release":                                        "cargo build --release",
		"composer global require a/b:1.2.3 c/d":                        "composer install global <a/b is 1.2.3> <c/d>",
		"conda install -y -c conda-forge numpy=1.26 'scipy>=1' pandas": "conda install <numpy is 1.26> <scipy in >=1> <pandas> -y -c=conda-forge",
		"micromamba clean -afy":                                        "conda clean -afy",
		"echo apt-get install curl":                                    "",
		"/usr/bin/apt-get -qy install curl":                            "apt install <curl> -qy",
	} {
		s := load(t, "FROM a:1\nRUN "+line+"\n", dockerfile.Options{})
		p, ok := parsePackages(s.Final.Instructions[0].Calls[0])
		got := ""
		if ok {
			got = describe(p)
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
}

func TestPackagesOptions(t *testing.T) {
	parse := func(line string) packages {
		p, _ := parsePackages(load(t, "FROM a:1\nRUN "+line+"\n", dockerfile.Options{}).Final.Instructions[0].Calls[0])
		return p
	}
	for line, want := range map[string]bool{
		"apt-get -qqy install a":                      true,
		"apt-get install --yes a":                     true,
		"apt-get install --yes=true a":                true,
		"apt-get install a":                           false,
		"apt-get install --only-upgrade a":            false,
		"apt-get -o APT::Get::Assume-Yes=true update": false,
	} {
		if got := parse(line).has("-y", "--yes"); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
	if got := parse("go build -ldflags=-s").has("-l"); got {
		t.Error("go's options are words, not letters")
	}
	if v, ok := parse("pip install -r a.txt").value("-r", "--requirement"); v != "a.txt" || !ok {
		t.Errorf("requirement %q %v", v, ok)
	}
	if p := parse("sudo apt-get -y dist-upgrade"); p.command != "apt-get dist-upgrade" || !p.system {
		t.Errorf("%+v", p)
	}
}

func TestDependencyDirectory(t *testing.T) {
	for line, want := range map[string]string{
		"npm ci":                          "node_modules",
		"npm install --omit=dev":          "node_modules",
		"npm install -g pnpm":             "",
		"npm --prefix web ci":             "",
		"npm run build":                   "",
		"npm cache clean --force":         "",
		"yarn":                            "node_modules",
		"yarn --frozen-lockfile":          "node_modules",
		"yarn build":                      "",
		"pnpm i --frozen-lockfile":        "node_modules",
		"bun install":                     "node_modules",
		"composer install --no-dev":       "vendor",
		"composer dump-autoload":          "",
		"uv sync --frozen":                ".venv",
		"uv pip install -r a.txt":         "",
		"pip install -r requirements.txt": "",
		"bundle install":                  "",
	} {
		if got := DependencyDirectory(dockerfile.Call{Words: strings.Fields(line)}); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
