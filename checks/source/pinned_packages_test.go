package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestPinnedPackages(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN set -e; \\\n  pip install --no-cache-dir a==1 flask\n", status: checks.Warn, finding: "3:35: pip install takes whatever version of flask is the newest"},
		"range":          {text: "FROM a:1\nRUN pip install 'flask>=3,<4'\n", status: checks.Warn, finding: "2:17: pip install takes any version of flask in >=3,<4"},
		"tag":            {text: "FROM a:1\nRUN npm i -g npm@latest\n", status: checks.Warn, finding: "2:14: npm i takes latest of npm, which moves"},
		"branch":         {text: "FROM a:1\nRUN pip install git+https://github.com/a/b\n", status: checks.Warn, finding: "2:17: pip install takes the default branch of git+https://github.com/a/b"},
		"corepack":       {text: "FROM a:1\nRUN corepack enable && corepack prepare pnpm@latest --activate\n", status: checks.Warn, finding: "2:41: corepack takes latest of pnpm"},
		"build stage":    {text: "FROM a:1 AS b\nRUN go install a.b/c@latest\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:16: go install takes latest of a.b/c"},
		"stage not used": {text: "FROM a:1 AS b\nRUN pip install flask\nFROM a:1\n", status: checks.Pass},
		"CMD":            {text: "FROM a:1\nCMD pip install flask && flask run\n", status: checks.Pass},
	}
	for _, line := range []string{
		"pip install --upgrade pip", "pip3 install flask", "python -m pip install 'a[b]'", "pip install a==1.*", "pipx install poetry", "uv pip install --system a", "uv tool install ruff",
		"npm install express", "npm install -g @scope/cli", "npm install -g a@next", "npm i owner/repo", "yarn global add serve", "pnpm add -g turbo", "bun add -g a",
		"gem install bundler", "gem install rails:7.1 rake", "gem install 'rails:~>7'", "go install a.b/c@main", "go run a.b/c@latest", "cargo install sccache", "cargo install --git https://a.b/c",
		"composer global require a/b", "conda install -y numpy", "mamba install 'numpy>=1'",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"pip install flask==3.0.3", "pip install -r requirements.txt", "pip install .", "pip install -e '.[dev]'", "pip install /wheels/*", "pip install --no-index --find-links=/wheels app",
		"pip install -c constraints.txt flask", "pip install flask==$FLASK_VERSION", "pip install \"$PACKAGES\"", "pip install git+https://github.com/a/b@v1.2", "pip install git+ssh://git@github.com/a/b@0123456",
		"pip install a-1.0.whl", "pip uninstall -y flask", "pip --version", "npm ci", "npm install", "npm install -g pm2@5", "npm install -g @scope/cli@1.2.3", "npm install ./x", "npm install github:a/b#v1",
		"npm install -g npm@$NPM_VERSION", "npm uninstall -g x", "npm run install", "npm init -y", "yarn add a@1", "gem install rails -v 7.1.3", "gem install -v 7.1.3 rails", "gem update --system", "go install ./...", "go install a.b/c@v1.2.3",
		"go install a.b/c@0123456789ab", "go run ./cmd/x", "go build a.b/c", "cargo install sccache --version 0.8", "cargo install a@1.2", "cargo install --path .", "cargo install --git https://a.b/c --rev 0123456",
		"composer install", "composer require a/b:^1.2", "conda install numpy=1.26", "conda env create -f environment.yml", "apt-get install -y curl", "corepack enable", "corepack prepare pnpm@9.1.0 --activate",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, pinnedPackages, tests)
}

func TestPinnedPackagesWeighs(t *testing.T) {
	for line, want := range map[string]checks.Severity{
		"pip install flask": checks.Medium, "pip install -U pip": checks.Low, "pip install 'flask>=3'": checks.Medium, "npm i -g a@latest": checks.Medium,
	} {
		if f := run(t, pinnedPackages, "FROM a:1\nRUN "+line+"\n", dockerfile.Options{}).Findings; len(f) != 1 || f[0].Severity != want {
			t.Errorf("%s: %+v, want %s", line, f, want)
		}
	}
}
