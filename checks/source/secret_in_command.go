package source

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var secretInCommand = Check{
	Rule: checks.Rule{
		ID:        "source/secret-in-command",
		Title:     "No secret is written in a command",
		Severity:  checks.High,
		Why:       "The text of every RUN, CMD, ENTRYPOINT and HEALTHCHECK is kept in the image's history or configuration: everybody who can pull the image can read the secrets in it, even if the command deletes what it wrote.",
		Fix:       "Write RUN --mount=type=secret,id=token,env=TOKEN and $TOKEN instead of the secret, build with --secret id=token,env=TOKEN, and replace the secret: it is known.",
		Reference: "https://docs.docker.com/build/building/secrets/",
	},
	Good: `
FROM node:20-alpine
RUN --mount=type=secret,id=token,env=TOKEN \
    wget --header "Authorization: Bearer $TOKEN" https://example.com/model.bin
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
`,
	Bad: `
FROM node:20-alpine
RUN wget --header "Authorization: Bearer Q29ycmVjdCBob3JzZQ" https://example.com/model.bin
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Stages {
			for _, in := range stage.Instructions {
				if in.Trigger {
					continue
				}
				switch in.Keyword {
				case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "COPY", "ADD", "ONBUILD":
					j := commandJudge{source: s, in: in}
					j.text()
					j.calls()
					j.assignments()
					findings = append(findings, j.findings...)
				}
			}
		}
		return checks.Found(findings...)
	},
}

// commandJudge judges one instruction.
type commandJudge struct {
	source   *dockerfile.Source
	in       *dockerfile.Instruction
	findings []checks.Finding
}

// secretText is how a secret stands in a text: the last group of the pattern is
// the secret.
type secretText struct {
	what, fix string
	hints     []string // in lower case
	pattern   func() *regexp.Regexp
}

const (
	headerFix = "Write RUN --mount=type=secret,id=token,env=TOKEN and $TOKEN in the header, and replace the secret: it is known"
	npmFix    = "Write RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci, and replace the token: it is known"
	netrcFix  = "Write RUN --mount=type=secret,id=netrc,target=/root/.netrc in front of the command that needs it, and replace the password: it is known"
	awsFix    = "Write RUN --mount=type=secret,id=aws,target=/root/.aws/credentials in front of the command that needs it, and replace the key: it is known"
	gitFix    = "Write RUN --mount=type=ssh git clone git@…, or --mount=type=secret,id=git_token,env=GIT_TOKEN and $GIT_TOKEN in the URL, and replace the secret: it is known"
	loginFix  = "Create the account without a password, or with a hash from RUN --mount=type=secret; let people log in by key, if at all"
	startFix  = "Read it at run time from a variable or a file that the orchestrator provides, and replace the secret: it is known"
)

var secretTexts = []secretText{
	{"an Authorization header", headerFix, []string{"authorization"},
		compiled(`(?i)\bauthorization\s*:\s*(?:(?:bearer|basic|token)\s+)?([^\s"'\\]+)`)},
	{"a header with a token", headerFix, []string{"token:", "token :", "-key:", "-key :", "art-api:"},
		compiled(`(?i)["'\s](?:private-token|job-token|deploy-token|x-[a-z-]*token|x-[a-z-]*key|x-jfrog-art-api|api-key|apikey)\s*:\s*([^\s"'\\]+)`)},
	{"the password of a .netrc", netrcFix, []string{"machine"},
		compiled(`\bmachine(?:\s|\\n)+\S+?(?:\s|\\n)+login(?:\s|\\n)+\S+?(?:\s|\\n)+password(?:\s|\\n)+([^\s"'\\]+)`)},
	{"a token for the npm registry", npmFix, []string{"_authtoken", "_password", ":_auth"},
		compiled(`(?:_authToken|:_password|:_auth)["']?\s*[= ]\s*["']?([^\s"'\\]+)`)},
	{"an AWS secret key", awsFix, []string{"aws_secret_access_key"},
		compiled(`(?i)\baws_secret_access_key["']?\s*[= ]\s*["']?([^\s"'\\;&]+)`)},
}

// text judges the lines of the instruction as they stand, heredocs included.
func (j *commandJudge) text() {
	for n := j.in.Location.Line; n <= j.in.Location.EndLine && n <= len(j.source.Lines); n++ {
		line := j.source.Lines[n-1]
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, f := range secretFormats {
			if found := f.in(line); found != "" && !harmlessFormat(found) {
				fix := ""
				if strings.Contains(found, "://") && strings.Contains(line, "git") {
					fix = gitFix
				}
				j.report(n, strings.Index(line, found), len(found), "holds "+f.kind, fix)
			}
		}
		lower := strings.ToLower(line)
		for _, t := range secretTexts {
			if !slices.ContainsFunc(t.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
				continue
			}
			if at := t.pattern().FindStringSubmatchIndex(line); at != nil {
				from, to := at[len(at)-2], at[len(at)-1]
				if value := line[from:to]; len(value) >= 6 && literal(value) && !placeholder(value) && !isReference(line, from) {
					j.report(n, from, to-from, "holds "+t.what, t.fix)
				}
			}
		}
	}
}

// calls judges the words of the programs that the instruction calls, but those that
// source/account-password reports.
func (j *commandJudge) calls() {
	calls := j.in.Calls
	if j.in.Keyword == "RUN" && slices.Contains(j.source.Final.Chain(), j.in.Stage) {
		calls = slices.DeleteFunc(slices.Clone(calls), func(call dockerfile.Call) bool { return passwordFault(call) != "" })
	}
	callJudge{j.found}.judge(calls)
}

// isReference reports whether what stands at from in a line is the rest of a
// variable or a template, as in "\${TOKEN}" and "env:TOKEN".
func isReference(line string, from int) bool {
	before := strings.TrimRight(line[:from], `\{"'( `)
	return strings.HasSuffix(before, "$") || strings.HasPrefix(line[from:], "env:") || strings.HasPrefix(line[from:], "process.env")
}

// harmlessFormat reports whether a value has the form of a secret and is none: a
// placeholder, or the password of a service on the same machine.
func harmlessFormat(found string) bool {
	lower := strings.ToLower(found)
	if strings.Contains(lower, "xxxx") || strings.Contains(lower, "example") {
		return true
	}
	_, account, isURL := strings.Cut(found, "://")
	if !isURL {
		return false
	}
	_, password, _ := strings.Cut(strings.TrimSuffix(account, "@"), ":")
	return strings.ContainsAny(password, "%*{}") || password == "x-oauth-basic" || standIn(password)
}

// passwordOption are the options of a program whose value is a secret. The value
// may stand right behind them where joined is set, as in -psecret; where pair is
// set, the secret is behind the colon of user:password.
type passwordOption struct {
	options      []string
	pair, joined bool
	// onlyJoined is where the option alone asks for the password.
	onlyJoined bool
	// scheme is what comes before the colon of a pair.
	scheme string
	// needs is a word without which the option means something else.
	needs string
}

var passwordOptions = map[string]passwordOption{
	"curl":          {options: []string{"-u", "--user", "-U", "--proxy-user"}, pair: true, joined: true},
	"mysql":         {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mysqladmin":    {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mysqldump":     {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mysqlimport":   {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mariadb":       {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mariadb-admin": {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mariadb-dump":  {options: []string{"-p"}, joined: true, onlyJoined: true},
	"mongo":         {options: []string{"-p"}},
	"mongosh":       {options: []string{"-p"}},
	"sshpass":       {options: []string{"-p"}, joined: true},
	"redis-cli":     {options: []string{"-a"}},
	"docker":        {options: []string{"-p"}, needs: "login"},
	"podman":        {options: []string{"-p"}, needs: "login"},
	"buildah":       {options: []string{"-p"}, needs: "login"},
	"crane":         {options: []string{"-p"}, needs: "login"},
	"helm":          {options: []string{"-p"}, needs: "login"},
	"az":            {options: []string{"-p"}, needs: "login"},
	"skopeo":        {options: []string{"--creds", "--src-creds", "--dest-creds"}, pair: true},
	"twine":         {options: []string{"-p"}, needs: "upload"},
	"ldapsearch":    {options: []string{"-w"}},
	"openssl":       {options: []string{"-passin", "-passout", "-pass"}, pair: true, scheme: "pass"},
	"keytool":       {options: []string{"-storepass", "-keypass"}},
	"redis-server":  {options: []string{"--requirepass"}},
	"useradd":       {options: []string{"-p"}},
	"usermod":       {options: []string{"-p"}},
}

// longOptions are the options whose value is a secret with any program.
var longOptions = []string{
	"--password", "--passwd", "--pass", "--passphrase", "--token", "--auth-token", "--access-token", "--api-key", "--apikey",
	"--api-token", "--secret-key", "--secret-access-key", "--client-secret", "--requirepass", "--db-password", "--root-password",
	"--admin-password", "--http-password", "--ftp-password", "--proxy-password", "--registry-password", "--github-token",
}

// settings are the keys of a program's settings whose next words hold a secret:
// composer config http-basic.example.com user password.
var settings = map[string][]string{
	"composer": {"http-basic.", "github-oauth.", "gitlab-token.", "gitlab-oauth.", "bearer.", "bitbucket-oauth."},
	"poetry":   {"http-basic.", "pypi-token."},
	"yarn":     {"npmAuthToken", "npmAuthIdent"},
}

// readers are programs whose operands are patterns and text of others.
var readers = []string{"grep", "egrep", "fgrep", "rg", "sed", "awk", "gawk", "perl", "jq", "yq", "tr", "cut", "test", "["}

// callJudge judges the words of the programs that are called.
type callJudge struct {
	// found is called for each secret, with what says it, how to mend it if there is
	// a way of its own, and the place of the call.
	found func(value, fault, fix string, where checks.Location)
}

// judge judges the words of some calls.
func (j callJudge) judge(calls []dockerfile.Call) {
	for _, call := range calls {
		program := call.Program()
		if program == "chpasswd" {
			j.accounts(call)
			continue
		}
		if slices.Contains(readers, program) {
			continue
		}
		args := call.Words[1:]
		options := passwordOptions[program]
		if options.needs != "" && !slices.Contains(args, options.needs) {
			options = passwordOption{}
		}
		for i, arg := range args {
			next := ""
			if i+1 < len(args) {
				next = args[i+1]
			}
			j.argument(call, options, arg, next)
			for _, key := range settings[program] {
				if strings.HasPrefix(arg, key) && i+1 < len(args) {
					j.value(call, "the setting "+arg, args[len(args)-1], 6)
				}
			}
		}
		switch {
		case (program == "bundle" || program == "bundler") && len(args) > 2 && args[0] == "config":
			if _, password, ok := strings.Cut(args[len(args)-1], ":"); ok && strings.Contains(args[len(args)-2], ".") {
				j.value(call, "the setting "+args[len(args)-2], password, 3)
			}
		case program == "vault" && len(args) == 2 && args[0] == "login":
			j.value(call, program+" login", args[1], 6)
		case program == "htpasswd" && len(args) > 2 && strings.HasPrefix(args[0], "-") && strings.Contains(args[0], "b"):
			j.value(call, program+" "+args[0], args[len(args)-1], 3)
		}
	}
}

// argument judges a word of a call, with the word behind it.
func (j callJudge) argument(call dockerfile.Call, o passwordOption, arg, next string) {
	program := call.Program()
	for _, option := range o.options {
		value, ok := "", false
		switch joined, prefix := strings.CutPrefix(arg, option); {
		case arg == option && !o.onlyJoined:
			value, ok = next, true
		case prefix && o.joined && len(option) == 2 && joined != "":
			value, ok = joined, true
		}
		if ok && o.pair {
			scheme, password, _ := strings.Cut(value, ":")
			value, ok = password, o.scheme == "" || scheme == o.scheme
		}
		if ok {
			j.value(call, program+" "+option, value, 3)
			return
		}
	}
	name, value, assigned := strings.Cut(arg, "=")
	switch {
	case slices.Contains(longOptions, name):
		if !assigned {
			value = next
		}
		j.value(call, program+" "+name, value, 3)
	case assigned && isSettingName(name) && secretName(name) && !standIn(value) && !strings.Contains(value, "="):
		j.value(call, program+" "+name, value, 6)
	}
}

// isSettingName reports whether a word before "=" is the name of an option or a
// setting, and no pattern or path.
func isSettingName(name string) bool {
	name = strings.TrimLeft(name, "-")
	for i := range len(name) {
		c := name[i]
		if c != '_' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return name != ""
}

// accounts judges what chpasswd is given through a pipe: user:password.
func (j callJudge) accounts(call dockerfile.Call) {
	for _, input := range call.Input {
		if program := input.Program(); program != "echo" && program != "printf" {
			continue
		}
		for _, word := range input.Words[1:] {
			user, password, ok := strings.Cut(word, ":")
			if ok && user != "" && password != "" && !strings.ContainsAny(word, "$`%*!<") {
				j.found(word, "holds the password of "+user+" for everybody who can read it", loginFix, input.Location)
			}
		}
	}
}

// value judges what a program is given as a secret.
func (j callJudge) value(call dockerfile.Call, where, value string, shortest int) {
	if len(value) >= shortest && literal(value) && !placeholder(value) && !strings.Contains(value, "://") {
		j.found(value, "gives a secret to "+where, "", call.Location)
	}
}

// assignments judges the variables that a script sets.
func (j *commandJudge) assignments() {
	if j.in.Script == nil || j.in.Script.File == nil {
		return
	}
	script := j.in.Script
	syntax.Walk(script.File, func(node syntax.Node) bool {
		assign, ok := node.(*syntax.Assign)
		if !ok || assign.Name == nil || assign.Value == nil || !secretName(assign.Name.Value) {
			return true
		}
		if value := script.Word(assign.Value); len(value) >= 6 && literal(value) && !standIn(value) && !strings.Contains(value, "://") {
			j.found(value, "sets "+assign.Name.Value+" to a secret, going by its name", "", script.Location(assign))
		}
		return true
	})
}

// found reports a secret at its place in the instruction, or at the place of what
// holds it.
func (j *commandJudge) found(value, fault, fix string, whole checks.Location) {
	where := j.in.Find(value)
	if where == j.in.Location {
		where = whole
	}
	for _, f := range j.findings {
		if f.Location.Line == where.Line && f.Location.Column < where.EndColumn && where.Column < f.Location.EndColumn {
			return
		}
	}
	j.add(where, fault, fix)
}

// report reports a secret in a line of the Dockerfile, by its bytes.
func (j *commandJudge) report(line, from, length int, fault, fix string) {
	text := j.source.Lines[line-1]
	column := utf8.RuneCountInString(text[:from]) + 1
	where := checks.Location{
		Path: j.source.Path, Line: line, Column: column,
		EndLine: line, EndColumn: column + utf8.RuneCountInString(text[from:from+length]),
	}
	for _, f := range j.findings {
		if f.Location.Line == line && f.Location.Column < where.EndColumn && column < f.Location.EndColumn {
			return
		}
	}
	j.add(where, fault, fix)
}

func (j *commandJudge) add(where checks.Location, fault, fix string) {
	f := checks.At(where, "%s %s (value not shown)", j.in.Keyword, fault)
	f.Fix = fix
	switch j.in.Keyword {
	case "CMD", "ENTRYPOINT", "HEALTHCHECK":
		f.Fix = startFix
	case "COPY", "ADD":
		if fix == "" {
			f.Fix = "Mount the file into the RUN that needs it: RUN --mount=type=secret,id=file,target=" + destination(j.in) + "; replace the secret: it is known"
		}
	}
	j.findings = append(j.findings, f)
}

// destination returns where a COPY or ADD writes to, as far as that is known.
func destination(in *dockerfile.Instruction) string {
	if c, ok := in.Copy(); ok && c.Dest.Known && path.IsAbs(c.Dest.Text) {
		return c.Dest.Text
	}
	return "/run/secrets/file"
}

// CallSecret is a secret among the words of a program that is called.
type CallSecret struct {
	// Fault says where it is: "gives a secret to redis-cli -a".
	Fault, Value string
}

// SecretsInCalls returns the secrets that are written in calls of programs.
func SecretsInCalls(calls []dockerfile.Call) []CallSecret {
	var found []CallSecret
	callJudge{func(value, fault, _ string, _ checks.Location) {
		if !slices.Contains(found, CallSecret{fault, value}) {
			found = append(found, CallSecret{fault, value})
		}
	}}.judge(calls)
	return found
}

// MayHoldSecret reports whether a command is better not shown: a token, a password or
// a key may stand in it, as a value of any form that is known here, or as what a program
// or a variable is given. It is readier to say so than the checks, which report it, and
// does not read on where a command is longer than any that people write.
func MayHoldSecret(command string) bool {
	const longest = 64 << 10
	if len(command) > longest || secretKind(command) != "" {
		return true
	}
	lower := strings.ToLower(command)
	for _, t := range secretTexts {
		if slices.ContainsFunc(t.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
			if found := t.pattern().FindStringSubmatch(command); found != nil && literal(found[len(found)-1]) {
				return true
			}
		}
	}
	for _, word := range strings.Fields(command) {
		name, value, ok := strings.Cut(strings.Trim(word, `"';()-`), "=")
		value = strings.Trim(value, `"'`)
		if _, secret := SecretIn(name, value); ok && secret && literal(value) {
			return true
		}
	}
	calls, err := dockerfile.CallsOf([]string{"/bin/sh", "-c", command}, checks.Location{})
	return err == nil && len(SecretsInCalls(calls)) > 0
}
