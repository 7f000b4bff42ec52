package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDockerignoreWaste(t *testing.T) {
	const mine = "Dockerfile*\n" // what every project has
	tests := map[string]struct {
		dockerfile, ignore, files string
		want                      []string // severity and subject
	}{
		"python": {"COPY . .\n", mine, "-- requirements.txt --\n", []string{"MEDIUM **/__pycache__, .venv"}},
		"python, packages below": {"COPY . .\n", mine + "**/__pycache__\n", "-- pyproject.toml --\n-- app/a.py --\n-- venv/x --\n-- .mypy_cache/x --\n-- a.egg-info/x --\n",
			[]string{"MEDIUM venv, .mypy_cache, *.egg-info, .venv"}},
		"node build": {"WORKDIR /app\nCOPY . .\nRUN npm run build\nFROM a:1\nCOPY --from=0 /app/dist /app\n", mine, "-- package.json --\n{\"devDependencies\": {\"jest\": \"29\"}}\n",
			[]string{"MEDIUM coverage, dist"}},
		"node build that is there": {"COPY . .\nRUN yarn build\n", mine, "-- package.json --\n-- .next/x --\n", []string{"MEDIUM .next"}},
		"rust":                     {"COPY . .\nRUN cargo build --release\n", mine, "-- Cargo.toml --\n", []string{"MEDIUM target"}},
		"maven":                    {"COPY . .\nRUN ./mvnw package\n", mine, "-- pom.xml --\n", []string{"MEDIUM target"}},
		"gradle":                   {"COPY . .\nRUN ./gradlew bootJar\n", mine, "-- build.gradle --\n", []string{"MEDIUM build, .gradle"}},
		"php":                      {"COPY . .\nRUN composer install --no-dev\n", mine, "-- composer.json --\n", []string{"MEDIUM vendor"}},
		"dotnet":                   {"COPY . .\nRUN dotnet publish\n", mine + "bin\nobj\n", "-- Api/Api.csproj --\n", []string{"MEDIUM **/bin, **/obj"}},
		"what is there": {"COPY . .\n", "", "-- .idea/x --\n-- a.log --\n-- logs/x --\n-- README.md --\n-- tests/a --\n-- docker-compose.yml --\n-- .gitignore --\n-- coverage/x --\n",
			[]string{"LOW Dockerfile*, .dockerignore, docker-compose*.yml, .gitignore, tests, *.md", "MEDIUM coverage, *.log, logs, .idea"}},
		"README of the build": {"COPY . .\n", mine + "**/__pycache__\n.venv\n", "-- pyproject.toml --\n-- README.md --\n-- CHANGELOG.md --\n", []string{"LOW *.md, !README.md"}},
		"files of imagegate":  {"COPY . .\n", mine, "-- imagegate.yaml --\n-- .imagegate-baseline.json --\n", nil},
		"ignore file itself":  {"COPY . .\n", "*.md\n", "-- main.py --\n", []string{"LOW Dockerfile*, .dockerignore"}},
		"ignore file named":   {"COPY . .\n", ".dockerignore\n", "-- main.py --\n", []string{"LOW Dockerfile*"}},
		"directory":           {"COPY web /web\n", "", "-- web/coverage/x --\n-- web/tests/x --\n-- web/README.md --\n-- coverage/x --\n", []string{"MEDIUM web/coverage"}},

		"nothing copied":            {"COPY main.py requirements.txt ./\n", "", "-- requirements.txt --\n-- logs/x --\n", nil},
		"no ignore file":            {"COPY . .\n", "none", "-- requirements.txt --\n", nil},
		"allow list":                {"COPY . .\n", "*\n!src\n", "-- requirements.txt --\n-- logs/x --\n-- a.md --\n", nil},
		"left out":                  {"COPY . .\nRUN ./gradlew bootJar\n", mine + "build/\n.gradle\n*.md\n", "-- build.gradle --\n-- README.md --\n", nil},
		"left out by copy":          {"COPY --exclude=logs --exclude=Dockerfile --exclude=.dockerignore . .\n", "", "-- logs/x --\n", nil},
		"result is copied":          {"COPY dist /app\nCOPY . .\nRUN npm run build\n", mine, "-- package.json --\n-- dist/x --\n", nil},
		"result is not built":       {"COPY . .\nCMD [\"node\", \"dist/main.js\"]\n", mine, "-- package.json --\n-- dist/x --\n-- build/x --\n-- target/x --\n-- vendor/x --\n", nil},
		"result at another place":   {"WORKDIR /app\nCOPY . .\nRUN npm run build\nFROM a:1\nCOPY --from=0 /out /app\n", mine, "-- package.json --\n", nil},
		"go vendor":                 {"COPY . .\nRUN go build ./...\n", mine, "-- go.mod --\n-- vendor/x --\n-- bin/x --\n", nil},
		"tests are run":             {"COPY . .\nRUN npm test\nRUN pytest tests\n", mine, "-- tests/a --\n-- spec/a --\n", nil},
		"tests in another stage":    {"COPY . .\nFROM 0 AS test\nRUN go test ./...\nFROM a:1\nCOPY . .\n", mine, "-- tests/a --\n", nil},
		"taken back on purpose":     {"COPY . .\n", mine + "log/*\n*.md\n!CHANGELOG.md\nlogs/*\n!logs/.keep\n", "-- CHANGELOG.md --\n", nil},
		"README of the build alone": {"COPY . .\n", mine, "-- Cargo.toml --\n-- README.md --\n", nil},
		"stage not used":            {"COPY . .\nFROM a:1\n", "", "-- logs/x --\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := "-- Dockerfile --\nFROM a:1\n" + test.dockerfile + test.files
			if test.ignore != "none" {
				text += "-- .dockerignore --\n" + test.ignore
			}
			var got []string
			for _, f := range run(t, dockerignoreWaste, text, dockerfile.Options{}).Findings {
				got = append(got, string(f.Severity)+" "+f.Subject)
				if !strings.HasSuffix(f.Message, " copies it: "+f.Subject) || f.Fix != "Add to .dockerignore, on a line each: "+f.Subject {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	res := run(t, dockerignore, "-- Dockerfile --\nFROM a:1\nCOPY . .\n-- requirements.txt --\n", dockerfile.Options{})
	want := "Add a .dockerignore with the lines .git, .env, .env.*, **/__pycache__, .venv, Dockerfile*, .dockerignore"
	if res.Status != checks.Fail || res.Findings[0].Fix != want {
		t.Errorf("%+v, want %s", res.Findings, want)
	}
}
