package compose

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
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
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
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
		})
	},
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
	user, password := "", text
	if u, err := url.Parse(text); err == nil && u.User != nil {
		if p, ok := u.User.Password(); ok {
			user, password = u.User.Username(), p
		}
	}
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
