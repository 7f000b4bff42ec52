package compose

import "testing"

func TestRequiredVariable(t *testing.T) {
	app := func(settings string) string {
		return "-- compose.yaml --\nservices:\n  app:\n    build: .\n" + settings +
			"-- Dockerfile --\nFROM a:1.2.3 AS build\nFROM a:1.2.3\nENV PORT=3000\n# Required: DATABASE_URL, JWT_SECRET, PORT\nCMD [\"a\"]\n"
	}
	judgeAll(t, requiredVariable, map[string]judgement{
		"none": {app(""), []string{
			"MEDIUM compose.yaml:2:3: service app does not set DATABASE_URL, which line 4 of Dockerfile documents as required",
			"MEDIUM compose.yaml:2:3: JWT_SECRET",
		}},
		"one of two":  {app("    environment: [JWT_SECRET, A=b]\n"), []string{"MEDIUM compose.yaml:2:3: DATABASE_URL"}},
		"development": {"-- compose.dev.yaml --\n" + app("    environment: {JWT_SECRET: a}\n")[len("-- compose.yaml --\n"):], []string{"LOW compose.dev.yaml:2:3: DATABASE_URL"}},

		"mapping":         {text: app("    environment: {JWT_SECRET: \"$A\", DATABASE_URL: }\n")},
		"files":           {text: app("    environment: {JWT_SECRET_FILE: /run/a, DATABASE_URL_FILE: /run/b}\n")},
		"env_file":        {text: app("    env_file: .env\n")},
		"secrets":         {text: app("    secrets: [a]\n")},
		"another command": {text: app("    command: [migrate]\n")},
		"another stage":   {text: app("")[:len("-- compose.yaml --\nservices:\n  app:\n    build: ")] + "{context: ., target: build}\n" + app("")[len("-- compose.yaml --\nservices:\n  app:\n    build: .\n"):]},
		"in the override": {text: app("") + "-- compose.override.yaml --\nservices:\n  app:\n    environment: {JWT_SECRET: a, DATABASE_URL: b}\n"},
		"image":           {text: "-- compose.yaml --\nservices:\n  app:\n    image: a\n-- Dockerfile --\nFROM a\n# Required: A_B\n"},
	})
}
