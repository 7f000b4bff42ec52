package source

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var envSelfReference = Check{
	Rule: checks.Rule{
		ID:        "source/env-self-reference",
		Title:     "ENV does not use a variable that the same instruction sets",
		Severity:  checks.Medium,
		Why:       "All values of one ENV are computed with the variables from before it: one that refers to another of them gets that one's old value, or nothing.",
		Fix:       "Set the variable in an ENV instruction of its own, before the one that uses it.",
		Reference: "https://docs.docker.com/reference/dockerfile/#environment-replacement",
		Aliases:   []string{"DL3044"},
		Differs:   "DL3044 passes every variable that has been declared before. Here its old value must be the new one, as in ARG VERSION, then ENV VERSION=$VERSION URL=https://example.com/$VERSION.",
	},
	Good: `
FROM debian:12.8
ENV JAVA_HOME=/opt/java
ENV PATH=$JAVA_HOME/bin:$PATH
`,
	Bad: `
FROM debian:12.8
ENV JAVA_HOME=/opt/java \
    PATH=$JAVA_HOME/bin:$PATH
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				if env, ok := in.Command.(*instructions.EnvCommand); ok && len(env.Env) > 1 {
					findings = append(findings, judgeEnvReferences(in, env.Env)...)
				}
			}
		}
		return checks.Found(findings...)
	},
}

func judgeEnvReferences(in *dockerfile.Instruction, pairs instructions.KeyValuePairs) []checks.Finding {
	var findings []checks.Finding
	set := make(map[string]string, len(pairs))
	for _, kv := range pairs {
		set[kv.Key] = kv.Value
	}
	for _, kv := range pairs {
		if !strings.Contains(kv.Value, "$") {
			continue
		}
		for _, name := range references(kv.Value) {
			value, ok := set[name]
			if !ok || name == kv.Key || !in.Refers(kv.Value, name) {
				continue
			}
			delete(set, name) // once for each variable
			old := oldVariable(in, name, value)
			if old == "" {
				continue
			}
			f := checks.At(in.Find(kv.Key), "%s uses %s, which the same ENV sets: it gets %s", kv.Key, name, old)
			f.Subject = kv.Key
			f.Fix = "Write ENV " + name + "=… as an instruction of its own, before this one."
			findings = append(findings, f)
		}
	}
	return findings
}

// oldVariable says what a variable is before the ENV that sets it to value; empty
// if that is the same, or may be.
func oldVariable(in *dockerfile.Instruction, name, value string) string {
	if plain := strings.Trim(value, `"`); plain == "$"+name || plain == "${"+name+"}" {
		return ""
	}
	if _, ok := in.Variable(name); !ok {
		return "what the base image has for " + name + ", or nothing"
	}
	before, after := in.Expand("${"+name+"}"), in.Expand(value)
	if !before.Known || !after.Known || before.Text == after.Text {
		return ""
	}
	return "the value from before it"
}
