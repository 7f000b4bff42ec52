package compose

import "testing"

func TestServiceHealthy(t *testing.T) {
	app := func(depends string) string {
		return "services:\n  app:\n    build: .\n    depends_on: " + depends + "\n  db:\n    image: postgres:16.4\n  mail:\n    image: example.com/mail:1.2.3\n"
	}
	judgeAll(t, serviceHealthy, map[string]judgement{
		"list":        {app("[mail, db]"), []string{"MEDIUM compose.yaml:4:24: service app starts before db (postgres:16.4) answers"}},
		"condition":   {app("{db: {condition: service_started}}"), []string{"MEDIUM compose.yaml:4:34: starts before db"}},
		"development": {"-- compose.test.yaml --\n" + app("[db]"), []string{"LOW compose.test.yaml:4:18: starts before db"}},
		"included": {"-- compose.yaml --\ninclude: [db.yaml]\nservices:\n  app:\n    build: .\n    depends_on:\n      - db\n-- db.yaml --\nservices: {db: {image: \"redis:7.4.1\"}}\n",
			[]string{"MEDIUM compose.yaml:6:9: starts before db"}},

		"healthy":             {text: app("{db: {condition: service_healthy}}")},
		"completed":           {text: app("{db: {condition: service_completed_successfully}}")},
		"another service":     {text: app("[mail]")},
		"variable":            {text: app("{db: {condition: $WAIT}}")},
		"none":                {text: app("[]")},
		"a console":           {text: "services:\n  admin: {image: adminer, depends_on: [db]}\n  db: {image: \"postgres:16.4\"}\n"},
		"in the override":     {text: "-- compose.yaml --\n" + app("[db]") + "-- compose.override.yaml --\nservices:\n  app:\n    depends_on: {db: {condition: service_healthy}}\n"},
		"base of an override": {text: "-- compose.yaml --\n" + app("{db: {condition: service_healthy}}") + "-- compose.override.yaml --\nservices:\n  app:\n    command: a\n"},
	})
}
