package source

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/imagegate/imagegate/checks"
)

// secretFormat is a value that is a secret whatever its name is.
type secretFormat struct {
	kind string
	// hints are texts of which every such value holds one: they are far quicker to
	// look for.
	hints   []string
	pattern func() *regexp.Regexp
}

// compiled returns a pattern that is compiled where it is first needed: most
// sources have no text that hints at it, and a program that starts has none.
func compiled(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// The kinds that are the password of a server that the same value names.
const (
	urlPassword        = "a URL with a password"
	connectionPassword = "a connection string with a password"
)

var secretFormats = []secretFormat{
	{"a private key", []string{"-----BEGIN"}, compiled(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY`)},
	{"a GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, compiled(`\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})`)},
	{"a GitLab token", []string{"glpat-"}, compiled(`\bglpat-[A-Za-z0-9_-]{16,}`)},
	{"an AWS access key", []string{"AKIA", "ASIA"}, compiled(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"a Google API key", []string{"AIza"}, compiled(`\bAIza[A-Za-z0-9_-]{35}`)},
	{"a Slack token", []string{"xox"}, compiled(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"a Stripe key", []string{"k_live_"}, compiled(`\b[sr]k_live_[A-Za-z0-9]{16,}`)},
	{"an npm token", []string{"npm_"}, compiled(`\bnpm_[A-Za-z0-9]{30,}`)},
	{"a PyPI token", []string{"pypi-"}, compiled(`\bpypi-[A-Za-z0-9_-]{32,}`)},
	{"a Docker Hub token", []string{"dckr_pat_"}, compiled(`\bdckr_pat_[A-Za-z0-9_-]{16,}`)},
	{"a Hugging Face token", []string{"hf_"}, compiled(`\bhf_[A-Za-z0-9]{30,}`)},
	{"a SendGrid key", []string{"SG."}, compiled(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)},
	{"an API key", []string{"sk-"}, compiled(`\bsk-[A-Za-z0-9_-]{32,}`)},
	{"a JSON Web Token", []string{"eyJ"}, compiled(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+`)},
	{urlPassword, []string{"://"}, compiled(`\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:[^\s/:@$<{][^\s/:@]*@`)},
	{connectionPassword, []string{";"}, compiled(`(?i);\s*(password|pwd|accountkey|sharedaccesskey)\s*=\s*[^;\s$<{"']{4,}`)},
}

// in returns the first such value of a text; empty if there is none.
func (f secretFormat) in(text string) string {
	if !slices.ContainsFunc(f.hints, func(hint string) bool { return strings.Contains(text, hint) }) {
		return ""
	}
	return f.pattern().FindString(text)
}

// secretKind returns what kind of secret a value is by its format; empty if none.
func secretKind(value string) string {
	for _, f := range secretFormats {
		if f.in(value) != "" {
			return f.kind
		}
	}
	return ""
}

// Secret is what is secret in a variable.
type Secret struct {
	// Fault says it behind the variable's name: "holds a GitHub token".
	Fault    string
	Severity checks.Severity
	// Token is whether the format of the value alone tells that it opens something
	// in the world: it is no password of a database beside the application.
	Token bool
}

// SecretIn judges a variable by its name and its value, as far as that is known;
// false if there is nothing secret in it.
func SecretIn(name, value string) (Secret, bool) {
	if kind := secretKind(value); kind != "" {
		return Secret{"holds " + kind, checks.High, opens(kind)}, true
	}
	if password, ok := strings.CutPrefix(value, neo4jUser); ok && name == "NEO4J_AUTH" && !harmless(password) {
		return Secret{Fault: "holds the password of the user neo4j", Severity: checks.High}, true
	}
	switch {
	case secretName(name) && !harmless(value):
		return Secret{Fault: "holds a secret, going by its name", Severity: checks.High}, true
	case suspiciousName(name) && looksRandom(value):
		return Secret{Fault: "holds what looks like a secret", Severity: checks.Medium}, true
	}
	return Secret{}, false
}

// neo4jUser is what comes before the password in NEO4J_AUTH.
const neo4jUser = "neo4j/"

// opens reports whether a kind of secret opens something in the world by itself.
func opens(kind string) bool { return kind != urlPassword && kind != connectionPassword }

// TokenIn returns what kind of secret a text holds that opens something in the
// world by itself; false if there is none. Those that manuals have for examples are
// none.
func TokenIn(text string) (kind string, ok bool) {
	for _, f := range secretFormats {
		if found := f.in(text); found != "" && opens(f.kind) && !harmlessFormat(found) {
			return f.kind, true
		}
	}
	return "", false
}

// PasswordIn returns the user and the password of an account that a text holds, as
// in a URL; the text itself for any other one.
func PasswordIn(text string) (user, password string) {
	if password, ok := strings.CutPrefix(text, neo4jUser); ok {
		return strings.TrimSuffix(neo4jUser, "/"), password
	}
	if u, err := url.Parse(text); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			return u.User.Username(), password
		}
	}
	return "", text
}

// SecretInLabel judges a label: what comes before the last dot of its name says
// whose it is, as in traefik.http.routers.tokens.entrypoints.
func SecretInLabel(name, value string) (Secret, bool) {
	return SecretIn(name[strings.LastIndexByte(name, '.')+1:], value)
}

// StandsIn reports whether a secret is one that everybody knows, as in
// POSTGRES_PASSWORD=postgres: it guards nothing, or nothing yet.
func StandsIn(value string) bool { return standIn(value) }

var (
	numberValue = compiled(`^[-+]?[0-9][0-9_]*(\.[0-9]+)?\s*(ns|us|ms|s|m|h|d|w|k|kb|mb|gb)?$`)
	pathValue   = compiled(`^(file:|~?/|\.\.?/)[A-Za-z0-9._/~@+-]*$`)
)

// harmless reports whether a value cannot be a secret: nothing, a boolean, a
// number, a duration, a path or a reference to a secret.
func harmless(value string) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	switch value {
	case "", "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null", "nil", "undefined":
		return true
	}
	return numberValue().MatchString(value) || pathValue().MatchString(value) || refers(value)
}

// secretStores are what the values begin with that name a secret in a store, for
// what reads them to replace.
var secretStores = []string{
	"op://", "vault:", "arn:aws", "secretref:", "ref+", "secretsmanager:", "awssm://", "gsm://", "sm://", "doppler://", "bw://", "keyvault:",
	"@microsoft.keyvault(",
}

// refers reports whether a value, in lower case, stands for one that is elsewhere:
// in a store of secrets, or in what a template is filled with.
func refers(value string) bool {
	if _, rest, ok := strings.Cut(value, "{{"); ok && strings.Contains(rest, "}}") {
		return true
	}
	return slices.ContainsFunc(secretStores, func(prefix string) bool { return len(value) > len(prefix) && strings.HasPrefix(value, prefix) })
}

// suspiciousWords are the words of a name that may mean a secret: it depends on
// the value.
var suspiciousWords = []string{
	"KEY", "KEYS", "AUTH", "SALT", "PEPPER", "BEARER", "LICENSE", "LICENCE", "PAT", "JWT", "OAUTH", "SESSION", "COOKIE",
	"WEBHOOK", "PASS", "PWD", "PW", "CRED", "SIGNATURE",
}

// fingerprintWords are the words of a name whose value looks random and is public.
var fingerprintWords = []string{
	"SHA", "SHA1", "SHA256", "SHA384", "SHA512", "MD5", "SUM", "CHECKSUM", "CHECKSUMS", "DIGEST", "HASH", "INTEGRITY", "COMMIT", "REVISION",
	"REV", "GIT", "GPG", "PGP", "MINISIGN", "SIGNIFY", "COSIGN", "FINGERPRINT", "KEYRING", "HOST", "KNOWN", "ID", "PUB",
}

// suspiciousName reports whether a variable of this name may hold a secret.
func suspiciousName(name string) bool {
	words := nameWords(name)
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	return has(suspiciousWords) && !has(fingerprintWords) && !has(harmlessWords) && !has(harmlessBehind)
}

// looksRandom reports whether a value was made by a machine to be secret: one
// word of letters of both cases and digits, as no name or version is. Digits of
// hexadecimal alone are a digest, a commit or a fingerprint more often than not.
func looksRandom(value string) bool {
	const shortest, longest, bits = 20, 512, 3.5
	if len(value) < shortest || len(value) > longest || strings.HasPrefix(value, "sha") && strings.Contains(value, "-") {
		return false
	}
	var count [128]int
	upper, lower, digits := 0, 0, 0 // digits that stand apart count as one
	for i := range len(value) {
		c := value[i]
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= '0' && c <= '9':
			if i == 0 || value[i-1] < '0' || value[i-1] > '9' {
				digits++
			}
		case !strings.ContainsRune("+/=_-", rune(c)):
			return false
		}
		count[c]++
	}
	if upper < 2 || lower < 2 || digits < 2 {
		return false
	}
	entropy := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(value))
			entropy -= p * math.Log2(p)
		}
	}
	return entropy >= bits
}

// placeholder reports whether a value stands for a secret that is to be filled in.
func placeholder(value string) bool {
	value = strings.ToLower(value)
	return slices.ContainsFunc([]string{
		"dummy", "fake", "placeholder", "changeme", "change-me", "change_me", "changeit", "example", "xxx", "***", "...",
		"redacted", "your",
	}, func(word string) bool { return strings.Contains(value, word) })
}

// What a secret that everybody knows is made of: words that are one by
// themselves, and those that may stand between them, as in mysecretpassword.
var (
	standInWords = []string{
		"not", "unused", "change", "build", "buildtime", "test", "tests", "testing", "temp", "temporary", "tmp", "mock", "sample", "insecure", "unsafe", "secret", "secrets",
		"password", "passwd", "token", "key", "apikey", "default", "ignore", "ignored", "none", "local", "localhost", "dev", "development", "nothing", "noop",
		"throwaway", "collect", "collectstatic", "compile", "precompile", "foo", "bar", "baz", "abc", "abcd", "abcdef", "static", "random", "anything", "whatever", "something", "some",
		"user", "username", "pass", "pwd", "admin", "administrator", "root", "guest", "demo", "hello", "letmein", "qwerty", "docker", "postgres", "postgresql", "mysql",
		"mariadb", "mongo", "mongodb", "redis", "rabbitmq", "minio", "elastic", "django", "rails", "symfony", "laravel", "sail", "wordpress", "keycloak",
	}
	standInFillers = []string{"my", "a", "the", "this", "that", "is", "in", "at", "for", "to", "be", "only", "used", "use", "time", "super", "very", "set", "me", "it", "any", "db", "jwt", "long", "here", "value"}
)

// standIn reports whether a value only keeps a build from failing, as in
// SECRET_KEY=not-used python manage.py collectstatic.
func standIn(value string) bool {
	value = strings.ToLower(value)
	return placeholder(value) || slices.ContainsFunc(standInParts(value), knownPart) ||
		slices.ContainsFunc(standInParts(plainLetters.Replace(value)), knownPart)
}

// plainLetters undoes how passwords are made to look like none: p@ssw0rd.
var plainLetters = strings.NewReplacer("@", "a", "0", "o", "3", "e", "$", "s")

// standInParts splits a value into its words and its numbers.
func standInParts(value string) []string {
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r):
			return 1
		case unicode.IsDigit(r):
			return 2
		}
		return 0
	}
	var parts []string
	start, last := 0, 0
	for i, r := range value + "\n" {
		if k := kind(r); k != last {
			if last != 0 {
				parts = append(parts, value[start:i])
			}
			start, last = i, k
		}
	}
	return parts
}

// knownPart reports whether a word is made of those of a secret that everybody
// knows, or a number counts up, as in 1234.
func knownPart(part string) bool {
	const longest = 64
	if len(part) >= 4 && strings.HasPrefix("1234567890", part) {
		return true
	}
	if len(part) > longest {
		return false
	}
	// What the words up to each place are: nothing, fillers alone, or a secret's.
	const fillers, known = 1, 2
	reach := make([]int, len(part)+1)
	reach[0] = fillers
	for i := range part {
		if reach[i] == 0 {
			continue
		}
		for _, word := range standInWords {
			if strings.HasPrefix(part[i:], word) {
				reach[i+len(word)] = known
			}
		}
		for _, word := range standInFillers {
			if strings.HasPrefix(part[i:], word) {
				reach[i+len(word)] = max(reach[i+len(word)], reach[i])
			}
		}
	}
	return reach[len(part)] == known
}

// literal reports whether a word stands for itself, and is a value that could be
// secret: nothing that a shell, a template or a program replaces.
func literal(value string) bool {
	return value != "" && !strings.ContainsAny(value, "$`<>{}%") && !harmless(value) && !strings.HasPrefix(value, "-") && !strings.HasPrefix(value, "@")
}
