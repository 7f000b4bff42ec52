package compose

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

var secret = Check{
	Rule: checks.Rule{
		ID:        "compose/secret",
		Title:     "No secret stands in a Compose file",
		Severity:  checks.High,
		Why:       "A Compose file is kept with the source: everybody who can read the repository, now or later, has the secret, and everybody on the machine sees it in the settings of the container.",
		Fix:       "Mount it with secrets and let the application read the file, or take it from the environment, as in ${JWT_SECRET:?}. Replace a secret that has been published.",
		Reference: "https://docs.docker.com/compose/how-tos/use-secrets/",
	},
	Good: `
services:
  db:
    image: postgres:16.4-alpine3.20
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD_FILE: /run/secrets/db-password
    secrets: [db-password]
  app:
    build: .
    environment:
      - JWT_SECRET=${JWT_SECRET:?}
secrets:
  db-password:
    file: ./db-password.txt
`,
	Bad: `
services:
  db:
    image: postgres:16.4-alpine3.20
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: correct-horse-battery
`,
	Judge: func(p *Project) checks.Outcome {
		outcome := judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			return append(s.secretVariables(service), s.secretCommands(service)...)
		})
		return p.addTokens(outcome)
	},
}

// secretVariables returns the secrets in the variables, the build arguments and the
// labels of a service.
func (s *Stack) secretVariables(service *Service) []checks.Finding {
	var findings []checks.Finding
	for _, in := range []struct {
		keys     []string
		what     string
		secretIn func(name, value string) (source.Secret, bool)
	}{
		{[]string{"environment"}, "variable", source.SecretIn}, {[]string{"build", "args"}, "build argument", source.SecretIn},
		{[]string{"labels"}, "label", source.SecretInLabel},
	} {
		for _, v := range service.Variables(in.keys...) {
			found, ok := in.secretIn(v.Name, v.literal())
			if !v.Given || !ok {
				continue
			}
			if severity, ok := s.secretSeverity(service, found, v.Value); ok {
				f := service.find(severity, v.Location, "has the %s %s, which %s (value not shown)", in.what, v.Name, found.Fault)
				f.Subject = v.Name
				f.Fix = secretFix(in.what, v.Name)
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// secretFix says what to write instead of a secret.
func secretFix(what, name string) string {
	const replace = ". Replace a secret that has been published."
	variable := environmentName(name)
	switch {
	case what == "build argument":
		return "Remove the argument, give it with build.secrets and environment: " + variable + ", and mount it into the RUN that needs it" + replace
	case what == "variable" && slices.ContainsFunc(passwordFiles, func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
		return "Mount it with secrets and set " + name + "_FILE: /run/secrets/" + strings.ToLower(name) + ", or take it from the environment: ${" + variable + ":?}" + replace
	case what == "variable":
		return "Take it from the environment, as in " + name + ": ${" + variable + ":?}, or mount it with secrets and let the application read the file" + replace
	}
	return "Take it from the environment: ${" + variable + ":?}" + replace
}

// passwordFiles are what the variables begin with that images take from a file as
// well, where _FILE is behind the name.
var passwordFiles = []string{"POSTGRES_", "MYSQL_", "MARIADB_", "MONGO_INITDB_"}

// environmentName returns a name as that of an environment variable.
func environmentName(name string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name))
}

// literal returns what a value is by itself. What is not known of it is only
// looked at for what has the form of a secret.
func (v Variable) literal() string {
	if v.Value.Known {
		return v.Value.Text
	}
	if found, ok := source.SecretIn("", v.Value.Raw); ok && found.Token {
		return v.Value.Raw
	}
	return ""
}

// secretSeverity returns how bad a secret of a service in a stack is; false if it
// is none: the passwords of development guard nothing.
func (s *Stack) secretSeverity(service *Service, found source.Secret, value Text) (checks.Severity, bool) {
	switch {
	case found.Token:
		return checks.High, true
	case s.Development(), strings.TrimSpace(value.Text) == "":
		return "", false
	case value.Default, !s.Production() && service.standsIn(value.Text):
		return checks.Medium, true
	}
	return found.Severity, true
}

// standsIn reports whether a secret of a service is one that everybody knows, or
// guesses first: the name of its user, its database or its image.
func (s *Service) standsIn(text string) bool {
	user, password := source.PasswordIn(text)
	if source.StandsIn(password) || strings.EqualFold(user, password) {
		return true
	}
	if named, _, ok := s.Image(); ok && strings.EqualFold(path.Base(reference.FamiliarName(named)), password) {
		return true
	}
	return slices.ContainsFunc(s.Variables("environment"), func(v Variable) bool {
		return accountName.MatchString(v.Name) && v.Value.Known && strings.EqualFold(v.Value.Text, password)
	})
}

// accountName is the name of a variable for a user or a database.
var accountName = regexp.MustCompile(`(?i)(^|_)(USER|USERNAME|DATABASE|DB|DB_NAME|DBNAME)$`)

// commandFix is how a command gets a secret that is not written in it.
const commandFix = "Take it from the environment, as in ${PASSWORD:?}, or let the program read a file of secrets. Replace a secret that has been published."

// secretCommands returns the secrets that are written in the commands of a service.
// Tokens are not among them: those are looked for everywhere.
func (s *Stack) secretCommands(service *Service) []checks.Finding {
	var findings []checks.Finding
	for _, keys := range [][]string{{"command"}, {"entrypoint"}, {"healthcheck", "test"}} {
		n := service.Get(keys...)
		add := func(found source.Secret, value string) {
			at := n
			for _, item := range n.Items() {
				if strings.Contains(item.text, value) {
					at = item
					break
				}
			}
			severity, ok := s.secretSeverity(service, found, expand(value))
			if !ok {
				return
			}
			f := service.find(severity, at.Location, "%s in its %s (value not shown)", found.Fault, strings.Join(keys, "."))
			f.Fix = commandFix
			findings = append(findings, f)
		}
		for _, item := range n.Items() {
			for _, word := range strings.Fields(item.text) {
				if found, ok := source.SecretIn("", strings.Trim(word, `"'`)); ok && !found.Token {
					add(found, strings.Trim(word, `"'`))
				}
			}
		}
		for _, secret := range source.SecretsInCalls(service.calls(n)) {
			if _, ok := source.TokenIn(secret.Value); ok {
				continue
			}
			add(source.Secret{Fault: secret.Fault, Severity: checks.High}, secret.Value)
		}
	}
	return findings
}

// calls returns the programs that a command of a service calls, as far as it can be
// read. Options alone are those of the program that the image runs.
func (s *Service) calls(command *Node) []dockerfile.Call {
	var words []string
	for _, item := range command.Items() {
		words = append(words, item.text)
	}
	if len(words) == 0 {
		return nil
	}
	text := words[0]
	switch {
	case words[0] == "CMD" && command.shape == sequence:
		words = words[1:]
	case words[0] == "CMD-SHELL" && command.shape == sequence && len(words) == 2:
		words, text = nil, words[1]
	case command.shape == scalar:
		words = nil
	}
	program := "program"
	if named, _, ok := s.Image(); ok {
		program = path.Base(reference.FamiliarName(named))
	}
	if words != nil {
		if len(words) > 0 && strings.HasPrefix(words[0], "-") {
			words = append([]string{program}, words...)
		}
		calls, err := dockerfile.CallsOf(words, command.Location)
		if err != nil {
			return nil // it is no command that a shell reads
		}
		return calls
	}
	if strings.HasPrefix(text, "-") {
		text = program + " " + text
	}
	script, err := dockerfile.ParseScript(text, command.Location)
	if err != nil {
		return nil
	}
	var calls []dockerfile.Call
	syntax.Walk(script.File, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok {
			if seen, err := script.CallsOf(call); err == nil {
				calls = append(calls, seen...)
			}
		}
		return true
	})
	return calls
}

// addTokens adds what opens something in the world wherever it stands in a file,
// where it is not reported as that of a service.
func (p *Project) addTokens(outcome checks.Outcome) checks.Outcome {
	type line struct {
		path   string
		number int
	}
	reported := map[line]bool{}
	for _, f := range outcome.Findings {
		reported[line{f.Location.Path, f.Location.Line}] = true
	}
	seen := map[*Node]bool{}
	var look func(n *Node)
	look = func(n *Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		if kind, ok := source.TokenIn(n.text); ok && !reported[line{n.Location.Path, n.Location.Line}] {
			f := checks.At(n.Location, "the file holds %s (value not shown)", kind)
			f.Severity, f.Fix = checks.High, "Remove it, and replace it: who can read the file, now or later, has it. What a service needs of the kind, it takes from the environment or from secrets."
			outcome.Findings = append(outcome.Findings, f)
		}
		for _, e := range n.entries {
			look(e.Value)
		}
		for _, item := range n.items {
			look(item)
		}
	}
	files := slices.Clone(p.Files)
	for _, s := range p.Stacks {
		files = append(files, s.Files...)
	}
	for _, f := range files {
		for _, document := range f.documents {
			look(document)
		}
	}
	return outcome
}
