package compose

import "testing"

func TestHealthcheck(t *testing.T) {
	db := func(settings string) string { return "services:\n  db:\n    image: postgres:16.4\n" + settings }
	const good = "    healthcheck: {test: [CMD, pg_isready]}\n"
	judgeAll(t, healthcheck, map[string]judgement{
		"none":          {db(""), []string{"MEDIUM compose.yaml:2:3: service db runs postgres:16.4 without a health check"}},
		"disabled":      {db("    healthcheck: {disable: true}\n"), []string{"MEDIUM compose.yaml:4:5: has its health check disabled"}},
		"NONE":          {db("    healthcheck: {test: [\"NONE\"]}\n"), []string{"MEDIUM compose.yaml:4:5: disabled"}},
		"no test":       {db("    healthcheck: {interval: 5s}\n"), []string{"MEDIUM compose.yaml:2:3: without"}},
		"several":       {"services:\n  a: {image: \"docker.io/bitnami/redis:7.4.1\"}\n  b: {image: \"confluentinc/cp-kafka:7.6.1\"}\n  c: {image: mcr.microsoft.com/mssql/server}\n", []string{"MEDIUM compose.yaml:2:3: bitnami/redis", "MEDIUM compose.yaml:3:3: cp-kafka", "MEDIUM compose.yaml:4:3: mssql/server"}},
		"development":   {"-- compose.dev.yaml --\n" + db(""), []string{"LOW compose.dev.yaml:2:3: without"}},
		"taken away":    {"-- compose.yaml --\n" + db(good) + "-- compose.prod.yaml --\nservices:\n  db:\n    healthcheck: {disable: true}\n", []string{"MEDIUM compose.prod.yaml:3:5: disabled"}},
		"default image": {"services:\n  db:\n    image: ${DB:-postgres:16.4}\n", []string{"MEDIUM compose.yaml:2:3: postgres:16.4"}},

		"list":              {text: db(good)},
		"text":              {text: db("    healthcheck: {test: pg_isready}\n")},
		"application":       {text: "services:\n  app: {image: \"example.com/app:1.2.3\"}\n  pg: {image: \"example.com/postgres-exporter:1.2.3\"}\n  server: {image: \"example.com/server:1.2.3\"}\n"},
		"built":             {text: "services:\n  db: {build: db, image: postgres}\n"},
		"variable":          {text: "services:\n  db: {image: $DB}\n"},
		"in the override":   {text: "-- compose.yaml --\n" + db("") + "-- compose.override.yaml --\nservices:\n  db:\n" + good},
		"in the base":       {text: "-- compose.yaml --\n" + db(good) + "-- compose.prod.yaml --\nservices:\n  db:\n    restart: always\n"},
		"extended":          {text: "-- compose.yaml --\nservices:\n  db:\n    extends: {file: base.yaml, service: db}\n    image: postgres:17.1\n-- base.yaml --\n" + db(good)},
		"extends elsewhere": {text: "services:\n  db:\n    extends: {file: ../base.yaml, service: db}\n    image: postgres:17.1\n"},
		"merged":            {text: "x-health: &health\n" + "  healthcheck: {test: [CMD, pg_isready]}\nservices:\n  db:\n    <<: *health\n    image: postgres:16.4\n"},
	})
}
