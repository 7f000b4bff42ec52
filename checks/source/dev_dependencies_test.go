package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDevDependencies(t *testing.T) {
	const (
		node = "FROM node:22.12.0-alpine3.21\nWORKDIR /app\nCOPY package.json ./\n"
		cmd  = "CMD [\"node\", \"main.js\"]\n"
		some = "-- package.json --\n{\"devDependencies\": {\"vite\": \"6.0.3\"}}\n"
		none = "-- package.json --\n{\"dependencies\": {\"vite\": \"6.0.3\"}}\n"
		file = "-- Dockerfile --\n"
	)
	// two is a Dockerfile of two stages: what the first installs by, and what the second takes.
	two := func(install, copies string) string {
		return file + "FROM node:22.12.0-alpine3.21 AS build\nWORKDIR /app\nCOPY package.json ./\n" + install + "FROM node:22.12.0-alpine3.21\nWORKDIR /app\n" + copies + cmd + some
	}
	tests := map[string]judgement{
		"columns":              {text: file + node + "RUN true && \\\n    npm ci\n" + cmd + some, status: checks.Fail, finding: "5:5: npm ci installs the development dependencies into the image"},
		"none in the manifest": {text: file + node + "RUN npm ci\n" + cmd + none, status: checks.Pass},
		"empty":                {text: file + node + "RUN npm ci\n" + cmd + "-- package.json --\n{\"devDependencies\": { }}\n", status: checks.Pass},
		"manifest unknown":     {text: node + "RUN npm ci\n" + cmd, status: checks.Warn, finding: "4:5: npm ci"},
		"omitted":              {text: file + node + "RUN npm ci --omit=dev\n" + cmd + some, status: checks.Pass},
		"NODE_ENV":             {text: file + node + "ENV NODE_ENV=production\nRUN npm ci\n" + cmd + some, status: checks.Pass},
		"NODE_ENV behind":      {text: file + node + "RUN npm ci\nENV NODE_ENV=production\n" + cmd + some, status: checks.Fail},
		"NODE_ENV, include":    {text: file + node + "ENV NODE_ENV=production\nRUN npm ci --include=dev\n" + cmd + some, status: checks.Fail},
		"NODE_ENV of ARG":      {text: file + node + "ARG NODE_ENV\nRUN npm ci\n" + cmd + some, status: checks.Pass},
		"NODE_ENV, default":    {text: file + node + "ARG NODE_ENV=development\nRUN npm ci\n" + cmd + some, status: checks.Fail},
		"base unknown":         {text: file + "FROM company/node:22\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\n" + cmd + some, status: checks.Pass},
		"npmrc":                {text: file + node + "RUN npm ci\n" + cmd + some + "-- .npmrc --\nomit=dev\n", status: checks.Pass},
		"base stage":           {text: file + strings.Replace(node, "3.21\n", "3.21 AS b\n", 1) + "RUN npm ci\nFROM b\n" + cmd + some, status: checks.Fail, finding: "4:5: "},
		"builds as well":       {text: file + node + "RUN npm ci && npm run build\n" + cmd + some, status: checks.Pass}, // source/multi-stage
		"pruned too late":      {text: file + node + "RUN npm ci\nRUN npm prune --omit=dev\n" + cmd + some, status: checks.Fail, finding: "4:5: "},
		"pruned at once":       {text: file + node + "RUN npm ci && npm prune --omit=dev\n" + cmd + some, status: checks.Pass},
		"removed at once":      {text: file + node + "RUN npm ci && npm test && rm -rf node_modules\n" + cmd + some, status: checks.Pass},
		"cache mount":          {text: file + node + "RUN --mount=type=cache,target=/app/node_modules npm ci\n" + cmd + some, status: checks.Pass},
		"other cache mount":    {text: file + node + "RUN --mount=type=cache,target=/root/.npm npm ci\n" + cmd + some, status: checks.Fail},
		"image of tests":       {text: file + node + "RUN npm ci\nCMD [\"npm\", \"test\"]\n" + some, status: checks.Pass},
		"image to develop":     {text: file + node + "RUN npm ci\nCMD [\"npm\", \"run\", \"dev\"]\n" + some, status: checks.Pass},
		"no command":           {text: file + node + "RUN npm ci\n" + some, status: checks.Pass},
		"if":                   {text: file + node + "RUN if [ \"$A\" = dev ]; then npm ci; else npm ci --omit=dev; fi\n" + cmd + some, status: checks.Pass},
		"target":               {text: file + node + "RUN npm ci\n" + cmd + "FROM scratch\n" + cmd + some, status: checks.Pass},
		"ONBUILD":              {text: file + node + "ONBUILD RUN npm ci\n" + cmd + some, status: checks.Pass},

		"copied":                  {text: two("RUN npm ci\n", "COPY --from=build /app/node_modules ./node_modules\n"), status: checks.Fail, finding: "7:19: COPY takes /app/node_modules from the stage build, where npm ci in line 4 has installed the development dependencies"},
		"copied, manifest":        {text: strings.Replace(two("RUN npm ci\n", "COPY --from=build /app/node_modules ./node_modules\n"), some, "", 1), status: checks.Warn, finding: "7:19: "},
		"copied by number":        {text: two("RUN npm ci\n", "COPY --from=0 /app ./\n"), status: checks.Fail, finding: "7:15: COPY takes /app"},
		"copied relative":         {text: two("RUN npm ci\n", "COPY --from=build app/node_modules ./node_modules\n"), status: checks.Fail},
		"copied, --exclude":       {text: two("RUN npm ci\n", "COPY --from=build --exclude=node_modules /app ./\n"), status: checks.Pass},
		"something else":          {text: two("RUN npm ci\n", "COPY --from=build /app/dist ./dist\n"), status: checks.Pass},
		"one package":             {text: two("RUN npm ci\n", "COPY --from=build /app/node_modules/sharp ./sharp\n"), status: checks.Pass},
		"other image":             {text: two("RUN npm ci\n", "COPY --from=other:1 /app/node_modules ./node_modules\n"), status: checks.Pass},
		"unknown source":          {text: two("RUN npm ci\n", "ARG S\nCOPY --from=build $S ./node_modules\n"), status: checks.Pass},
		"pruned":                  {text: two("RUN npm ci\nRUN npm prune --production\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"pruned by NODE_ENV":      {text: two("RUN npm ci\nRUN NODE_ENV=production npm prune\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"prune without":           {text: two("RUN npm ci\nRUN npm prune\n", "COPY --from=build /app ./\n"), status: checks.Fail},
		"pruned by script":        {text: two("RUN npm ci\nRUN npm run prune:prod\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"pruned by own script":    {text: two("RUN npm ci\nRUN ./build.sh\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"installed again":         {text: two("RUN npm ci\nRUN npm ci --omit=dev\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"removed, installed":      {text: two("RUN npm ci && npm test\nRUN rm -rf node_modules && npm ci --production\n", "COPY --from=build /app ./\n"), status: checks.Pass},
		"other directory":         {text: two("RUN npm install --only=production && cp -R node_modules prod && npm install\n", "COPY --from=build /app/prod ./node_modules\n"), status: checks.Pass},
		"through a stage":         {text: two("RUN npm ci\nFROM node:22.12.0 AS run\nWORKDIR /src\nCOPY --from=build /app/node_modules ./node_modules\nRUN npm run build\n", "COPY --from=run /src ./\n"), status: checks.Fail, finding: "11:17: COPY takes /src from the stage run, where npm ci in line 4"},
		"through a stage, pruned": {text: two("RUN npm ci\nFROM node:22.12.0 AS run\nWORKDIR /src\nCOPY --from=build /app/node_modules ./node_modules\nRUN npm prune --omit=dev\n", "COPY --from=run /src ./\n"), status: checks.Pass},
		"of a base stage":         {text: two("RUN npm ci\nFROM build AS run\nRUN npm run build\n", "COPY --from=run /app ./\n"), status: checks.Fail},
		"test stage":              {text: two("RUN npm ci --omit=dev\nFROM build AS test\nRUN npm ci\n", "COPY --from=build /app ./\n"), status: checks.Pass},

		"pip, file":           {text: "FROM python:3\nCOPY . .\nRUN pip install -r requirements-dev.txt\n", status: checks.Fail, finding: "3:5: pip install -r requirements-dev.txt installs the development dependencies"},
		"pip, the article's":  {text: file + "FROM python:3\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD [\"a\"]\n-- requirements.txt --\nflask==3\npytest==8\nblack==24\n", status: checks.Fail, finding: "4:5: pip install installs pytest, black of requirements.txt, which only the development needs, into the image"},
		"pip, one":            {text: file + "FROM python:3\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD [\"a\"]\n-- requirements.txt --\nflask==3\npytest==8\n", status: checks.Warn},
		"pip, none":           {text: file + "FROM python:3\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD [\"a\"]\n-- requirements.txt --\nflask==3\n", status: checks.Pass},
		"pip, packages":       {text: "FROM python:3\nRUN pip install flask==3 pytest_cov==6 mypy==1\nCMD [\"a\"]\n", status: checks.Fail, finding: "2:5: pip install installs pytest_cov, mypy, which"},
		"pip, started":        {text: "FROM python:3\nRUN pip install ruff==1 mypy==1\nENTRYPOINT [\"ruff\"]\n", status: checks.Pass},
		"pip, extras":         {text: "FROM python:3\nCOPY . .\nRUN pip install -e .[dev,docs]\n", status: checks.Fail, finding: "3:5: pip install .[dev,docs]"},
		"pip, other extras":   {text: "FROM python:3\nCOPY . .\nRUN pip install .[postgres]\n", status: checks.Pass},
		"pip, builds as well": {text: "FROM python:3\nCOPY . .\nRUN make && pip install -r requirements-dev.txt\n", status: checks.Fail},
		"pip, venv":           {text: "FROM python:3 AS b\nRUN python -m venv /opt/venv\nENV PATH=\"/opt/venv/bin:$PATH\"\nRUN pip install -r requirements-dev.txt\nFROM python:3\nCOPY --from=b /opt/venv /opt/venv\nCMD [\"a\"]\n", status: checks.Fail, finding: "6:15: COPY takes /opt/venv"},
		"pip, venv's own":     {text: "FROM python:3 AS b\nRUN /opt/venv/bin/pip install -r requirements-dev.txt\nFROM python:3\nCOPY --from=b /opt/venv /opt/venv\nCMD [\"a\"]\n", status: checks.Fail, finding: "4:15: "},
		"pip, prefix":         {text: "FROM python:3 AS b\nRUN pip install --prefix=/install -r requirements-dev.txt\nFROM python:3\nCOPY --from=b /install /usr/local\nCMD [\"a\"]\n", status: checks.Fail, finding: "4:15: "},
		"pip, site-packages":  {text: "FROM python:3 AS b\nRUN pip install -r requirements-dev.txt\nFROM python:3\nCOPY --from=b /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages\nCMD [\"a\"]\n", status: checks.Fail, finding: "4:15: "},
		"pip, one module":     {text: "FROM python:3 AS b\nRUN pip install -r requirements-dev.txt\nFROM python:3\nCOPY --from=b /usr/local/lib/python3.12/site-packages/flask /flask\nCMD [\"a\"]\n", status: checks.Pass},
		"pip, test stage":     {text: "FROM python:3 AS test\nRUN pip install -r requirements-dev.txt\nFROM python:3\nCMD [\"a\"]\n", status: checks.Pass},

		"poetry":           {text: file + "FROM python:3\nWORKDIR /app\nCOPY pyproject.toml .\nRUN poetry install\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n", status: checks.Fail, finding: "4:5: poetry install installs"},
		"poetry, none":     {text: file + "FROM python:3\nWORKDIR /app\nCOPY pyproject.toml .\nRUN poetry install\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.poetry]\n", status: checks.Pass},
		"poetry, optional": {text: file + "FROM python:3\nWORKDIR /app\nCOPY pyproject.toml .\nRUN poetry install\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.poetry.group.dev]\noptional = true\n", status: checks.Pass},
		"uv":               {text: file + "FROM python:3\nWORKDIR /app\nCOPY pyproject.toml .\nRUN uv sync --locked\nCMD [\"a\"]\n-- pyproject.toml --\n[dependency-groups]\ndev = [\"pytest\"]\n", status: checks.Fail, finding: "4:5: uv sync installs"},
		"uv, other groups": {text: file + "FROM python:3\nWORKDIR /app\nCOPY pyproject.toml .\nRUN uv sync --locked\nCMD [\"a\"]\n-- pyproject.toml --\n[dependency-groups]\ndocs = [\"sphinx\"]\n", status: checks.Pass},
		"uv, copied":       {text: file + "FROM python:3 AS b\nWORKDIR /app\nCOPY pyproject.toml .\nRUN uv sync --locked\nFROM python:3\nCOPY --from=b /app/.venv /app/.venv\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.uv]\ndev-dependencies = [\"pytest\"]\n", status: checks.Fail, finding: "6:15: COPY takes /app/.venv"},
		"uv, environment":  {text: file + "FROM python:3 AS b\nENV UV_PROJECT_ENVIRONMENT=/venv\nWORKDIR /app\nCOPY pyproject.toml .\nRUN uv sync --locked\nFROM python:3\nCOPY --from=b /app/.venv /app/.venv\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.uv]\ndev-dependencies = [\"pytest\"]\n", status: checks.Pass},
		"uv, again":        {text: file + "FROM python:3 AS b\nWORKDIR /app\nCOPY pyproject.toml .\nRUN uv sync --locked && uv run pytest && uv sync --no-dev\nFROM python:3\nCOPY --from=b /app/.venv /app/.venv\nCMD [\"a\"]\n-- pyproject.toml --\n[tool.uv]\ndev-dependencies = [\"pytest\"]\n", status: checks.Pass},

		"composer":          {text: file + "FROM php:8.3-fpm\nWORKDIR /app\nCOPY . .\nRUN composer install\nCMD [\"php-fpm\"]\n-- composer.json --\n{\"require-dev\": {\"phpunit/phpunit\": \"^11\"}}\n", status: checks.Fail, finding: "4:5: composer install"},
		"composer, none":    {text: file + "FROM php:8.3-fpm\nWORKDIR /app\nCOPY . .\nRUN composer install\nCMD [\"php-fpm\"]\n-- composer.json --\n{\"require\": {}}\n", status: checks.Pass},
		"composer, copied":  {text: file + "FROM composer:2 AS v\nWORKDIR /app\nCOPY . .\nRUN composer install\nFROM php:8.3-fpm\nCOPY --from=v /app/vendor /app/vendor\nCMD [\"php-fpm\"]\n-- composer.json --\n{\"require-dev\": {\"phpunit/phpunit\": \"^11\"}}\n", status: checks.Fail, finding: "6:15: "},
		"bundle":            {text: file + "FROM ruby:3.3\nWORKDIR /app\nCOPY Gemfile ./\nRUN bundle install\nCMD [\"puma\"]\n-- Gemfile --\ngroup :development, :test do\n  gem \"rspec\"\nend\n", status: checks.Fail, finding: "4:5: bundle install"},
		"bundle, none":      {text: file + "FROM ruby:3.3\nWORKDIR /app\nCOPY Gemfile ./\nRUN bundle install\nCMD [\"puma\"]\n-- Gemfile --\ngem \"puma\"\n", status: checks.Pass},
		"bundle, ENV":       {text: "FROM ruby:3.3\nENV BUNDLE_WITHOUT=development:test\nRUN bundle install\nCMD [\"puma\"]\n", status: checks.Pass},
		"bundle, config":    {text: "FROM ruby:3.3\nRUN bundle config set --local without 'development test' && bundle install\nCMD [\"puma\"]\n", status: checks.Pass},
		"bundle, of base":   {text: "FROM ruby:3.3 AS b\nRUN bundle config set without 'development test'\nFROM b\nRUN bundle install\nCMD [\"puma\"]\n", status: checks.Pass},
		"bundle, directory": {text: "FROM ruby:3.3 AS b\nRUN bundle install\nFROM ruby:3.3\nCOPY --from=b /usr/local/bundle /usr/local/bundle\nCMD [\"puma\"]\n", status: checks.Warn, finding: "4:15: "},
	}
	for _, line := range []string{
		"npm ci", "npm install", "npm i --ignore-scripts", "yarn", "yarn install --frozen-lockfile", "yarn install --production=false", "pnpm install --frozen-lockfile", "bun install --frozen-lockfile", "NODE_ENV=development npm ci",
		"sh -c 'npm ci'", "npm ci --include=dev", "npm ci --include dev", "npm ci --include=optional",
	} {
		tests[line] = judgement{text: file + node + "RUN " + line + "\n" + cmd + some, status: checks.Fail, finding: "4: "}
	}
	for _, line := range []string{
		"npm ci --omit=dev", "npm ci --omit dev", "npm ci --production", "npm install --only=production", "npm install --only production", "NODE_ENV=production npm ci", "export NODE_ENV=production && npm ci", "NPM_CONFIG_OMIT=dev npm ci",
		"NPM_CONFIG_PRODUCTION=true npm ci", "yarn install --production", "yarn workspaces focus --production", "pnpm install --prod", "pnpm install -P", "pnpm fetch", "pnpm deploy --prod /out", "bun install --production",
		"npm install -g vite@6.0.3", "npm run build:css", "npm install express@4", "npm ci || true", "npm install --package-lock-only", "(", "echo npm ci", "env NODE_ENV=production npm ci",
	} {
		tests["fine: "+line] = judgement{text: file + node + "RUN " + line + "\n" + cmd + some, status: checks.Pass}
	}
	for _, line := range []string{
		"pip install -r requirements/test.txt", "pip3 install --requirement=dev-requirements.txt", "python -m pip install -r requirements_dev.txt", "uv pip install -r requirements-dev.txt", "pip-sync requirements.txt requirements-dev.txt",
		"poetry install --with dev", "poetry install --with dev,test", "uv sync --group=dev", "uv sync --all-groups", "pipenv install --dev", "pip install --group dev -r requirements.txt", "pip install .[test]", "pip install tox==4 nox==1",
	} {
		tests[line] = judgement{text: "FROM python:3\nRUN " + line + "\nCMD [\"a\"]\n", status: checks.Fail, finding: "2:5: "}
	}
	for _, line := range []string{"poetry install", "poetry install --no-root", "uv sync", "uv sync --frozen", "pdm sync", "pip install pytest==8"} {
		tests["perhaps: "+line] = judgement{text: "FROM python:3\nRUN " + line + "\nCMD [\"a\"]\n", status: checks.Warn, finding: "2:5: "}
	}
	for _, line := range []string{
		"pip install -r requirements.txt", "pip install -r developers.txt", "poetry install --only main", "poetry install --only=main", "poetry install --without dev", "poetry install --no-dev", "uv sync --no-dev", "uv sync --no-default-groups", "UV_NO_DEV=1 uv sync",
		"uv pip install flask==3", "pdm sync --prod", "pipenv install", "pipenv sync", "poetry add pytest", "pip wheel -r requirements-dev.txt", "pip uninstall -y pytest", "pip download -r requirements-dev.txt", "if $DEV; then pip install -r requirements-dev.txt; fi",
		"test -z \"$DEV\" || pip install -r requirements-dev.txt", "uv sync --only-group prod", "uv sync --no-group dev", "pip install pytestify==1",
	} {
		tests["fine: "+line] = judgement{text: "FROM python:3\nRUN " + line + "\nCMD [\"a\"]\n", status: checks.Pass}
	}
	judgeAll(t, devDependencies, tests)

	for text, fix := range map[string]string{
		two("RUN npm ci\n", "COPY --from=build /app ./\n"):                                                            "Write RUN npm prune --omit=dev at the end of the stage build",
		two("RUN yarn\n", "COPY --from=build /app ./\n"):                                                              "Write yarn install --production --frozen-lockfile, or yarn workspaces focus --production for a newer Yarn in a stage that only this COPY takes from",
		file + node + "RUN npm ci\n" + cmd + some:                                                                     "Write npm ci --omit=dev",
		file + node + "RUN yarn install --immutable\n" + cmd + some + "-- .yarnrc.yml --\nnodeLinker: node-modules\n": "Write yarn workspaces focus --production",
		file + node + "RUN yarn --frozen-lockfile\n" + cmd + some:                                                     "Write yarn install --frozen-lockfile --production",
		file + node + "RUN npm install --no-audit\n" + cmd + some:                                                     "Write npm install --no-audit --omit=dev",
		"FROM python:3\nRUN poetry install\nCMD [\"a\"]\n":                                                            "Write poetry install --only main",
		"FROM python:3\nRUN pip install pytest==8 tox==1\nCMD [\"a\"]\n":                                              "Keep what only the development needs in a file or group of its own, and install it in a stage of the development alone",
	} {
		if found := run(t, devDependencies, text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", text, found)
		}
	}
}
