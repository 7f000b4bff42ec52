package compose

import "testing"

func TestImageTag(t *testing.T) {
	app := func(image string) string { return "services:\n  app:\n    image: " + image + "\n" }
	judgeAll(t, imageTag, map[string]judgement{
		"no tag":      {app("postgres"), []string{"HIGH compose.yaml:3:12: service app runs the image postgres, which has no tag, which means latest"}},
		"latest":      {app("ghcr.io/a/b:latest"), []string{"HIGH compose.yaml:3:12: has the tag latest"}},
		"port":        {app("localhost:5000/b"), []string{"HIGH compose.yaml:3:12: has no tag"}},
		"moving":      {app("\"postgres:16-alpine\""), []string{"LOW compose.yaml:3:12: postgres:16-alpine, whose tag moves"}},
		"by default":  {app("ghcr.io/a/b:${TAG:-latest}"), []string{"MEDIUM compose.yaml:3:12: where its variable is not set"}},
		"development": {"-- compose.dev.yaml --\n" + app("postgres"), []string{"MEDIUM compose.dev.yaml:3:12: has no tag"}},
		"override":    {"-- compose.yaml --\n" + app("postgres:16.4") + "-- compose.prod.yaml --\n" + app("postgres"), []string{"HIGH compose.prod.yaml:3:12: has no tag"}},
		"base once":   {"-- compose.yaml --\n" + app("postgres") + "-- compose.prod.yaml --\nservices:\n  app:\n    restart: always\n", []string{"HIGH compose.yaml:3:12: has no tag"}},

		"version":                  {text: app("postgres:16.4-alpine3.20")},
		"digest":                   {text: app("postgres@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")},
		"variable":                 {text: app("ghcr.io/a/b:$TAG")},
		"required":                 {text: app("${IMAGE:?}")},
		"built":                    {text: app("shop\n    build: .")},
		"built by another service": {text: "services:\n  app: {build: ., image: shop}\n  worker: {image: shop}\n"},
		"never pulled":             {text: app("shop\n    pull_policy: never")},
		"moving, in development":   {text: "-- compose.dev.yaml --\n" + app("postgres:16-alpine")},
		"no reference":             {text: app("\"UPPER CASE\"")},
	})
}
