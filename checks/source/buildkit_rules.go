package source

import (
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// buildkitPrefix is the package part of the ids of BuildKit's rules.
const buildkitPrefix = "buildkit/"

// buildkitRule returns BuildKit's name of the rule behind a check.
func buildkitRule(id string) string { return strings.TrimPrefix(id, buildkitPrefix) }

// buildkitLeftOut are the rules of BuildKit that are no checks here, and why.
var buildkitLeftOut = map[string]string{
	linter.RuleInvalidBaseImagePlatform.Name:     "It needs the base image's platforms from its registry; the build itself reports it.",
	linter.RuleInvalidDefinitionDescription.Name: "It is experimental in BuildKit, and off by default.",
}

// BuildKitLeftOut returns the rules of BuildKit that are no checks here, and why.
func BuildKitLeftOut() map[string]string { return maps.Clone(buildkitLeftOut) }

// BuildKitRules returns BuildKit's names of the rules that are checks here, or
// that a check of our own answers.
func BuildKitRules() []string {
	names := make([]string, len(buildkitChecks))
	for i, check := range buildkitChecks {
		names[i] = buildkitRule(check.ID)
	}
	return names
}

// buildkitChecks are the rules of BuildKit's linter as checks, judged by our model
// of the Dockerfile and held equal to BuildKit's linter by hack/conformance. Title,
// reference and messages are BuildKit's; severity, advice and examples are ours.
var buildkitChecks = []Check{
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleStageNameCasing,
		severity: checks.Low,
		why:      "Stage names are compared in lower case, so that two names that look different may be one.",
		fix:      "Write the name of the stage in lower case.",
		good:     "FROM alpine:3.20 AS build\n",
		bad:      "FROM alpine:3.20 AS Build\n",
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleFromAsCasing,
		severity: checks.Low,
		why:      "Mixed casing makes the keywords of the line harder to see.",
		fix:      "Write FROM and AS in the same case.",
		good:     "FROM alpine:3.20 AS build\n",
		bad:      "FROM alpine:3.20 as build\n",
	}),
	fromBuildKit(buildkitText[func() string]{
		rule:     linter.RuleNoEmptyContinuation,
		severity: checks.Medium,
		why:      "An empty line behind a continuation is dropped today, and will be an error in a later version of BuildKit.",
		fix:      "Remove the empty line, or write a comment there.",
		good:     "FROM alpine:3.20\nRUN apk update && \\\n    apk upgrade\n",
		bad:      "FROM alpine:3.20\nRUN apk update && \\\n\n    apk upgrade\n",
		refine:   atEmptyLine,
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleConsistentInstructionCasing,
		severity: checks.Low,
		why:      "Keywords in different cases make a Dockerfile harder to read.",
		fix:      "Write all keywords in upper case.",
		good:     "FROM alpine:3.20\nRUN apk upgrade\nWORKDIR /app\n",
		bad:      "FROM alpine:3.20\nRUN apk upgrade\nworkdir /app\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleDuplicateStageName,
		aliases:  []string{"DL3024", "DS-0012", "CKV_DOCKER_11"},
		severity: checks.Medium,
		why:      "Where two stages share a name, COPY --from and --target take the last one, whichever was meant.",
		fix:      "Give each stage a name of its own.",
		good:     "FROM alpine:3.20 AS build\nFROM alpine:3.20 AS test\n",
		bad:      "FROM alpine:3.20 AS build\nFROM alpine:3.20 AS build\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleReservedStageName,
		aliases:  []string{"DL3063"},
		severity: checks.Medium,
		why:      "The names scratch and context mean the empty image and the build context; a stage of that name hides them or is hidden.",
		fix:      "Give the stage another name.",
		good:     "FROM alpine:3.20 AS build\n",
		bad:      "FROM alpine:3.20 AS context\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleJSONArgsRecommended,
		severity: checks.Medium,
		why:      "In shell form a shell is the main process, and does not pass the stop signal on.",
		fix:      `Write the command as a JSON array, as in CMD ["node", "dist/main.js"].`,
		good:     "FROM alpine:3.20\nCMD [\"app\", \"--serve\"]\n",
		bad:      "FROM alpine:3.20\nCMD app --serve\n",
	}),
	fromBuildKit(buildkitText[func() string]{
		rule:     linter.RuleMaintainerDeprecated,
		aliases:  []string{"DL4000", "DS-0022", "CKV_DOCKER_6"},
		severity: checks.Low,
		why:      "MAINTAINER is deprecated, and tools that read labels do not see it.",
		fix:      `Write LABEL org.opencontainers.image.authors="team@example.com".`,
		good:     "FROM alpine:3.20\nLABEL org.opencontainers.image.authors=\"team@example.com\"\n",
		bad:      "FROM alpine:3.20\nMAINTAINER team@example.com\n",
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleUndefinedArgInFrom,
		severity: checks.Medium,
		why:      "An ARG that is not declared before the first FROM is empty there, so that another image is taken than the one that was meant.",
		fix:      "Declare the ARG before the first FROM, with a default.",
		good:     "ARG VARIANT=-alpine3.20\nFROM node:22${VARIANT}\n",
		bad:      "FROM node:22${VARIANT}\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleWorkdirRelativePath,
		aliases:  []string{"DL3000", "DS-0009", "CKV_DOCKER_10"},
		differs:  "DL3000, DS-0009 and CKV_DOCKER_10 report every relative WORKDIR; one that an absolute WORKDIR of the same stage comes before is none here.",
		severity: checks.Medium,
		why:      "A relative WORKDIR depends on that of the base image, which may change with its next version.",
		fix:      "Write the first WORKDIR of a stage as an absolute path, as in WORKDIR /app.",
		good:     "FROM alpine:3.20\nWORKDIR /app\n",
		bad:      "FROM alpine:3.20\nWORKDIR app\n",
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleUndefinedVar,
		severity: checks.Medium,
		why:      "A variable that is not defined is empty: the instruction does something else than it says.",
		fix:      "Define the variable with ARG or ENV before its use, or correct its name.",
		good:     "FROM alpine:3.20\nARG VERSION=1\nCOPY app-$VERSION /app\n",
		bad:      "FROM alpine:3.20\nARG VERSION=1\nCOPY app-$VERSIN /app\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleMultipleInstructionsDisallowed,
		aliases:  []string{"DL4003", "DL4004", "DL3012", "DS-0007", "DS-0016", "DS-0023"},
		severity: checks.Medium,
		why:      "Of several CMD, ENTRYPOINT or HEALTHCHECK in a stage only the last one counts; the others mislead.",
		fix:      "Remove all but the last one.",
		good:     "FROM alpine:3.20\nCMD [\"app\"]\n",
		bad:      "FROM alpine:3.20\nCMD [\"app\"]\nCMD [\"app\", \"--serve\"]\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleLegacyKeyValueFormat,
		severity: checks.Low,
		why:      "The form with a space takes the rest of the line as the value of one variable, which is easy to miss.",
		fix:      "Write ENV name=value.",
		good:     "FROM alpine:3.20\nENV PORT=3000\n",
		bad:      "FROM alpine:3.20\nENV PORT 3000\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleRedundantTargetPlatform,
		aliases:  []string{"DL3065"},
		severity: checks.Low,
		why:      "The target platform is the default; saying it hides the stages where the platform matters.",
		fix:      "Remove --platform=$TARGETPLATFORM.",
		good:     "FROM alpine:3.20\n",
		bad:      "FROM --platform=$TARGETPLATFORM alpine:3.20\n",
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleSecretsUsedInArgOrEnv,
		severity: checks.Medium,
		why:      "ARG and ENV are kept in the image's history and configuration, for everybody who can pull it.",
		fix:      "Use RUN --mount=type=secret at build time, and a secret of the orchestrator at run time.",
		good:     "FROM alpine:3.20\nRUN --mount=type=secret,id=token,env=TOKEN fetch\n",
		bad:      "FROM alpine:3.20\nARG TOKEN\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleInvalidDefaultArgInFrom,
		severity: checks.Medium,
		why:      "Without the build argument the name of the base image is empty or invalid, and the build fails for everybody who does not know it.",
		fix:      "Give the ARG a default, as in ARG TAG=3.20.",
		good:     "ARG TAG=3.20\nFROM alpine:${TAG}\n",
		bad:      "ARG TAG\nFROM alpine:${TAG}\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleFromPlatformFlagConstDisallowed,
		aliases:  []string{"DL3029"},
		differs:  "DL3029 reports every --platform but $BUILDPLATFORM and $TARGETPLATFORM; one that an ARG sets, and one that the name of the stage says, as in AS build-amd64, are none here.",
		severity: checks.Medium,
		why:      "A fixed platform makes the image wrong on every other one, and a build for several platforms useless.",
		fix:      "Remove --platform, or use $BUILDPLATFORM for a stage that compiles for another platform.",
		good:     "FROM --platform=$BUILDPLATFORM alpine:3.20 AS build\nFROM alpine:3.20\n",
		bad:      "FROM --platform=linux/amd64 alpine:3.20\n",
	}),
	fromBuildKit(buildkitText[func(string, string) string]{
		rule:     linter.RuleCopyIgnoredFile,
		severity: checks.Medium,
		why:      "A file that the ignore file leaves out is not in the build context, so that the build fails or copies nothing.",
		fix:      "Remove the pattern from the ignore file, or do not copy the file.",
		refine:   withoutSecret,
		good:     "-- Dockerfile --\nFROM scratch\nCOPY config/app.yaml /\n-- .dockerignore --\ntmp\n",
		bad:      "-- Dockerfile --\nFROM scratch\nCOPY tmp/app.yaml /\n-- .dockerignore --\ntmp\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleExposeProtoCasing,
		severity: checks.Low,
		why:      "Not every tool that reads the image's ports compares the protocol without regard to case.",
		fix:      "Write the protocol in lower case, as in EXPOSE 80/tcp.",
		good:     "FROM alpine:3.20\nEXPOSE 80/tcp\n",
		bad:      "FROM alpine:3.20\nEXPOSE 80/TCP\n",
	}),
	fromBuildKit(buildkitText[func(string) string]{
		rule:     linter.RuleExposeInvalidFormat,
		severity: checks.Medium,
		why:      "EXPOSE names ports of the container; addresses and ports of the host are ignored there, and will be an error in a later version of BuildKit.",
		fix:      "Write the container's port alone, as in EXPOSE 80.",
		good:     "FROM alpine:3.20\nEXPOSE 80\n",
		bad:      "FROM alpine:3.20\nEXPOSE 127.0.0.1:80:80\n",
	}),
}

// buildkitText is a rule of BuildKit, and what its linter does not say about it.
type buildkitText[F any] struct {
	rule linter.LinterRule[F]
	// aliases are the names that tools other than BuildKit give to the rule.
	aliases  []string
	differs  string
	severity checks.Severity
	// refine makes a finding more precise than BuildKit's.
	refine    func(*dockerfile.Source, checks.Finding) checks.Finding
	why, fix  string
	good, bad string
}

// fromBuildKit makes a check of a rule: it reports what Source.Lint found of it.
func fromBuildKit[F any](t buildkitText[F]) Check {
	name := t.rule.Name
	return Check{
		Rule: checks.Rule{
			ID:        buildkitPrefix + name,
			Title:     t.rule.Description,
			Severity:  t.severity,
			Why:       t.why,
			Fix:       t.fix,
			Reference: t.rule.URL,
			Aliases:   append([]string{name}, t.aliases...),
			Differs:   t.differs,
		},
		Good: t.good,
		Bad:  t.bad,
		Judge: func(s *dockerfile.Source) checks.Outcome {
			lint := s.Lint()
			found := lint.Findings[name]
			if t.refine != nil {
				found = nil
				for _, f := range lint.Findings[name] {
					found = append(found, t.refine(s, f))
				}
			}
			if lint.Err != nil {
				return checks.Broken(lint.Err)
			}
			return checks.Found(found...)
		},
	}
}

// atEmptyLine moves a finding from the end of an instruction to the empty line in it.
func atEmptyLine(s *dockerfile.Source, f checks.Finding) checks.Finding {
	for _, stage := range s.Stages {
		for _, in := range append([]*dockerfile.Instruction{stage.From}, stage.Instructions...) {
			if in.Trigger || f.Location.Line < in.Location.Line || f.Location.Line > in.Location.EndLine {
				continue
			}
			if at := slices.IndexFunc(in.Text(), func(line string) bool { return strings.TrimSpace(line) == "" }); at >= 0 {
				f.Location = checks.Location{Path: f.Location.Path, Line: in.Location.Line + at, EndLine: in.Location.Line + at}
				return f
			}
		}
	}
	return f
}

// withoutSecret says how to have a file that is ignored without copying it, where
// it holds secrets: then the ignore file is right.
func withoutSecret(s *dockerfile.Source, f checks.Finding) checks.Finding {
	if fix := secretFileFix(s, f.Subject); fix != "" {
		f.Fix = "Do not copy it: " + fix
	}
	return f
}
