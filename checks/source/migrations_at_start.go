package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var migrationsAtStart = Check{
	Rule: checks.Rule{
		ID:        "source/migrations-at-start",
		Title:     "No database migrations at the start of the container",
		Severity:  checks.Medium,
		Why:       "Every replica that starts runs them, several at once, before it serves: they race for the schema, a long one looks like a container that does not get healthy and is killed half way, and a rollback starts the old code on the new schema. The application needs the rights to change the schema all the time.",
		Fix:       "Start the application alone, and run the migrations as a step of the deployment that comes before it, once: docker run --rm myapp python manage.py migrate.",
		Reference: "https://12factor.net/admin-processes",
	},
	Good: `
FROM python:3.12.8-slim
COPY . /app
CMD ["uvicorn", "app:app"]
`,
	Bad: `
FROM python:3.12.8-slim
COPY . /app
CMD ["sh", "-c", "python manage.py migrate && exec uvicorn app:app"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		st := starts.Of(s)
		var findings []checks.Finding
		for i, now := range st.steps {
			what := migration(now.Words)
			// Without anything behind them, migrations are all that the container is for.
			more := slices.ContainsFunc(st.steps[i+1:], func(s step) bool {
				return !slices.Contains(shortCommands, s.Program()) && migration(s.Words) == ""
			})
			if what == "" || now.conditional || now.followed || !more {
				continue
			}
			f := checks.At(now.Location, "%s migrates the database at every start of a container", what)
			f.Subject = what
			shown := what
			if !st.holdsSecret(now.by) {
				shown = runnable(now.Words, what)
			}
			f.Fix = "Take it out of the start, and run it once per deployment before the new containers: docker run --rm IMAGE " + shown + "."
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// runnable returns a command line as it can be given to docker run: whole, unless it
// cannot be shown.
func runnable(words []string, short string) string {
	text := strings.Join(words, " ")
	switch {
	case strings.ContainsAny(text, "'\"\n") || slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, " \t") }) || secretKind(text) != "":
		return short
	case strings.Contains(text, "$"):
		return "sh -c '" + text + "'"
	}
	return text
}

// migrations are how the tools are called that migrate a database: the words that
// follow the program, each sequence in a row at its head.
var migrations = map[string][]string{
	"prisma": {"migrate deploy", "migrate dev", "db push"}, "manage.py": {"migrate"}, "django-admin": {"migrate"}, "alembic": {"upgrade"},
	"rails": {"db:migrate", "db:prepare", "db:setup", "db:schema:load"}, "rake": {"db:migrate", "db:prepare", "db:setup", "db:schema:load"},
	"flyway": {"migrate"}, "liquibase": {"update", "migrate"}, "knex": {"migrate:latest", "migrate:up"},
	"sequelize": {"db:migrate"}, "sequelize-cli": {"db:migrate"}, "typeorm": {"migration:run"}, "typeorm-ts-node-commonjs": {"migration:run"}, "typeorm-ts-node-esm": {"migration:run"},
	"dbmate": {"up", "migrate"}, "migrate": {"up", "goto"}, "flask": {"db upgrade"}, "superset": {"db upgrade"}, "airflow": {"db migrate", "db upgrade", "db init"},
	"artisan": {"migrate"}, "console": {"doctrine:migrations:migrate", "d:m:m"}, "doctrine-migrations": {"migrate", "migrations:migrate"}, "drizzle-kit": {"migrate", "push"},
	"mikro-orm": {"migration:up"}, "node-pg-migrate": {"up"}, "db-migrate": {"up"}, "migrate-mongo": {"up"}, "diesel": {"migration run"}, "sqlx": {"migrate run"},
	"sea-orm-cli": {"migrate"}, "atlas": {"migrate apply", "schema apply"}, "dotnet-ef": {"database update"}, "dotnet": {"ef database update"}, "mix": {"ecto.migrate", "ecto.setup"},
	"aerich": {"upgrade"}, "yoyo": {"apply"}, "phinx": {"migrate"}, "yii": {"migrate"}, "sql-migrate": {"up"}, "directus": {"database migrate:latest"}, "goose": {"up", "up-to", "up-by-one"},
}

// migration returns the command line of a migration of a database, shortened to
// what says so; empty if it is none.
func migration(words []string) string {
	whole := words
	words = tool(words)
	if len(words) == 0 || slices.Contains(words, "--help") || slices.Contains(words, "--plan") || slices.Contains(words, "--check") {
		return ""
	}
	program := words[0]
	args := slices.DeleteFunc(slices.Clone(words[1:]), func(w string) bool { return strings.HasPrefix(w, "-") })
	said := func(upto string) string {
		at := slices.Index(whole, upto)
		return strings.Join(whole[:max(at, 0)+1], " ")
	}
	for _, sequence := range migrations[program] {
		want := strings.Fields(sequence)
		for i := range args {
			rest := args[i:]
			if len(rest) >= len(want) && slices.Equal(rest[:len(want)], want) && (i == 0 || optionsBefore[program]) {
				return said(want[len(want)-1])
			}
		}
	}
	switch program {
	case "npm", "yarn", "pnpm", "bun":
		if len(args) > 1 && (args[0] == "run" || args[0] == "run-script") {
			args = args[1:]
		} else if program == "npm" {
			return ""
		}
		if len(args) > 0 && isMigrationName(args[0]) {
			return said(args[0])
		}
	}
	// A release of Elixir evaluates a function.
	for _, arg := range args {
		if strings.Contains(arg, ".Release.migrate") {
			return path.Base(whole[0]) + " eval " + arg
		}
	}
	if name, ext, _ := strings.Cut(program, "."); (ext == "" || ext == "sh" || ext == "py") && isMigrationName(name) && len(args) == 0 && strings.Contains(whole[0], "/") {
		return whole[0]
	}
	return ""
}

// optionsBefore are the programs that take values of options before their words.
var optionsBefore = map[string]bool{
	"goose": true, "flyway": true, "liquibase": true, "migrate": true, "alembic": true, "dbmate": true, "flask": true, "sql-migrate": true, "atlas": true, "knex": true, "diesel": true,
}

// isMigrationName reports whether the name of a script says that it migrates.
func isMigrationName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(":-_.", r) })
	return slices.ContainsFunc(words, func(w string) bool { return w == "migrate" || w == "migration" || w == "migrations" }) &&
		!slices.ContainsFunc(words, func(w string) bool {
			return slices.Contains([]string{"status", "check", "create", "generate", "wait", "list", "no", "skip", "rollback", "down", "undo"}, w)
		})
}
