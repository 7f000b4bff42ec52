package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestStageReference(t *testing.T) {
	copies := func(stage, from string) string {
		return "FROM a:1 AS " + stage + "\nFROM scratch\nCOPY --from=" + from + " /x /x\n"
	}
	tests := map[string]judgement{
		"message":          {text: copies("builder", "biulder"), status: checks.Fail, finding: "3: no stage is named biulder, so that it means an image of Docker Hub; line 1 has the stage builder"},
		"FROM":             {text: "FROM a:1 AS builder\nFROM bulider\n", status: checks.Fail, finding: "2: bulider"},
		"FROM in capitals": {text: "FROM a:1 AS builder\nFROM Builder\n", status: checks.Fail, finding: "2: no stage is named Builder"}, // FROM compares with regard to case
		"mount":            {text: "FROM a:1 AS builder\nFROM a:1\nRUN --mount=from=build,target=/x true\n", status: checks.Fail, finding: "3: build"},
		"stage not used":   {text: copies("builder", "build") + "FROM scratch\n", status: checks.Fail, finding: "3: build"},
		"stage later":      {text: "FROM scratch\nCOPY --from=build /x /x\nFROM a:1 AS builder\n", status: checks.Pass},
		"own stage":        {text: "FROM scratch AS builder\nCOPY --from=build /x /x\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1 AS builder\nFROM scratch\nARG FROM\nCOPY --from=$FROM /x /x\n", status: checks.Pass},
		"no names":         {text: "FROM a:1\nFROM scratch\nCOPY --from=0 /x /x\n", status: checks.Pass},
	}
	for from, stage := range map[string]string{
		"build": "builder", "builder": "build", "bulider": "builder", "buidler": "builder", "bilder": "builder", "builders": "builder",
		"build-deps": "build_deps", "builddeps": "build-deps", "Biulder": "Builder", "deps": "depss", "runtine": "runtime", "xuilder": "builder",
	} {
		tests["slip: "+from] = judgement{text: copies(stage, from), status: checks.Fail, finding: "3: " + from}
	}
	for from, stage := range map[string]string{
		"builder": "builder", "BUILDER": "builder", "node": "code", "node:20": "nodes", "nginx": "nginx-conf", "composer": "composer2", "golang": "build",
		"x/builder": "build", "build@sha256:a": "builder", "dev": "deps", "alpine": "alpine-base", "busybox": "box",
	} {
		tests["no slip: "+from] = judgement{text: copies(stage, from), status: checks.Pass}
	}
	judgeAll(t, stageReference, tests)

	if res := run(t, baseTag, copies("builder", "build"), dockerfile.Options{}); res.Status != checks.Pass {
		t.Errorf("the slip is reported by source/base-tag, too: %+v", res.Findings)
	}
}
