package source

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var secret = Check{
	Rule: checks.Rule{
		ID:        "source/secret",
		Title:     "No secret in ENV, ARG or LABEL",
		Severity:  checks.High,
		Why:       "ENV and LABEL are part of the image, and build arguments are kept in its history: everybody who can pull the image can read them.",
		Fix:       "At build time use RUN --mount=type=secret,id=name; at run time let the orchestrator set the variable or mount a file. Replace a secret that has been published.",
		Reference: "https://docs.docker.com/build/building/secrets/",
		Aliases:   []string{"SecretsUsedInArgOrEnv", "DS-0031", "CIS-DI-0010", "DL3064", "CIS-4.10"},
	},
	Good: `
FROM node:20-alpine
ENV JWT_SECRET_FILE=/run/secrets/jwt TOKEN_TTL=3600
RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
`,
	Bad: `
FROM node:20-alpine
ARG NPM_TOKEN
ENV DATABASE_PASSWORD=correct-horse
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		j := secretJudge{source: s, args: map[string]bool{}}
		for _, in := range s.GlobalArgs {
			j.judge(in)
		}
		for _, stage := range s.Stages {
			for _, in := range stage.Instructions {
				if !in.Trigger {
					j.judge(in)
				}
			}
		}
		return checks.Found(j.findings...)
	},
}

type secretJudge struct {
	source   *dockerfile.Source
	args     map[string]bool // names of the ARGs that are reported
	findings []checks.Finding
}

func (j *secretJudge) judge(in *dockerfile.Instruction) {
	switch cmd := in.Command.(type) {
	case *instructions.ArgCommand:
		for _, arg := range cmd.Args {
			j.arg(in, arg.Key, arg.Value)
		}
	case *instructions.EnvCommand:
		for _, kv := range cmd.Env {
			j.variable(in, kv.Key, kv.Value, SecretIn)
		}
	case *instructions.LabelCommand:
		for _, kv := range cmd.Labels {
			j.variable(in, kv.Key, kv.Value, SecretInLabel)
		}
	}
}

// arg judges an ARG. A name is enough: what the build passes is kept in the
// history. An ARG that is declared again is reported once.
func (j *secretJudge) arg(in *dockerfile.Instruction, name string, value *string) {
	if j.args[name] {
		return
	}
	def := dockerfile.Value{Known: true}
	if value != nil {
		def = in.Expand(*value)
	}
	if kind := secretKind(def.Text); kind != "" {
		j.args[name] = true
		j.report(in, name, "holds "+kind)
		return
	}
	switch {
	case secretName(name) && (def.Text == "" || !harmless(def.Text)):
		j.args[name] = true
		f := j.report(in, name, "takes a secret, going by its name: it is kept in the image's history")
		f.Fix = j.mount(name)
	case suspiciousName(name) && looksRandom(def.Text):
		j.args[name] = true
		j.report(in, name, "holds what looks like a secret").Severity = checks.Medium
	}
}

// mount says how to give a build argument as a secret: to the RUN that uses it.
func (j *secretJudge) mount(name string) string {
	id := strings.ToLower(name)
	mount := "--mount=type=secret,id=" + id + ",env=" + name
	how := "Remove the ARG, write RUN " + mount + " in front of the command that needs it"
	for _, stage := range j.source.Stages {
		for _, in := range stage.Instructions {
			if in.Keyword == "RUN" && !in.Trigger && j.refersTo(in, name) {
				how = fmt.Sprintf("Remove the ARG, write %s behind RUN in line %d", mount, in.Location.Line)
				return how + ", and build with --secret id=" + id + ",env=" + name + ". Replace a secret that has been published."
			}
		}
	}
	return how + ", and build with --secret id=" + id + ",env=" + name + ". Replace a secret that has been published."
}

// refersTo reports whether the text of an instruction refers to a variable.
func (j *secretJudge) refersTo(in *dockerfile.Instruction, name string) bool {
	for _, line := range j.source.Lines[in.Location.Line-1 : in.Location.EndLine] {
		if strings.Contains(line, "$") && slices.Contains(references(line), name) {
			return true
		}
	}
	return false
}

// variable judges one variable of an ENV, or one LABEL.
func (j *secretJudge) variable(in *dockerfile.Instruction, name, value string, secretIn func(name, value string) (Secret, bool)) {
	name = strings.Trim(name, `"'`)
	if refs := references(value); len(refs) > 0 && !slices.ContainsFunc(refs, func(ref string) bool { return !j.args[ref] }) {
		return // the ARGs are reported
	}
	v := in.Expand(value)
	text := v.Text
	if !v.Known {
		// A URL may hold a password beside a variable.
		if kind := secretKind(value); kind != "" {
			j.report(in, name, "holds "+kind)
			return
		}
		text = literalDefault(value)
	}
	if found, ok := secretIn(name, text); ok {
		j.report(in, name, found.Fault).Severity = found.Severity
	}
}

// report returns the finding that it adds, until the next one is added.
func (j *secretJudge) report(in *dockerfile.Instruction, name, fault string) *checks.Finding {
	f := checks.At(in.Find(name), "%s %s %s (value not shown)", in.Keyword, name, fault)
	f.Subject = name
	j.findings = append(j.findings, f)
	return &j.findings[len(j.findings)-1]
}

var variableReference = compiled(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// references returns the names of the variables that a value refers to.
func references(value string) []string {
	var names []string
	for _, m := range variableReference().FindAllStringSubmatch(value, -1) {
		names = append(names, m[1])
	}
	return names
}

var variableDefault = compiled(`\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^$}]+)\}`)

// literalDefault returns what a value with an unknown variable is without it, as
// in ${PASSWORD:-changeme}; empty if it gives no default.
func literalDefault(value string) string {
	if m := variableDefault().FindStringSubmatch(value); m != nil {
		return m[1]
	}
	return ""
}

// secretWords are the words of a name that mean a secret, and those that do so
// before KEY.
var (
	secretWords = []string{
		"PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PASSCODE", "PWORD", "SECRET", "SECRETS", "TOKEN", "TOKENS",
		"CREDENTIAL", "CREDENTIALS", "CREDS", "APIKEY", "APITOKEN", "AUTHTOKEN", "PRIVATEKEY", "SECRETKEY", "ACCESSKEY",
		"DBPASSWORD", "DBPASS", "PGPASSWORD",
	}
	secretKeys = []string{
		"API", "PRIVATE", "SECRET", "ACCESS", "AUTH", "ENCRYPTION", "ENCRYPT", "SIGNING", "SIGN", "MASTER", "DEPLOY",
		"SSH", "RSA", "AES", "HMAC", "JWT", "SESSION", "APP", "ACCOUNT", "SERVICE", "LICENSE", "COOKIE", "STORAGE",
	}
)

// What takes the meaning of a secret away from a name: words anywhere in it,
// before the secret's word, and behind it.
var (
	harmlessWords  = []string{"PUBLIC", "PUBLISHABLE", "PLACEHOLDER", "FAKE", "DUMMY"}
	harmlessBefore = []string{
		"ALLOW", "DISABLE", "ENABLE", "REQUIRE", "USE", "SKIP", "NO", "MAX", "MIN", "NUM", "HAS", "IS", "WITHOUT", "RANDOM",
		"PAD", "EOS", "BOS", "UNK", "MASK", "SEP", "CLS", "CSRF",
	}
	harmlessBehind = []string{
		"FILE", "FILES", "PATH", "PATHS", "DIR", "DIRS", "FOLDER", "LOCATION", "URL", "URI", "HOST", "PORT", "ENDPOINT",
		"ADDR", "ADDRESS", "SERVER", "SERVICE", "STORE", "PROVIDER", "MANAGER", "BACKEND", "ISSUER", "AUDIENCE", "SCOPE",
		"TTL", "EXPIRY", "EXPIRES", "EXPIRE", "EXPIRATION", "LIFETIME", "DURATION", "TIMEOUT", "INTERVAL", "ROTATION",
		"DAYS", "HOURS", "MINUTES", "SECONDS", "LENGTH", "LEN", "SIZE", "MIN", "MAX", "LIMIT", "COUNT", "PER", "WINDOW", "BUCKET",
		"NAME", "TYPE", "KIND", "HEADER", "FIELD", "PARAM", "PREFIX", "SUFFIX", "FORMAT", "PATTERN", "REGEX", "ENCODING",
		"ALGORITHM", "ALG", "ALGO", "POLICY", "STRENGTH", "RESET", "HINT", "PROMPT", "MODE", "ENV", "VAR", "ARN", "REF",
		"ENABLED", "DISABLED", "REQUIRED", "OPTIONAL", "VERSION", "REGION", "HELPER", "CHECK", "CHARS", "MESSAGE",
		"HASHER", "HASHERS", "ENCRYPTION", "TEMPLATE", "TEMPLATES", "ROUTE", "ROUTES", "EMAIL", "CACHE", "SIGNING", "CHARACTERS", "ALPHABET", "PAGE", "VIEW", "FORM",
	}
)

// secretName reports whether a variable of this name holds a secret.
func secretName(name string) bool {
	words := nameWords(name)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(harmlessWords, w) }) {
		return false
	}
	for i, word := range words {
		from, to := i, i+1 // the words that mean the secret
		switch {
		case slices.Contains(secretWords, word):
		case word == "KEY" && i > 0 && slices.Contains(secretKeys, words[i-1]):
			from = i - 1
		case (word == "PASS" || word == "PWD" || word == "PW") && i > 0 && i == len(words)-1 && words[i-1] != "OLD":
		default:
			continue
		}
		harmless := slices.ContainsFunc(words[:from], func(w string) bool { return slices.Contains(harmlessBefore, w) }) ||
			slices.ContainsFunc(words[to:], func(w string) bool { return slices.Contains(harmlessBehind, w) }) ||
			to < len(words) && words[to] == "ID" && word != "SECRET" && word != "KEY"
		if !harmless {
			return true
		}
	}
	return false
}

// nameWords splits a name as in DB_PASSWORD, dbPassword or com.example.password
// into words in upper case.
func nameWords(name string) []string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			b.WriteByte(' ')
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
		last = r
	}
	return strings.Fields(b.String())
}
