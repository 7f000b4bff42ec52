package compose

import "testing"

func TestDevelopmentTarget(t *testing.T) {
	const stages = "-- Dockerfile --\nFROM node:20.1.2 AS dev\nFROM node:20.1.2 AS production\n"
	const alone = "services:\n  app:\n    build: {context: ., target: dev}\n"
	const mounts = "    volumes: [\".:/app\", /app/node_modules]\n"
	judgeAll(t, developmentTarget, map[string]judgement{
		"production builds dev": {"-- compose.prod.yaml --\n" + alone + stages, []string{"MEDIUM compose.prod.yaml:3:33: of compose.prod.yaml builds the stage dev, which is the one for development"}},
		"production inherits it": {"-- docker-compose.yml --\n" + alone + "-- docker-compose.production.yml --\nservices:\n  app:\n    restart: always\n" + stages,
			[]string{"MEDIUM docker-compose.production.yml:2:3: builds the stage dev"}},
		"the stage that is developed in": {article + "-- docker-compose.prod.yml --\nservices:\n  app:\n    restart: always\n", []string{"MEDIUM docker-compose.prod.yml:2:3: builds the stage builder, which is the one for development"}},
		"development builds production": {"-- compose.yaml --\nservices:\n  app:\n    build: .\n" + mounts + stages,
			[]string{"LOW compose.yaml:3:5: builds the stage production rather than dev"}},
		"development, by its name": {"-- compose.dev.yaml --\nservices:\n  app:\n    build: {context: ., target: production}\n" + mounts + stages,
			[]string{"LOW compose.dev.yaml:3:33: builds the stage production rather than dev"}},

		"as it should be":           {text: "-- compose.yaml --\n" + alone + mounts + "-- compose.prod.yaml --\nservices:\n  app:\n    build: {target: production}\n    volumes: !reset []\n" + stages},
		"production with no target": {text: "-- compose.prod.yaml --\nservices:\n  app:\n    build: .\n" + stages},
		"not said":                  {text: "-- compose.yaml --\nservices:\n  app:\n    build: .\n" + stages},
		"nothing mounted":           {text: "-- compose.dev.yaml --\nservices:\n  app:\n    build: .\n" + stages},
		"one stage":                 {text: "-- compose.yaml --\nservices:\n  app:\n    build: .\n" + mounts + "-- Dockerfile --\nFROM a\n"},
		"variable":                  {text: "-- compose.prod.yaml --\nservices:\n  app:\n    build: {context: ., target: $TARGET}\n" + stages},
		"the last stage after the one that is developed in": {text: article + "-- docker-compose.prod.yml --\nservices:\n  app:\n    build: {target: production}\n"},
		"stage after dev": {text: "-- compose.prod.yaml --\nservices:\n  app:\n    build: {context: ., target: production}\n-- Dockerfile --\nFROM a AS production\nFROM production AS dev\n"},
	})
}
