package source

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var secretFile = Check{
	Rule: checks.Rule{
		ID:        "source/secret-file",
		Title:     "No file with secrets is copied into the image",
		Severity:  checks.High,
		Why:       "A file that is copied stays in its layer, even if a later instruction deletes it: everybody who can pull the image can read the keys and passwords in it.",
		Fix:       "Mount it into the RUN that needs it, as in RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci; at run time let the orchestrator mount it. Replace a secret that has been published.",
		Reference: "https://docs.docker.com/build/building/secrets/",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
COPY .env.example certs/ca.pem ./
COPY package*.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
-- certs/ca.pem --
-----BEGIN CERTIFICATE-----
`,
	Bad: `
-- Dockerfile --
FROM node:20-alpine
COPY package*.json .npmrc ./
RUN npm ci
-- .npmrc --
//registry.npmjs.org/:_authToken=Y29ycmVjdCBob3JzZQ
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		j := fileJudge{source: s}
		for _, stage := range s.Reachable() {
			for _, c := range stage.Copies() {
				for _, name := range c.ContextPaths() {
					if err := j.judge(c, name); err != nil {
						return checks.Broken(err)
					}
				}
			}
		}
		return checks.Found(j.findings...)
	},
}

// secretFileKind is a kind of file that holds secrets.
type secretFileKind struct {
	kind string
	// is reports whether a file of this name, in this directory, may be one.
	is func(dir, base string) bool
	// certain reports whether the name says so without the file; nil is always.
	certain func(base string) bool
	// holds reports whether its content has a secret; nil is always.
	holds func(content []byte) bool
	// fix says how to have it without copying it.
	fix string
}

const atRunTime = "let the orchestrator set its variables or mount it at run time"

var secretFiles = []secretFileKind{
	{
		kind: "an environment file", is: isEnvFile, certain: func(base string) bool { return strings.HasPrefix(base, ".env") },
		holds: holdsAssigned("="), fix: atRunTime,
	},
	{
		kind: "a private SSH key",
		is: func(_, base string) bool {
			return (strings.HasPrefix(base, "id_rsa") || strings.HasPrefix(base, "id_dsa") || strings.HasPrefix(base, "id_ecdsa") ||
				strings.HasPrefix(base, "id_ed25519")) && !strings.HasSuffix(base, ".pub")
		},
		holds: holdsAny("PRIVATE KEY"), fix: "write RUN --mount=type=ssh in front of the command that needs it, and build with --ssh default",
	},
	{
		kind: "the key of encrypted credentials", is: named("master.key"),
		fix: "let the orchestrator set RAILS_MASTER_KEY at run time",
	},
	{
		kind: "a private key",
		is: func(_, base string) bool {
			return slices.Contains([]string{".pem", ".key", ".ppk", ".ovpn"}, path.Ext(base))
		},
		certain: isPrivateKeyName, holds: holdsAny("PRIVATE KEY"), fix: "let the orchestrator mount it at run time",
	},
	{
		kind: "a key store",
		is: func(_, base string) bool {
			trusted := strings.Contains(base, "trust") || strings.HasPrefix(base, "ca")
			return slices.Contains([]string{".p12", ".pfx", ".jks", ".keystore", ".kdbx"}, path.Ext(base)) && !trusted
		},
		fix: "let the orchestrator mount it at run time",
	},
	{
		kind: "an npm configuration with a token", is: named(".npmrc"), certain: never,
		holds: holdsAssigned("="), fix: "write RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
	},
	{
		kind: "a Yarn configuration with a token", is: named(".yarnrc.yml"), certain: never,
		holds: holdsAssigned(":"), fix: "write RUN --mount=type=secret,id=yarn,env=YARN_NPM_AUTH_TOKEN yarn install --immutable",
	},
	{
		kind: "a pip configuration with a password", is: named("pip.conf", "pip.ini"), certain: never,
		holds: holdsURL, fix: "write RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install",
	},
	{
		kind: "a file with logins", is: named(".netrc", "_netrc"), holds: holdsAny("password"),
		fix: "write RUN --mount=type=secret,id=netrc,target=/root/.netrc in front of the command that needs it",
	},
	{
		kind: "a file with the logins of package indexes", is: named(".pypirc"), holds: holdsAny("password"),
		fix: "write RUN --mount=type=secret,id=pypirc,target=/root/.pypirc in front of the command that needs it",
	},
	{
		kind: "a file with the passwords of Git", is: named(".git-credentials"),
		fix: "write RUN --mount=type=secret,id=git,target=/root/.git-credentials in front of the command that needs it",
	},
	{
		kind: "a file with the passwords of PostgreSQL", is: named(".pgpass"),
		fix: "write RUN --mount=type=secret,id=pgpass,target=/root/.pgpass in front of the command that needs it",
	},
	{
		kind: "AWS credentials", is: inDirectory(".aws", "credentials"), holds: holdsAny("aws_secret_access_key"),
		fix: "write RUN --mount=type=secret,id=aws,target=/root/.aws/credentials in front of the command that needs it; at run time give the container a role",
	},
	{
		kind: "registry logins of Docker", is: func(dir, base string) bool {
			return base == ".dockercfg" || base == ".dockerconfigjson" || path.Base(dir) == ".docker" && base == "config.json"
		},
		holds: holdsAny(`"auth"`, `"identitytoken"`), fix: "write RUN --mount=type=secret,id=docker,target=/root/.docker/config.json in front of the command that needs it",
	},
	{
		kind: "access to a cluster", is: func(dir, base string) bool {
			return base == "kubeconfig" || path.Ext(base) == ".kubeconfig" || path.Base(dir) == ".kube" && base == "config"
		},
		holds: holdsAny("client-key-data:", "token:", "password:"), fix: "let the orchestrator give the container a service account",
	},
	{
		kind: "Google credentials",
		is: func(_, base string) bool {
			return path.Ext(base) == ".json" && slices.ContainsFunc([]string{"credential", "account", "key", "secret", "firebase", "gcp", "google", "gcloud"}, func(word string) bool {
				return strings.Contains(base, word)
			})
		},
		certain: func(base string) bool {
			return base == "application_default_credentials.json" || strings.HasPrefix(base, "service-account") || strings.HasPrefix(base, "service_account")
		},
		holds: holdsAny(`"private_key":`, `"refresh_token":`),
		fix:   "give the container a service account, or let the orchestrator mount the file at run time",
	},
	{
		kind: "a file of secrets",
		is: func(_, base string) bool {
			return slices.Contains([]string{"secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml"}, base)
		},
		holds: func(content []byte) bool { return holdsAssigned(":")(content) || holdsAssigned("=")(content) }, fix: atRunTime,
	},
	{
		kind: "a Maven configuration with a password", is: named("settings.xml"), certain: never,
		holds: func(content []byte) bool {
			_, after, found := bytes.Cut(content, []byte("<password>"))
			value, _, _ := bytes.Cut(after, []byte("<"))
			return found && literal(strings.TrimSpace(string(value)))
		},
		fix: "write RUN --mount=type=secret,id=maven,target=/root/.m2/settings.xml mvn package",
	},
	{
		kind: "a Gradle configuration with a password", is: named("gradle.properties"), certain: never,
		holds: holdsAssigned("="), fix: "write RUN --mount=type=secret,id=gradle,target=/root/.gradle/gradle.properties gradle build",
	},
}

func named(names ...string) func(dir, base string) bool {
	return func(_, base string) bool { return slices.Contains(names, base) }
}

func inDirectory(parent, name string) func(dir, base string) bool {
	return func(dir, base string) bool { return path.Base(dir) == parent && base == name }
}

func never(string) bool { return false }

// isEnvFile reports whether a file gives values to variables, and is no template
// of such a file.
func isEnvFile(_, base string) bool {
	if base != ".env" && !strings.HasPrefix(base, ".env.") && path.Ext(base) != ".env" {
		return false
	}
	return !slices.ContainsFunc([]string{"example", "sample", "template", "dist", "tpl", "tmpl", "defaults", "schema", "vault", "erb"}, func(word string) bool {
		return slices.Contains(strings.Split(base, "."), word)
	})
}

// isPrivateKeyName reports whether a file of keys is a private one, going by its
// name: most .pem are certificates, and many .key are public keys of repositories.
func isPrivateKeyName(base string) bool {
	name := strings.TrimSuffix(base, path.Ext(base))
	if strings.Contains(name, "pub") || strings.Contains(name, "gpg") || strings.Contains(name, "pgp") {
		return false
	}
	if strings.Contains(name, "private") || strings.HasPrefix(name, "privkey") || path.Ext(base) == ".ppk" {
		return true
	}
	if path.Ext(base) == ".key" {
		return slices.Contains([]string{"server", "tls", "ssl", "client", "ca", "localhost"}, name)
	}
	return name == "key" || strings.HasSuffix(name, "-key") || strings.HasSuffix(name, "_key")
}

func holdsAny(texts ...string) func([]byte) bool {
	return func(content []byte) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(content, []byte(text)) })
	}
}

func holdsURL(content []byte) bool {
	found := secretFormats[slices.IndexFunc(secretFormats, func(f secretFormat) bool { return f.kind == "a URL with a password" })].in(string(content))
	return found != "" && !harmlessFormat(found)
}

// holdsAssigned returns a function that reports whether a line gives a secret to
// a name: one by its name, or by the format of the value.
func holdsAssigned(separator string) func([]byte) bool {
	return func(content []byte) bool {
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
				continue
			}
			name, value, found := strings.Cut(line, separator)
			if !found {
				continue
			}
			name, value = strings.Trim(strings.TrimSpace(name), `"'`), strings.Trim(strings.TrimSpace(value), `"', `)
			secret := secretName(strings.TrimPrefix(name, "export ")) || strings.HasSuffix(name, ":_auth")
			if secret && literal(value) && !placeholder(value) || secretKind(value) != "" && !harmlessFormat(value) {
				return true
			}
		}
		return false
	}
}

// fileJudge judges what is copied from the build context.
type fileJudge struct {
	source   *dockerfile.Source
	findings []checks.Finding
}

// judge judges one path or pattern that a COPY or ADD takes.
func (j *fileJudge) judge(c dockerfile.Copy, name string) error {
	dir, base := path.Split(name)
	dir = path.Clean("./" + dir)
	if strings.ContainsAny(base, "*?[") {
		matched := false
		for _, file := range j.source.Files() {
			if ok, err := path.Match(name, file); err == nil && ok {
				matched = true
				if err := j.file(c, file, c.Instruction.Find(name), false); err != nil {
					return err
				}
			}
		}
		if !matched && strings.HasPrefix(base, ".env") {
			if ok, err := path.Match(base, ".env"); err == nil && ok {
				return j.file(c, path.Join(dir, ".env"), c.Instruction.Find(name), true)
			}
		}
		return nil
	}
	if name != "." {
		if err := j.file(c, name, c.Instruction.Find(name), true); err != nil {
			return err
		}
	}
	if path.Ext(base) != "" && base != "." && !strings.HasPrefix(base, ".") {
		return nil // hardly a directory: not worth listing the context
	}
	for _, file := range j.source.Files() {
		rel := file
		if name != "." {
			var below bool
			if rel, below = strings.CutPrefix(file, name+"/"); !below {
				continue
			}
		}
		known, err := j.leftToIgnoreCheck(name, rel)
		if err != nil {
			return err
		}
		if known || c.Excludes(rel) || inTests(rel) {
			continue
		}
		if err := j.file(c, file, c.Location, false); err != nil {
			return err
		}
	}
	return nil
}

// leftToIgnoreCheck reports whether source/dockerignore reports a file of a
// copied directory.
func (j *fileJudge) leftToIgnoreCheck(dir, rel string) (bool, error) {
	if rel == ".env" {
		return true, nil
	}
	if dir != "." || !strings.HasPrefix(rel, ".env.") {
		return false, nil
	}
	excluded, err := j.source.Ignore.Excludes(".env.local")
	return !excluded, err
}

// inTests reports whether a path is one of tests or documentation: keys there
// are made for them.
func inTests(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), func(dir string) bool {
		return slices.Contains([]string{
			"test", "tests", "testdata", "__tests__", "spec", "fixture", "fixtures", "mocks", "example", "examples", "doc", "docs",
		}, dir)
	})
}

// file reports a file if it holds secrets. Explicit is whether the Dockerfile
// names it: then the name may be enough.
func (j *fileJudge) file(c dockerfile.Copy, name string, where checks.Location, explicit bool) error {
	dir, base := path.Split(name)
	at := slices.IndexFunc(secretFiles, func(f secretFileKind) bool { return f.is(path.Clean(dir), base) })
	if at < 0 {
		return nil
	}
	kind := secretFiles[at]
	excluded, err := j.source.Ignore.Excludes(name)
	if err != nil || excluded {
		return err
	}
	content, err := j.source.ReadFile(name)
	fault := "copies %s, which holds secrets: it is %s"
	switch {
	case err == nil && kind.holds != nil:
		if !kind.holds(content) {
			return nil
		}
	case err == nil || explicit && (kind.certain == nil || kind.certain(base)):
		fault = "copies %s, which holds secrets, going by its name: it is %s"
	default:
		return nil
	}
	f := checks.At(where, "%s "+fault, c.Keyword, name, kind.kind)
	f.Subject = name
	f.Fix = "Do not copy it: " + kind.fix
	if !explicit {
		f.Fix = "Add the line " + name + " to " + j.ignorePath() + ", and " + kind.fix
	}
	if !j.reachesImage(c, base) {
		f.Severity = checks.Medium
		f.Message += "; stage " + c.Stage.String() + " leaves it in the build cache"
	}
	j.findings = append(j.findings, f)
	return nil
}

// secretFileFix says how to have a file without copying it, if it holds secrets by
// its name or content; empty if it does not.
func secretFileFix(s *dockerfile.Source, name string) string {
	dir, base := path.Split(name)
	at := slices.IndexFunc(secretFiles, func(f secretFileKind) bool { return f.is(path.Clean(dir), base) })
	if at < 0 {
		return ""
	}
	kind := secretFiles[at]
	if content, err := s.ReadFile(name); err == nil && kind.holds != nil {
		if kind.holds(content) {
			return kind.fix
		}
	} else if kind.certain == nil || kind.certain(base) {
		return kind.fix
	}
	return ""
}

func (j *fileJudge) ignorePath() string {
	if j.source.Ignore.Path == "" {
		return dockerfile.DefaultIgnore
	}
	return j.source.Ignore.Path
}

// reachesImage reports whether what a COPY brings is in the image: it is in the
// final stage or one that it is built from, or one of these takes the directory
// that it was copied to.
func (j *fileJudge) reachesImage(c dockerfile.Copy, base string) bool {
	dest := absolute(c, base)
	for stage := j.source.Final; stage != nil; stage = stage.Base {
		if stage == c.Stage {
			return true
		}
		for _, ref := range stage.References {
			from, ok := ref.Instruction.Copy()
			if !ok || ref.Stage != c.Stage {
				continue
			}
			for _, src := range from.Sources {
				taken := path.Join("/", src.Text)
				if src.Known && (taken == "/" || taken == dest || strings.HasPrefix(dest, taken+"/")) {
					return true
				}
			}
		}
	}
	return false
}

// absolute returns where a COPY writes a file of this name to; empty if it is not
// known.
func absolute(c dockerfile.Copy, base string) string {
	dest := c.Before.Resolve(c.Dest)
	if !dest.Known {
		return ""
	}
	return path.Join(dest.Text, base)
}
