package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestMigrationsAtStart(t *testing.T) {
	with := func(script, cmd string) string {
		return "-- Dockerfile --\nFROM a:1\nCOPY entrypoint.sh /\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD " + cmd + "\n-- entrypoint.sh --\n#!/bin/sh\n" + script
	}
	const server = `["./bin/rails", "server"]`
	judgeAll(t, migrationsAtStart, map[string]judgement{
		"article wrong":     {text: "FROM python:3.12\nCMD [\"sh\", \"-c\", \"python manage.py migrate && uvicorn app:app\"]\n", status: checks.Warn, finding: "2:1: python manage.py migrate migrates the database"},
		"article right":     {text: "FROM python:3.12\nCMD [\"uvicorn\", \"app:app\"]\n", status: checks.Pass},
		"shell form":        {text: "FROM a:1\nCMD npx prisma migrate deploy && node dist/main.js\n", status: checks.Warn, finding: "2:5: npx prisma migrate deploy"},
		"alone":             {text: "FROM a:1\nCMD [\"alembic\", \"upgrade\", \"head\"]\n", status: checks.Pass},
		"alone in a script": {text: with("set -e\nexport A=1\nexec alembic upgrade head\n", "[]"), status: checks.Pass},
		"builder":           {text: "FROM a:1 AS b\nCMD [\"sh\", \"-c\", \"alembic upgrade head && app\"]\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"at build time":     {text: "FROM a:1\nRUN python manage.py migrate && rm db.sqlite3\nCMD [\"app\"]\n", status: checks.Pass},
		"script":            {text: with("set -e\nalembic -c /etc/alembic.ini upgrade head\nexec \"$@\"\n", `["app"]`), status: checks.Warn, finding: "entrypoint.sh:3:1: alembic -c /etc/alembic.ini upgrade migrates"},
		"retried":           {text: with("until npx prisma migrate deploy; do sleep 2; done\nexec \"$@\"\n", `["app"]`), status: checks.Warn, finding: "entrypoint.sh:2:7: "},
		"called function":   {text: with("migrate_db() { flask db upgrade; }\nmigrate_db\nexec \"$@\"\n", `["app"]`), status: checks.Warn, finding: "entrypoint.sh:2:16: flask db upgrade"},
		"as another user":   {text: with("su app -c 'flask db upgrade'\nexec \"$@\"\n", `["app"]`), status: checks.Warn, finding: "entrypoint.sh:2:1: flask db upgrade"},
		"never called":      {text: with("migrate_db() { flask db upgrade; }\nexec \"$@\"\n", `["app"]`), status: checks.Pass},
		"behind exec":       {text: with("exec \"$@\"\nflask db upgrade\n", `["app"]`), status: checks.Pass},
		"where asked for":   {text: with("if [ \"$RUN_MIGRATIONS\" = true ]; then\n  flask db upgrade\nfi\nexec \"$@\"\n", `["app"]`), status: checks.Pass},
		"and asked for":     {text: with("[ -n \"$MIGRATE\" ] && flask db upgrade\nexec \"$@\"\n", `["app"]`), status: checks.Pass},
		"as a subcommand":   {text: with("case \"$1\" in\nmigrate) flask db upgrade; exit 0 ;;\n*) exec \"$@\" ;;\nesac\n", `["app"]`), status: checks.Pass},
		"chosen subcommand": {text: with("case \"$1\" in\nserve) flask db upgrade; exec app ;;\nesac\n", `["serve"]`), status: checks.Warn, finding: "entrypoint.sh:3:8: "},
		"rails":             {text: with("if [ \"${@: -2:1}\" == \"./bin/rails\" ] && [ \"${@: -1:1}\" == \"server\" ]; then\n  ./bin/rails db:prepare\nfi\nexec \"${@}\"\n", server), status: checks.Warn, finding: "entrypoint.sh:3:3: ./bin/rails db:prepare"},
		"rails, job":        {text: with("if [ \"$1\" = server ]; then\n  ./bin/rails db:prepare\nfi\nexec \"$@\"\n", `["./bin/jobs"]`), status: checks.Pass},
		"unless":            {text: with("if [ \"$1\" != server ]; then\n  ./bin/rails db:prepare\nfi\nexec \"$@\"\n", `["server"]`), status: checks.Pass},
		"shifted":           {text: with("shift\nif [ \"$1\" = server ]; then\n  ./bin/rails db:prepare\nfi\nexec \"$@\"\n", `["server"]`), status: checks.Pass},
		"set anew":          {text: with("set -- worker\nif [ \"$1\" = server ]; then\n  ./bin/rails db:prepare\nfi\nexec \"$@\"\n", `["server"]`), status: checks.Pass},
		"set options":       {text: with("set -eu\nif [ \"$1\" = server ]; then\n  ./bin/rails db:prepare\nfi\nexec \"$@\"\n", `["server"]`), status: checks.Warn, finding: "entrypoint.sh:4:3: "},
		"npm start":         {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"start\"]\n-- package.json --\n{\n  \"scripts\": {\n    \"start\": \"prisma migrate deploy && node dist/main.js\"\n  }\n}\n", status: checks.Warn, finding: "package.json:3: prisma migrate deploy"},
		"before npm start":  {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY package.json ./\nCMD npm run start:prod\n-- package.json --\n{\"scripts\": {\"start:prod\": \"node .\", \"prestart:prod\": \"knex migrate:latest\"}}\n", status: checks.Warn, finding: "package.json:1: knex migrate:latest"},
		"npm start, none":   {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"start\"]\n-- package.json --\n{\"scripts\": {\"start\": \"node .\", \"migrate\": \"knex migrate:latest\"}}\n", status: checks.Pass},
		"npm start, broken": {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"start\"]\n-- package.json --\n{\n", status: checks.Pass},
		"npm alone":         {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"run\", \"migrate\"]\n-- package.json --\n{\"scripts\": {\"migrate\": \"knex migrate:latest\"}}\n", status: checks.Pass},
		"script alone":      {text: "-- Dockerfile --\nFROM a:1\nCOPY migrate.sh /\nCMD [\"/migrate.sh\"]\n-- migrate.sh --\n#!/bin/sh\nalembic upgrade head\necho done\n", status: checks.Pass},
		"script followed":   {text: "-- Dockerfile --\nFROM a:1\nCOPY migrate.sh /\nCMD [\"sh\", \"-c\", \"/migrate.sh && exec app\"]\n-- migrate.sh --\n#!/bin/sh\nalembic upgrade head\necho done\n", status: checks.Warn, finding: "migrate.sh:2:1: alembic upgrade"},
		"script by name":    {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"./migrate.sh && exec ./server\"]\n", status: checks.Warn, finding: "2: ./migrate.sh migrates"},
		"status":            {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"python manage.py migrate --check && npm run migrate:status && exec ./server\"]\n", status: checks.Pass},
		"other words":       {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"echo migrate && ./wait-for-migrations && exec ./server migrate\"]\n", status: checks.Pass},
	})
	for command, want := range map[string]string{
		"alembic upgrade head":                                  "alembic upgrade head",
		"python manage.py migrate --noinput --database=a":       "python manage.py migrate --noinput --database=a",
		"goose postgres $DSN up":                                "sh -c 'goose postgres $DSN up'",
		"alembic -x name='a b' upgrade head":                    "alembic -x name=a b upgrade",
		"gosu app flask db upgrade -d /m":                       "flask db upgrade -d /m",
		"goose postgres postgres://app:Y29ycmVjdA@db/app up -v": "",
	} {
		res := run(t, migrationsAtStart, "FROM a:1\nCMD "+command+" && exec app\n", dockerfile.Options{})
		if len(res.Findings) != 1 {
			t.Errorf("%s: found %+v", command, res.Findings)
		} else if fix := res.Findings[0].Fix; want != "" && !strings.HasSuffix(fix, "IMAGE "+want+".") || want == "" && strings.Contains(fix, "-v") {
			t.Errorf("%s: %s, want %s", command, fix, want)
		}
	}
	for command, want := range map[string]string{
		"npx prisma migrate deploy":                      "npx prisma migrate deploy",
		"./node_modules/.bin/prisma db push":             "./node_modules/.bin/prisma db push",
		"yarn prisma migrate deploy":                     "yarn prisma migrate deploy",
		"pnpm exec prisma migrate deploy":                "pnpm exec prisma migrate deploy",
		"npx --yes knex migrate:latest --env production": "npx --yes knex migrate:latest",
		"python3 manage.py migrate --noinput":            "python3 manage.py migrate",
		"poetry run python manage.py migrate":            "poetry run python manage.py migrate",
		"uv run --no-dev alembic upgrade head":           "uv run --no-dev alembic upgrade",
		"python -m alembic upgrade head":                 "python -m alembic upgrade",
		"python -m flask --app x db upgrade":             "python -m flask --app x db upgrade",
		"bundle exec rake db:migrate":                    "bundle exec rake db:migrate",
		"bin/rails db:prepare":                           "bin/rails db:prepare",
		"ruby bin/rails db:migrate":                      "ruby bin/rails db:migrate",
		"php artisan migrate --force":                    "php artisan migrate",
		"php bin/console doctrine:migrations:migrate -n": "php bin/console doctrine:migrations:migrate",
		"flyway -url=jdbc:x migrate":                     "flyway -url=jdbc:x migrate",
		"liquibase --changelog-file c.xml update":        "liquibase --changelog-file c.xml update",
		"npx sequelize-cli db:migrate":                   "npx sequelize-cli db:migrate",
		"npx typeorm migration:run -d dist/source.js":    "npx typeorm migration:run",
		"goose -dir /migrations postgres $DSN up":        "goose -dir /migrations postgres $DSN up",
		"dbmate --wait up":                               "dbmate --wait up",
		"migrate -path /m -database $DB up":              "migrate -path /m -database $DB up",
		"npm run db:migrate":                             "npm run db:migrate",
		"yarn migrate":                                   "yarn migrate",
		"bin/app eval App.Release.migrate":               "app eval App.Release.migrate",
		"mix ecto.migrate":                               "mix ecto.migrate",
		"airflow db migrate":                             "airflow db migrate",

		"python manage.py migrate --plan": "",
		"python manage.py makemigrations": "",
		"python manage.py runserver":      "",
		"npx prisma generate":             "",
		"npx prisma migrate status":       "",
		"alembic current":                 "",
		"bin/rails db:version":            "",
		"npm run migrate:status":          "",
		"npm migrate":                     "",
		"migrate version":                 "",
		"goose status":                    "",
		"node migrate.js":                 "",
		"echo prisma migrate deploy":      "",
		"npx":                             "",
		"node":                            "",
		"./migrate down":                  "",
		"./no-migrate.sh":                 "",
	} {
		if got := migration(strings.Fields(command)); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}
