package compose

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sourceOf makes a source of the files of a text in which a line "-- NAME --" is
// above each.
func sourceOf(text string) fstest.MapFS {
	files := fstest.MapFS{}
	name := ""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(line, " --\n") {
			name = strings.TrimSuffix(rest, " --\n")
			files[name] = &fstest.MapFile{}
			continue
		}
		if f := files[name]; f != nil {
			f.Data = append(f.Data, line...)
		}
	}
	return files
}

func TestApplicationFile(t *testing.T) {
	for source, want := range map[string]string{
		"": "",
		"-- compose.override.yaml --\n-- deploy/compose.yaml --\n": "",
		"-- docker-compose.yml --\n-- compose.prod.yaml --\n":      "docker-compose.yml",
		"-- docker-compose.yml --\n-- compose.yaml --\n":           "compose.yaml",
	} {
		if got := ApplicationFile(sourceOf(source)); got != want {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
	}
}

func TestFindApplication(t *testing.T) {
	const source = `
-- compose.yaml --
x-defaults: &defaults
  restart: always
  environment: &shared
    TZ: UTC
services:
  app:
    <<: *defaults
    build: {context: ., target: production}
    ports: ["${PUBLISHED:?is not needed here}:8080"]
    env_file: [app.env, {path: missing.env, required: false}]
    environment:
      <<: *shared
      DATABASE_URL: postgres://app:${DB_PASSWORD}@db:5432/${DB_NAME:-app}
      FROM_CALLER:
      NOBODYS:
      PRICE: 5$$
    secrets: [token]
    tmpfs: /tmp
    volumes: [uploads:/uploads, ./conf:/etc/app:ro]
    depends_on:
      migrate: {condition: service_completed_successfully}
      cache: {condition: service_started}
      mail: {condition: service_started, required: false}
  migrate:
    build: .
    command: ./app migrate --to "the last"
    environment: [DATABASE_URL=postgres://db]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: postgres:${PG_VERSION:-15.14-bookworm}
    container_name: database
    networks: {back: {aliases: [pg]}}
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}", POSTGRES_PORT: 5432}
    volumes: ["./init.sql:/docker-entrypoint-initdb.d/init.sql:ro", "data:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U $${POSTGRES_USER:-postgres}"]
      interval: 2s
      start_period: 1m30s
      retries: 5
  cache:
    image: redis:7.0.15-bookworm
    command: [redis-server, --save, ""]
    entrypoint: []
    user: "1000:1000"
    working_dir: /data
    healthcheck: {test: redis-cli ping}
  unused:
    image: ${NOWHERE:?}
secrets: {token: {file: ./token.txt}}
volumes: {data: , uploads: }
-- .env --
DB_PASSWORD="from $WHERE"
FROM_CALLER=.env
-- app.env --
LOG_LEVEL=debug
TZ=Europe/Berlin
-- init.sql --
-- conf/app.toml --
-- token.txt --
`
	got, err := FindApplication(sourceOf(source), ApplicationOptions{
		Paths: []string{"./compose.yaml"}, Dockerfile: "./Dockerfile", Env: map[string]string{"WHERE": "the caller", "FROM_CALLER": "caller"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &Application{
		Container: Container{
			Name:  "app",
			Build: &ImageBuild{Context: ".", Dockerfile: "Dockerfile", Target: "production"},
			Environment: []string{
				"DATABASE_URL=postgres://app:from the caller@db:5432/app", "FROM_CALLER=caller", "LOG_LEVEL=debug", "PRICE=5$", "TZ=UTC",
			},
			Files: []MountedFile{
				{Source: "conf", Directory: true, Target: "/etc/app"},
				{Source: "token.txt", Target: "/run/secrets/token"},
			},
			Writable:     []string{"/uploads", "/tmp"},
			Dependencies: []string{"migrate", "cache"},
		},
		Services: []Container{
			{
				Name: "db", Aliases: []string{"database", "pg"}, Image: "postgres:15.14-bookworm",
				Environment: []string{"POSTGRES_PASSWORD=from the caller", "POSTGRES_PORT=5432"},
				Files:       []MountedFile{{Source: "init.sql", Target: "/docker-entrypoint-initdb.d/init.sql"}},
				Writable:    []string{"/var/lib/postgresql/data"},
				Healthcheck: &Healthcheck{
					Test: []string{"CMD-SHELL", "pg_isready -U ${POSTGRES_USER:-postgres}"}, Interval: 2 * time.Second, StartPeriod: 90 * time.Second, Retries: 5,
				},
			},
			{
				Name: "migrate", Build: &ImageBuild{Context: ".", Dockerfile: "Dockerfile"}, Command: []string{"./app", "migrate", "--to", "the last"},
				Environment: []string{"DATABASE_URL=postgres://db"}, Dependencies: []string{"db"}, Completes: true,
			},
			{
				Name: "cache", Image: "redis:7.0.15-bookworm", Entrypoint: []string{}, Command: []string{"redis-server", "--save", ""},
				User: "1000:1000", WorkingDir: "/data",
				Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "redis-cli ping"}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFindApplicationInSeveralFiles(t *testing.T) {
	const source = `
-- deploy/compose.yaml --
include: [../db.yaml]
services:
  web:
    extends: {file: ../base.yaml, service: base}
    depends_on: [db]
-- deploy/ci.yaml --
services:
  web: {environment: {CI: "true"}}
-- base.yaml --
services:
  base:
    build: {context: ., dockerfile: docker/Dockerfile}
    environment: [CI=false, LEVEL=info]
-- db.yaml --
services:
  db: {image: postgres:15.14-bookworm, healthcheck: {disable: true}}
`
	got, err := FindApplication(sourceOf(source), ApplicationOptions{Paths: []string{"deploy/compose.yaml", "deploy/ci.yaml"}, Dockerfile: "docker/Dockerfile"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "web" || !cmp.Equal(got.Environment, []string{"CI=true", "LEVEL=info"}) || len(got.Services) != 1 {
		t.Fatalf("got %+v", got)
	}
	db := got.Services[0]
	if db.Healthcheck == nil || !cmp.Equal(db.Healthcheck.Test, []string{"NONE"}) {
		t.Errorf("the healthcheck of db is %+v", db.Healthcheck)
	}
}

func TestWhichServiceIsTheApplication(t *testing.T) {
	const (
		web    = "  web: {build: .}\n"
		worker = "  worker: {build: {context: ., target: worker}}\n"
		other  = "  other: {build: ./other}\n"
		image  = "  image: {image: registry.example.com/app}\n"
	)
	for name, c := range map[string]struct {
		services, service, target, want, fails string
	}{
		"alone":                   {services: web + other + image, want: "web"},
		"by its stage":            {services: web + worker, target: "worker", want: "worker"},
		"by its name":             {services: web + worker + image, service: "image", want: "image"},
		"waits for another":       {services: "  api: {build: ., depends_on: [db]}\n  db: {image: a, depends_on: [init]}\n  init: {build: .}\n", want: "api"},
		"two of the same":         {services: web + "  api: {build: .}\n", fails: "several services of compose.yaml are built from Dockerfile: name the application's with --compose-service (web, api)"},
		"none":                    {services: other + image, fails: "no service of compose.yaml is built from Dockerfile: name the application's with --compose-service (it has other, image)"},
		"a name that there isn't": {services: web, service: "app", fails: "compose.yaml has no service app: it has web"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindApplication(sourceOf("-- compose.yaml --\nservices:\n"+c.services), ApplicationOptions{Paths: []string{"compose.yaml"}, Service: c.service, Target: c.target})
			switch {
			case c.fails != "":
				if err == nil || err.Error() != c.fails {
					t.Errorf("got %v, want %s", err, c.fails)
				}
			case err != nil:
				t.Error(err)
			case got.Name != c.want:
				t.Errorf("got %s, want %s", got.Name, c.want)
			}
		})
	}
}

func TestApplicationFailures(t *testing.T) {
	const app = "  app: {build: ., depends_on: [db]}\n"
	for name, c := range map[string]struct{ services, more, want string }{
		"no file":               {want: "the source has no Compose file compose.yaml"},
		"no valid file":         {services: "  app: {build: ., nonsense: 1}\n", want: "compose.yaml:2:"},
		"variable without":      {services: "  app: {build: ., environment: {A: \"${TOKEN:?}\"}}\n", want: "compose.yaml:2:36: the variable TOKEN is not set: give it with --env=TOKEN=value, or in .env"},
		"no such service":       {services: app, want: "service app depends on db, which"},
		"circle":                {services: app + "  db: {image: a, depends_on: [c]}\n  c: {image: a, depends_on: [db]}\n", want: "service c depends on db, which depends on it"},
		"depends on itself":     {services: app + "  db: {image: a, depends_on: [app]}\n", want: "service db depends on app, which depends on it"},
		"inline Dockerfile":     {services: app + "  db: {build: {dockerfile_inline: FROM scratch}}\n", want: "service db is built from a Dockerfile in the Compose file"},
		"built from elsewhere":  {services: app + "  db: {build: https://example.com/a.git}\n", want: "service db is built from what is not in the source"},
		"no such env_file":      {services: "  app: {build: ., env_file: a.env}\n", want: "service app takes variables from a.env, which the source does not have"},
		"env_file of elsewhere": {services: "  app: {build: ., env_file: /etc/a.env}\n", want: "service app takes variables from a file that is not of the source"},
		"bad .env":              {services: "  app: {build: .}\n", more: "-- .env --\nA=1\nHUSH='hush\n", want: ".env:3: it cannot be read as lines of NAME=value"},
		"bad duration":          {services: app + "  db: {image: a, healthcheck: {interval: 1d}}\n", want: "service db has the healthcheck.interval 1d, which is no duration"},
		"bad command":           {services: app + "  db: {image: a, command: \"'a\"}\n", want: "service db has a command whose quotes are not closed"},
		"secret of elsewhere":   {services: "  app: {build: ., secrets: [s]}\nsecrets: {s: {external: true}}\n", want: "service app is given s of secrets, which is no file of the source"},
		"secret without a file": {services: "  app: {build: ., secrets: [s]}\nsecrets: {s: {file: s.txt}}\n", want: "service app is given s.txt, which the source does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			if c.services != "" {
				files = sourceOf("-- compose.yaml --\nservices:\n" + c.services + c.more)
			}
			_, err := FindApplication(files, ApplicationOptions{Paths: []string{"compose.yaml"}})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
