package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

const npmFiles = "-- package.json --\n{}\n-- package-lock.json --\n{}\n"

func TestLockedInstall(t *testing.T) {
	// in puts lines behind a FROM, and files beside the Dockerfile.
	in := func(lines, files string) string {
		return "-- Dockerfile --\nFROM a:1\nWORKDIR /app\n" + lines + "\n" + files
	}
	warned := func(lines, files, finding string) judgement {
		return judgement{text: in(lines, files), status: checks.Warn, finding: finding}
	}
	failed := func(lines, files, finding string) judgement {
		return judgement{text: in(lines, files), status: checks.Fail, finding: finding}
	}
	fine := func(lines, files string) judgement {
		return judgement{text: in(lines, files), status: checks.Pass}
	}
	tests := map[string]judgement{
		// What changes the lock file.
		"npm install":        warned("COPY package*.json ./\nRUN set -e && npm install", npmFiles, "4:15: npm install changes what package-lock.json says where package.json asks for something else"),
		"npm i with options": warned("COPY package.json package-lock.json ./\nRUN npm i --omit=dev", npmFiles, "4:5: npm i changes"),
		"whole context":      warned("COPY . .\nRUN npm install", npmFiles, "4:5: "),
		"shrinkwrap":         warned("COPY . .\nRUN npm install", "-- package.json --\n-- npm-shrinkwrap.json --\n", "4: npm install changes what npm-shrinkwrap.json says"),
		"no files at all":    warned("COPY package*.json ./\nRUN npm install", "", "4:5: "),
		"workspace":          warned("COPY package.json package-lock.json ./\nCOPY api/package.json api/\nRUN cd api && npm install", npmFiles+"-- api/package.json --\n", "5: "),
		"prefix":             warned("COPY web/package*.json web/\nRUN npm --prefix web install", "-- web/package.json --\n-- web/package-lock.json --\n", "4: "),
		"mounts":             warned("RUN --mount=type=bind,source=package.json,target=package.json --mount=type=bind,source=package-lock.json,target=package-lock.json npm install", npmFiles, "3: "),
		"yarn":               warned("COPY package.json yarn.lock ./\nRUN yarn install --production", "", "4: yarn install changes what yarn.lock says"),
		"pnpm":               warned("COPY package.json pnpm-lock.yaml ./\nRUN pnpm i", "", "4: pnpm i changes what pnpm-lock.yaml"),
		"bun":                warned("COPY package.json bun.lockb ./\nRUN bun install", "", "4: bun install changes what bun.lockb"),
		"uv":                 warned("COPY pyproject.toml uv.lock ./\nRUN uv sync --no-dev", "", "4: uv sync"),
		"pipenv":             warned("COPY Pipfile Pipfile.lock ./\nRUN pipenv install --system", "", "4: pipenv install"),
		"pdm":                warned("COPY pyproject.toml pdm.lock ./\nRUN pdm install", "", "4: pdm install"),
		"bundle":             warned("COPY Gemfile Gemfile.lock ./\nRUN bundle install --jobs 4", "", "4: bundle install"),
		"cargo":              warned("COPY Cargo.toml Cargo.lock ./\nRUN cargo build --release", "", "4: cargo build"),
		"composer update":    warned("COPY composer.json composer.lock ./\nRUN composer update", "", "4: composer update resolves the versions anew, whatever composer.lock says"),
		"cargo install":      warned("COPY . .\nRUN cargo install --path .", "-- Cargo.toml --\n-- Cargo.lock --\n", "4: cargo install resolves the versions anew, whatever Cargo.lock says"),
		"dotnet":             warned("COPY Api/Api.csproj Api/packages.lock.json Api/\nRUN dotnet restore Api/Api.csproj", "-- Api/Api.csproj --\n-- Api/packages.lock.json --\n", "4: dotnet restore changes what packages.lock.json"),
		"reported once":      warned("COPY package*.json ./\nRUN npm install\nCOPY . .\nRUN npm install", npmFiles, "4: "),
		"inherited":          {text: "FROM a:1 AS b\nWORKDIR /x\nCOPY package*.json ./\nFROM b\nRUN npm install\n", status: checks.Warn, finding: "5: "},
		"commit it":          warned("COPY package.json ./\nRUN npm install", "-- package.json --\n{}\n", "4: npm install resolves the versions anew: the source has no package-lock.json"),
		"commit it, context": warned("COPY . .\nRUN yarn", "-- package.json --\n{}\n", "4: yarn resolves the versions anew: the source has no yarn.lock"),
		"poetry without":     warned("COPY pyproject.toml ./\nRUN poetry install", "-- pyproject.toml --\n-- poetry.lock --\n", "4: poetry install resolves the versions anew: no instruction before it copies poetry.lock"),
		"go.sum left behind": warned("COPY go.mod ./\nRUN go mod download", "-- go.mod --\n-- go.sum --\n", "4: no instruction before it copies go.sum"),
		"lock left behind":   warned("COPY package.json ./\nRUN npm install", npmFiles, "4: npm install resolves the versions anew: no instruction before it copies package-lock.json"),
		"yarn, lock ignored": warned("COPY package.json yarn.lock* ./\nRUN yarn --frozen-lockfile", "-- package.json --\n-- yarn.lock --\n-- .dockerignore --\n*.lock\n", "4: .dockerignore leaves out yarn.lock"),

		// What insists on a lock file that is not there.
		"npm ci":             failed("COPY package.json ./\nRUN npm ci", npmFiles, "4:5: npm ci fails: no instruction before it copies package-lock.json"),
		"npm ci, no files":   failed("COPY package.json .\nRUN npm ci", "", "4:5: npm ci fails"),
		"npm ci, ignored":    failed("COPY package*.json ./\nRUN npm ci", npmFiles+"-- .dockerignore --\npackage-lock.json\n", "4:5: npm ci fails: .dockerignore leaves out package-lock.json"),
		"npm ci, excluded":   failed("COPY --exclude=*-lock.json . .\nRUN npm ci", npmFiles, "4:5: npm ci fails: --exclude leaves out package-lock.json"),
		"npm ci, lock later": failed("COPY package.json ./\nRUN npm ci\nCOPY . .", npmFiles, "4:5: "),
		"npm ci, elsewhere":  failed("COPY package-lock.json /tmp/\nCOPY package.json ./\nRUN npm ci", npmFiles, "5:5: "),
		"after harmless RUN": failed("RUN apk add --no-cache git && npm install -g npm@10\nCOPY package.json ./\nRUN npm ci", npmFiles, "5:5: "),
		"pnpm frozen":        failed("COPY package.json ./\nRUN pnpm install --frozen-lockfile", "", "4:5: pnpm install fails: no instruction before it copies pnpm-lock.yaml"),
		"uv locked":          failed("RUN --mount=type=bind,source=pyproject.toml,target=pyproject.toml uv sync --locked", "-- pyproject.toml --\n-- uv.lock --\n", "3: uv sync fails"),
		"cargo locked":       failed("COPY Cargo.toml ./\nRUN cargo build --locked", "-- Cargo.toml --\n-- Cargo.lock --\n", "4: cargo build fails"),

		"fallback": warned("COPY package.json ./\nRUN npm ci || npm install", npmFiles, "4:15: npm install resolves the versions anew"),

		// What is fine.
		"fine: npm ci":                  fine("COPY package*.json ./\nRUN npm ci", npmFiles),
		"fine: by name":                 fine("COPY package.json package-lock.json ./\nRUN npm ci", ""),
		"fine: optional lock":           fine("COPY package.json package-lock.json* ./\nRUN npm ci", npmFiles),
		"fine: whole context":           fine("COPY . .\nRUN npm ci", npmFiles),
		"fine: context not known":       fine("COPY . .\nRUN npm ci", ""),
		"fine: pattern alone":           fine("COPY package*.json ./\nRUN npm ci", "-- package.json --\n{}\n"),
		"fine: lock first":              fine("COPY package-lock.json ./\nRUN npm fetch\nCOPY package.json ./\nRUN npm ci", npmFiles),
		"fine: below the root":          fine("COPY web/package.json web/package-lock.json /web/\nRUN cd /web && npm ci", ""),
		"fine: WORKDIR later":           fine("COPY package*.json web/\nWORKDIR web\nRUN npm ci", npmFiles),
		"fine: of the workspace":        fine("COPY package*.json ./\nCOPY api/package.json api/\nRUN cd api && npm ci", npmFiles),
		"fine: mounts":                  fine("COPY package.json ./\nRUN --mount=type=bind,source=package-lock.json,target=package-lock.json npm ci", npmFiles),
		"fine: mount of context":        fine("RUN --mount=type=bind,target=. npm ci", npmFiles),
		"fine: absolute mount":          fine("RUN --mount=type=bind,target=/app/package.json,src=package.json --mount=type=bind,target=/app/package-lock.json,src=package-lock.json npm ci", npmFiles),
		"fine: parents":                 fine("COPY --parents package*.json ./\nRUN npm ci", npmFiles),
		"fine: from a stage":            {text: "FROM a:1 AS b\nFROM a:1\nCOPY package.json /app/\nCOPY --from=b /app/ /app/\nWORKDIR /app\nRUN npm ci\n", status: checks.Pass},
		"fine: cloned":                  fine("RUN git clone https://a.b/c .\nCOPY package.json ./\nRUN npm ci", npmFiles),
		"fine: written before":          fine("COPY package.json ./\nRUN npm install --package-lock-only && npm ci", npmFiles),
		"fine: written by RUN":          fine("COPY package.json ./\nRUN ./lock.sh\nRUN npm ci", npmFiles),
		"fine: unknown source":          fine("ARG F\nCOPY package.json $F ./\nRUN npm ci", npmFiles),
		"fine: unknown dest":            fine("ARG D\nCOPY package.json ./\nCOPY package-lock.json $D/\nRUN npm ci", npmFiles),
		"fine: unknown workdir":         {text: "FROM a:1\nCOPY package.json ./\nCOPY package-lock.json /usr/src/app/\nRUN npm ci\n", status: checks.Pass},
		"fine: unknown directory":       fine("COPY package.json ./\nRUN cd \"$D\" && npm ci", npmFiles),
		"fine: image brings it":         fine("RUN npm ci", npmFiles),
		"fine: here document":           fine("COPY package.json ./\nCOPY <<EOF package-lock.json\n{}\nEOF\nRUN npm ci", ""),
		"fine: packages":                fine("COPY package*.json ./\nRUN npm install express@4 && npm install -g pm2@5", npmFiles),
		"fine: stage not used":          {text: "FROM a:1 AS b\nCOPY package.json ./\nRUN npm ci\nFROM a:1\n", status: checks.Pass},
		"fine: ci first":                fine("COPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm install", npmFiles),
		"fine: yarn immutable":          fine("COPY package.json yarn.lock ./\nRUN yarn install --immutable", ""),
		"fine: yarn by CI":              fine("ENV CI=true\nCOPY package.json yarn.lock ./\nRUN yarn", ""),
		"fine: pnpm":                    fine("COPY package.json pnpm-lock.yaml ./\nRUN pnpm i --frozen-lockfile", ""),
		"fine: pnpm by CI":              fine("COPY package.json pnpm-lock.yaml ./\nRUN CI=1 pnpm install", ""),
		"fine: pnpm fetch":              fine("COPY pnpm-lock.yaml ./\nRUN pnpm fetch\nCOPY . .\nRUN pnpm install --offline", ""),
		"fine: bun":                     fine("COPY package.json bun.lock ./\nRUN bun install --frozen-lockfile", ""),
		"fine: uv":                      fine("ENV UV_FROZEN=1\nCOPY pyproject.toml uv.lock ./\nRUN uv sync", ""),
		"fine: uv pip":                  fine("COPY . .\nRUN uv pip install -r requirements.txt", "-- requirements.txt --\n-- uv.lock --\n"),
		"fine: pipenv":                  fine("COPY Pipfile Pipfile.lock ./\nRUN pipenv install --deploy --system\nRUN pipenv sync", ""),
		"fine: poetry":                  fine("COPY pyproject.toml poetry.lock ./\nRUN poetry install", ""),
		"fine: pdm":                     fine("COPY pyproject.toml pdm.lock ./\nRUN pdm sync", ""),
		"fine: bundle by ENV":           fine("ENV BUNDLE_DEPLOYMENT=1\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install", ""),
		"fine: bundle by config":        fine("RUN bundle config --global frozen 1\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install", ""),
		"fine: composer":                fine("COPY composer.json composer.lock ./\nRUN composer install --no-dev", ""),
		"fine: cargo":                   fine("COPY Cargo.toml Cargo.lock ./\nRUN cargo fetch --locked\nCOPY . .\nRUN cargo build --release", ""),
		"fine: go":                      fine("COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build ./...", ""),
		"fine: go without a dependency": fine("COPY go.mod ./\nRUN go mod download", "-- go.mod --\nmodule a\n"),
		"fine: cargo install":           fine("COPY . .\nRUN cargo install --locked --path .", "-- Cargo.toml --\n-- Cargo.lock --\n"),
		"fine: tool":                    fine("COPY . .\nRUN cargo install just@1.2.3", "-- Cargo.toml --\n-- Cargo.lock --\n"),
		"fine: whichever":               fine("COPY package.json yarn.lock* package-lock.json* ./\nRUN if [ -f yarn.lock ]; then yarn --frozen-lockfile; elif [ -f package-lock.json ]; then npm ci; else exit 1; fi", npmFiles),
		"fine: test":                    fine("COPY package.json ./\nRUN [ ! -f package-lock.json ] || npm ci", npmFiles),
		"fine: yarn by file":            fine("COPY package.json yarn.lock .yarnrc.yml ./\nRUN yarn install", "-- package.json --\n-- yarn.lock --\n-- .yarnrc.yml --\nenableImmutableInstalls: true\n"),
		"fine: dotnet":                  fine("COPY *.csproj ./\nRUN dotnet restore", "-- a.csproj --\n"),
		"fine: dotnet locked":           fine("COPY . .\nRUN dotnet restore a.csproj --locked-mode", "-- a.csproj --\n-- packages.lock.json --\n"),
		"fine: dotnet by project":       fine("COPY . .\nRUN dotnet restore a.csproj", "-- a.csproj --\n<RestoreLockedMode>true</RestoreLockedMode>\n-- packages.lock.json --\n"),
		"fine: in ONBUILD":              {text: "FROM a:1 AS b\nWORKDIR /app\nONBUILD COPY package.json ./\nONBUILD RUN npm ci\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
	}
	judgeAll(t, lockedInstall, tests)
}

func TestLockedInstallFixes(t *testing.T) {
	for text, want := range map[string]string{
		"COPY package*.json ./\nRUN npm install":      "Write npm ci",
		"COPY package*.json ./\nRUN npm i --omit=dev": "Write npm ci --omit=dev",
		"COPY package.json ./\nRUN npm ci":            "Write COPY package.json package-lock.json ./ before it",
		"COPY package.json ./\nRUN npm install":       "Write COPY package.json package-lock.json ./ before it, and npm ci",
	} {
		res := run(t, lockedInstall, "-- Dockerfile --\nFROM a:1\n"+text+"\n"+npmFiles, dockerfile.Options{})
		if len(res.Findings) != 1 || res.Findings[0].Fix != want {
			t.Errorf("%s: %+v", text, res.Findings)
		}
	}
}
