package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

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
		"source beside":      {text: "FROM a:1\nCOPY package.json .\nCOPY src ./src\nRUN npm ci\n", status: checks.Warn, finding: "4: npm ci comes behind COPY src in line 3"},
		"beside, by pattern": {text: "FROM a:1\nCOPY src ./src\nCOPY package*.json ./\nRUN npm ci\n", status: checks.Warn, finding: "4: COPY src in line 2"},
		"beside, pip":        {text: "FROM a:1\nCOPY app /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n", status: checks.Warn, finding: "4: COPY app in line 2"},
		"manifest within":    {text: "FROM a:1\nCOPY app /app\nRUN pip install -r /app/requirements/prod.txt\n", status: checks.Pass},
		"project and source": {text: "FROM a:1\nCOPY pyproject.toml poetry.lock ./\nCOPY src src\nRUN poetry install\n", status: checks.Pass},
		"project alone":      {text: "FROM a:1\nCOPY pyproject.toml poetry.lock ./\nCOPY src src\nRUN poetry install --no-root\n", status: checks.Warn, finding: "4: COPY src in line 3"},
		"build and source":   {text: "FROM a:1\nCOPY pom.xml .\nCOPY src src\nRUN mvn package\n", status: checks.Pass},
		"go beside":          {text: "FROM a:1\nCOPY go.mod go.sum ./\nCOPY cmd cmd\nRUN go mod download\n", status: checks.Warn, finding: "4: COPY cmd in line 3"},
		"project files":      {text: "-- Dockerfile --\nFROM a:1\nCOPY src /src\nRUN dotnet restore\n-- src/App.csproj --\n-- src/Program.cs --\n", status: checks.Fail, finding: "3: dotnet restore"},
		"project files only": {text: "FROM a:1\nCOPY *.sln src/App/*.csproj ./\nRUN dotnet restore\nCOPY . .\nRUN dotnet publish --no-restore\n", status: checks.Pass},
		"vendored":           {text: "-- Dockerfile --\nFROM a:1\nCOPY . .\nRUN go build .\n-- vendor/modules.txt --\n", status: checks.Pass},
		"vendored, by flag":  {text: "FROM a:1\nCOPY . .\nRUN go build -mod=vendor .\n", status: checks.Pass},
		"heredoc":            {text: "FROM a:1\nCOPY . .\nRUN <<EOF\nset -e\nnpm ci\nEOF\n", status: checks.Fail, finding: "5: npm ci"},
	}
	for _, line := range []string{
		"npm ci", "npm install", "npm i --omit=dev", "npm --prefix app ci", "cd app && npm ci", "yarn", "yarn install --frozen-lockfile",
		"pnpm i", "pnpm fetch", "bun install", "pip install -r requirements.txt", "pip3 install --no-cache-dir -rrequirements.txt",
		"python -m pip install --requirement=a.txt", "uv sync --frozen", "uv pip install --system -r a.txt", "poetry install --no-root",
		"pipenv install --deploy", "pdm install", "go mod download", "cargo fetch", "bundle install", "bundle", "composer install --no-dev",
		"mvn -B dependency:go-offline", "./gradlew dependencies", "dotnet restore", "mix deps.get", "mvnw dependency:resolve", "gradle --no-daemon dependencies",
		"bun ci", "bun i --production", "yarn --frozen-lockfile", "yarn workspaces focus --production", "pip-sync", "uv pip sync requirements.txt", "cargo vendor",
		"cargo chef cook --release", "python3 -m pipenv sync", "python3 -m poetry install", "composer update", "pip wheel -r a.txt", "corepack enable && pnpm install --frozen-lockfile",
	} {
		tests[line] = after(line)
	}
	for _, line := range []string{"go build -o /app ./cmd/app", "CGO_ENABLED=0 go install ./...", "cargo build --release", "mvn -q package", "./mvnw -DskipTests verify", "gradle build", "dotnet publish -c Release", "go mod tidy && go build", "go mod vendor", "mvn clean install", "./gradlew bootJar"} {
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

// TestDependencyOrderOfEveryEcosystem has the manifests, the install and the build
// of each, in the right order and in the wrong one.
func TestDependencyOrderOfEveryEcosystem(t *testing.T) {
	tests := map[string]judgement{}
	for name, e := range map[string]struct{ manifests, install, build string }{
		"npm":      {"package.json package-lock.json", "npm ci", "npm run build"},
		"pnpm":     {"package.json pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm build"},
		"yarn":     {"package.json yarn.lock", "yarn install --immutable", "yarn build"},
		"bun":      {"package.json bun.lock", "bun install --frozen-lockfile", "bun run build"},
		"pip":      {"requirements.txt", "pip install --no-cache-dir -r requirements.txt", "pip install --no-deps ."},
		"poetry":   {"pyproject.toml poetry.lock", "poetry install --no-root --only main", "poetry install --only main"},
		"uv":       {"pyproject.toml uv.lock", "uv sync --frozen --no-install-project", "uv sync --frozen"},
		"pipenv":   {"Pipfile Pipfile.lock", "pipenv sync --system", "pipenv run build"},
		"go":       {"go.mod go.sum", "go mod download", "go build -o /app ."},
		"cargo":    {"Cargo.toml Cargo.lock", "mkdir src && touch src/lib.rs && cargo fetch", "cargo build --release --locked"},
		"maven":    {"pom.xml", "mvn -B dependency:go-offline", "mvn -B package"},
		"gradle":   {"build.gradle settings.gradle", "gradle dependencies", "gradle build"},
		"bundler":  {"Gemfile Gemfile.lock", "bundle config set --local without development && bundle install", "bundle exec rake assets:precompile"},
		"composer": {"composer.json composer.lock", "composer install --no-dev --no-scripts --no-autoloader", "composer dump-autoload --optimize"},
		"dotnet":   {"App.csproj", "dotnet restore", "dotnet publish -c Release --no-restore"},
	} {
		tests[name+" right"] = judgement{text: "FROM a:1\nCOPY " + e.manifests + " ./\nRUN " + e.install + "\nCOPY . .\nRUN " + e.build + "\n", status: checks.Pass}
		tests[name+" wrong"] = judgement{text: "FROM a:1\nCOPY . .\nRUN " + e.install + "\nRUN " + e.build + "\n", status: checks.Fail, finding: "3: comes behind COPY . in line 2"}
	}
	judgeAll(t, dependencyOrder, tests)
}

// TestDependencyOrderFix wants what it says to be written to build, and to earn no
// finding of the checks of installs.
func TestDependencyOrderFix(t *testing.T) {
	const npm = "-- package.json --\n{\"devDependencies\": {\"vite\": \"6\"}}\n-- package-lock.json --\n{}\n"
	const builder = "FROM node:22 AS b\nWORKDIR /app\nCOPY . .\n"
	const end = "\nFROM node:22\nCOPY --from=b /app/dist /app\nCMD [\"node\", \"/app\"]\n"
	for name, test := range map[string]struct{ text, files, want string }{
		"npm":               {"RUN npm ci", npm, "COPY package*.json ./, RUN npm ci"},
		"npm, no context":   {"RUN npm ci", "", "COPY package*.json ./, RUN npm ci"},
		"npm, options":      {"RUN npm ci --omit=dev --ignore-scripts", npm, "RUN npm ci --omit=dev --ignore-scripts"},
		"npm install":       {"RUN npm install --no-audit", npm, "RUN npm ci --no-audit"},
		"npm, no lock":      {"RUN npm install", "-- package.json --\n{}\n", "COPY package*.json ./, RUN npm install"},
		"npm, shrinkwrap":   {"RUN npm ci", "-- package.json --\n{}\n-- npm-shrinkwrap.json --\n{}\n", "COPY package*.json npm-shrinkwrap.json ./, "},
		"Yarn of today":     {"RUN yarn install", "-- package.json --\n{}\n-- yarn.lock --\n-- .yarnrc.yml --\n-- .yarn/releases/yarn.cjs --\n", "COPY package.json yarn.lock .yarnrc.yml ./, COPY .yarn .yarn, RUN yarn install --immutable"},
		"Yarn 1":            {"RUN yarn --frozen-lockfile", "-- package.json --\n{}\n-- yarn.lock --\n", "COPY package.json yarn.lock ./, RUN yarn install --frozen-lockfile"},
		"pnpm workspace":    {"RUN pnpm i --frozen-lockfile", "-- package.json --\n{}\n-- pnpm-lock.yaml --\n-- pnpm-workspace.yaml --\n", "COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./, RUN pnpm i --frozen-lockfile"},
		"Bun, binary lock":  {"RUN bun install --frozen-lockfile", "-- package.json --\n{}\n-- bun.lockb --\n", "COPY package.json bun.lockb ./, RUN bun install --frozen-lockfile"},
		"Bun":               {"RUN bun install --frozen-lockfile", "-- package.json --\n{}\n-- bun.lock --\n", "COPY package.json bun.lock ./, "},
		"pip, options":      {"RUN pip install --no-cache-dir -r requirements.txt", "", "COPY requirements.txt ./, RUN pip install --no-cache-dir -r requirements.txt"},
		"pip, absolute":     {"RUN pip install -r /app/requirements.txt", "", "COPY requirements.txt ./, "},
		"uv, options":       {"RUN uv sync --frozen --no-dev", "", "COPY pyproject.toml uv.lock ./, RUN uv sync --frozen --no-dev --no-install-project"},
		"Poetry, no lock":   {"RUN poetry install", "-- pyproject.toml --\n", "COPY pyproject.toml ./, RUN poetry install --no-root"},
		"Composer, options": {"RUN composer install --no-dev --no-scripts", "", "RUN composer install --no-dev --no-scripts --no-autoloader"},
		"go":                {"RUN go build ./...", "", "COPY go.mod go.sum ./, RUN go mod download"},
		"go, no sums":       {"RUN go build ./...", "-- go.mod --\nmodule a\n", "COPY go.mod ./, RUN go mod download"},
		"Gradle":            {"RUN gradle build --no-daemon -x test", "", "COPY *.gradle* ./, RUN gradle --no-daemon dependencies"},
		"Gradle's wrapper":  {"RUN ./gradlew bootJar --no-daemon", "", "COPY gradlew *.gradle* ./, COPY gradle gradle, RUN ./gradlew --no-daemon dependencies"},
		"gradlew, bare":     {"RUN gradlew build", "-- build.gradle --\n-- gradlew --\n-- gradle.properties --\n-- gradle/wrapper/gradle-wrapper.jar --\n", "COPY gradlew *.gradle* gradle.properties ./, COPY gradle gradle, RUN ./gradlew dependencies"},
		"Maven":             {"RUN mvn -B -DskipTests clean package", "", "COPY pom.xml ./, RUN mvn -B -DskipTests dependency:go-offline"},
		"Maven's wrapper":   {"RUN ./mvnw -q package", "", "COPY mvnw pom.xml ./, COPY .mvn .mvn, RUN ./mvnw -q dependency:go-offline"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "-- Dockerfile --\n" + builder + test.text + end + test.files
			f := run(t, dependencyOrder, text, dockerfile.Options{}).Findings
			if len(f) != 1 || !strings.Contains(f[0].Fix, test.want) {
				t.Errorf("%+v, want %s", f, test.want)
			}
		})
	}
	for text, want := range map[string]string{
		"-- Dockerfile --\nFROM node:22\nCOPY api /app\nRUN cd /app && npm ci\n-- api/package.json --\n{}\n-- api/package-lock.json --\n-- api/index.js --\n": "write COPY api/package*.json /app/, RUN npm ci;",
		"-- Dockerfile --\nFROM node:22\nCOPY . .\nRUN npm install\nCMD [\"node\", \"x\"]\n" + npm:                                                            "write COPY package*.json ./, RUN npm ci --omit=dev;",
	} {
		if f := run(t, dependencyOrder, text, dockerfile.Options{}).Findings; len(f) != 1 || !strings.Contains(f[0].Fix, want) {
			t.Errorf("%+v, want %s", f, want)
		}
	}
}
