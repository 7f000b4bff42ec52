package compose

import "testing"

const twoStages = "-- Dockerfile --\nFROM node:20.1.2 AS builder\nFROM node:20.1.2 AS production\n"

func TestTarget(t *testing.T) {
	build := func(b string) string {
		return "-- compose.yaml --\nservices:\n  app:\n    build: " + b + "\n" + twoStages
	}
	judgeAll(t, target, map[string]judgement{
		"no such stage":      {build("{context: ., target: build}"), []string{"MEDIUM compose.yaml:3:33: service app builds the stage build, which Dockerfile does not have"}},
		"no such number":     {build("{context: ., target: \"2\"}"), []string{"MEDIUM compose.yaml:3:33: the stage 2"}},
		"no such context":    {build("web"), []string{"MEDIUM compose.yaml:3:12: built from the directory web"}},
		"no such Dockerfile": {build("{context: ., dockerfile: docker/Dockerfile}"), []string{"MEDIUM compose.yaml:3:37: built from docker/Dockerfile"}},
		"no Dockerfile":      {build("web") + "-- web/a --\n", []string{"MEDIUM compose.yaml:3:12: built from web, which has no Dockerfile"}},
		"in an override": {build("{context: ., target: builder}") + "-- compose.override.yaml --\nservices:\n  app:\n    build:\n      target: dev\n",
			[]string{"MEDIUM compose.override.yaml:4:15: the stage dev"}},
		"below a directory":     {"-- docker/compose.yaml --\nservices:\n  app:\n    build: {context: .., target: a}\n" + twoStages, []string{"MEDIUM docker/compose.yaml:3:34: the stage a"}},
		"default of a variable": {build("{context: ., target: \"${TARGET:-build}\"}"), []string{"MEDIUM compose.yaml:3:33: the stage build"}},
		"merged": {"-- compose.yaml --\nx-build: &build\n  context: .\n  target: dev\nservices:\n  app: {build: *build}\n  web: {build: {<<: *build, target: production}}\n" + twoStages,
			[]string{"MEDIUM compose.yaml:3:11: service app builds the stage dev"}},
		"extended": {"-- compose.yaml --\nservices:\n  app:\n    extends: {file: base/base.yaml, service: b}\n-- base/base.yaml --\nservices:\n  b:\n    build: {context: .., target: dev}\n" + twoStages,
			[]string{"MEDIUM base/base.yaml:3:34: service app builds the stage dev"}},

		"installed":                      {text: build("./vendor/laravel/sail/runtimes/8.3")},
		"a stage":                        {text: build("{context: ., target: Builder}")},
		"a number":                       {text: build("{context: ., target: 0}")},
		"no target":                      {text: build(".")},
		"variable":                       {text: build("{context: ., target: $TARGET}")},
		"inline":                         {text: build("{context: ., target: a, dockerfile_inline: \"FROM b AS a\"}")},
		"elsewhere":                      {text: build("{context: ../other, target: a}")},
		"repository":                     {text: build("\"https://github.com/a/b.git#main\"")},
		"variable context":               {text: build("${CONTEXT:-web}")},
		"other Dockerfile":               {text: build("{context: ., dockerfile: web.Dockerfile, target: x}") + "-- web.Dockerfile --\nFROM a AS x\n"},
		"no Dockerfile that can be read": {text: build("{context: ., dockerfile: web.Dockerfile, target: y}") + "-- web.Dockerfile --\nFRM a AS x\n"},
		"override alone":                 {text: "-- compose.override.yaml --\nservices:\n  app:\n    build: {target: a}\n" + twoStages},
		"reset":                          {text: build("{context: ., target: builder}") + "-- compose.override.yaml --\nservices:\n  app:\n    build: {target: !reset null}\n"},
	})
}
