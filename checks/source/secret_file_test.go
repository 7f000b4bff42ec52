package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSecretFile(t *testing.T) {
	const (
		private     = "-----BEGIN " + "PRIVATE KEY-----\n"
		certificate = "-----BEGIN CERTIFICATE-----\n"
		token       = "//registry.npmjs.org/:_authToken="
	)
	tests := map[string]struct {
		text string
		want []string // severity, place and subject
	}{
		// The name is enough where the Dockerfile names the file.
		"env":            {"FROM a:1\nCOPY .env ./\n", []string{"HIGH Dockerfile:2:6 .env"}},
		"env with dot":   {"FROM a:1\nCOPY ./.env.production ./\n", []string{"HIGH Dockerfile:2:8 .env.production"}},
		"env by pattern": {"FROM a:1\nCOPY package.json .env* ./\n", []string{"HIGH Dockerfile:2:19 .env"}},
		"ADD":            {"FROM a:1\nADD secrets/id_rsa /root/.ssh/id_rsa\n", []string{"HIGH Dockerfile:2:5 secrets/id_rsa"}},
		"several":        {"FROM a:1\nCOPY a .netrc .pypirc \\\n  .git-credentials /root/\n", []string{"HIGH Dockerfile:2:8 .netrc", "HIGH Dockerfile:2:15 .pypirc", "HIGH Dockerfile:3:3 .git-credentials"}},
		"aws":            {"FROM a:1\nCOPY .aws/credentials /root/.aws/credentials\n", []string{"HIGH Dockerfile:2:6 .aws/credentials"}},
		"docker":         {"FROM a:1\nCOPY .docker/config.json /root/.docker/\n", []string{"HIGH Dockerfile:2:6 .docker/config.json"}},
		"kube":           {"FROM a:1\nCOPY kubeconfig /root/.kube/config\n", []string{"HIGH Dockerfile:2:6 kubeconfig"}},
		"google":         {"FROM a:1\nCOPY service-account.json /app/\n", []string{"HIGH Dockerfile:2:6 service-account.json"}},
		"key store":      {"FROM a:1\nCOPY certs/app.p12 keystore.jks /app/\n", []string{"HIGH Dockerfile:2:6 certs/app.p12", "HIGH Dockerfile:2:20 keystore.jks"}},
		"private key":    {"FROM a:1\nCOPY tls.key privkey.pem server-key.pem /app/\n", []string{"HIGH Dockerfile:2:6 tls.key", "HIGH Dockerfile:2:14 privkey.pem", "HIGH Dockerfile:2:26 server-key.pem"}},
		"rails":          {"FROM a:1\nCOPY config/master.key config/\n", []string{"HIGH Dockerfile:2:6 config/master.key"}},
		"secrets":        {"FROM a:1\nCOPY config/secrets.yml config/\n", []string{"HIGH Dockerfile:2:6 config/secrets.yml"}},

		// The content decides where it is there.
		"npmrc":             {"-- Dockerfile --\nFROM a:1\nCOPY .npmrc ./\n-- .npmrc --\n" + token + "c0rrecthorse\n", []string{"HIGH Dockerfile:2:6 .npmrc"}},
		"npmrc password":    {"-- Dockerfile --\nFROM a:1\nCOPY .npmrc ./\n-- .npmrc --\n//r/:_password=c0rrecthorse\n", []string{"HIGH Dockerfile:2:6 .npmrc"}},
		"npmrc by variable": {"-- Dockerfile --\nFROM a:1\nCOPY .npmrc ./\n-- .npmrc --\n" + token + "${NPM_TOKEN}\nengine-strict=true\n", nil},
		"npmrc not there":   {"FROM a:1\nCOPY .npmrc ./\n", nil},
		"pem with key":      {"-- Dockerfile --\nFROM a:1\nCOPY bundle.pem /\n-- bundle.pem --\n" + certificate + private, []string{"HIGH Dockerfile:2:6 bundle.pem"}},
		"pem certificate":   {"-- Dockerfile --\nFROM a:1\nCOPY server-key.pem /\n-- server-key.pem --\n" + certificate, nil},
		"env harmless":      {"-- Dockerfile --\nFROM a:1\nCOPY .env ./\n-- .env --\n# defaults\nNODE_ENV=production\nAPI_URL=https://api.example.com\nAPI_KEY=\n", nil},
		"env secret":        {"-- Dockerfile --\nFROM a:1\nCOPY prod.env ./\n-- prod.env --\nexport DB_PASSWORD=\"hunter2\"\n", []string{"HIGH Dockerfile:2:6 prod.env"}},
		"erb":               {"-- Dockerfile --\nFROM a:1\nCOPY config/secrets.yml /\n-- config/secrets.yml --\nproduction:\n  secret_key_base: <%= ENV[\"SECRET_KEY_BASE\"] %>\n", nil},
		"yarn":              {"-- Dockerfile --\nFROM a:1\nCOPY .yarnrc.yml ./\n-- .yarnrc.yml --\nnpmAuthToken: c0rrecthorse\n", []string{"HIGH Dockerfile:2:6 .yarnrc.yml"}},
		"yarn plain":        {"-- Dockerfile --\nFROM a:1\nCOPY .yarnrc.yml ./\n-- .yarnrc.yml --\nnodeLinker: node-modules\nnpmAuthToken: \"${NPM_TOKEN}\"\n", nil},
		"pip":               {"-- Dockerfile --\nFROM a:1\nCOPY pip.conf /etc/\n-- pip.conf --\n[global]\nindex-url = https://ci:c0rrecthorse@pypi.corp/simple\n", []string{"HIGH Dockerfile:2:6 pip.conf"}},
		"pip plain":         {"-- Dockerfile --\nFROM a:1\nCOPY pip.conf /etc/\n-- pip.conf --\n[global]\nindex-url = https://pypi.corp/simple\n", nil},
		"maven":             {"-- Dockerfile --\nFROM a:1\nCOPY settings.xml /\n-- settings.xml --\n<password>c0rrecthorse</password>\n", []string{"HIGH Dockerfile:2:6 settings.xml"}},
		"maven by variable": {"-- Dockerfile --\nFROM a:1\nCOPY settings.xml /\n-- settings.xml --\n<password>${env.TOKEN}</password>\n", nil},
		"gradle":            {"-- Dockerfile --\nFROM a:1\nCOPY gradle.properties ./\n-- gradle.properties --\norg.gradle.jvmargs=-Xmx2g\n", nil},
		"google content":    {"-- Dockerfile --\nFROM a:1\nCOPY gcp-key.json ./\n-- gcp-key.json --\n{\"private_key\": \"x\"}\n", []string{"HIGH Dockerfile:2:6 gcp-key.json"}},
		"google public":     {"-- Dockerfile --\nFROM a:1\nCOPY google-services.json keys.json ./\n-- keys.json --\n{}\n", nil},

		// What is no secret.
		"templates":    {"FROM a:1\nCOPY .env.example .env.sample .env.template .env.dist .env.local.example /app/\n", nil},
		"public":       {"FROM a:1\nCOPY id_rsa.pub ca.pem fullchain.pem server.crt tls.crt docker.gpg.key nodesource.key public.key pub-key.pem /etc/\n", nil},
		"trust stores": {"FROM a:1\nCOPY cacerts.jks truststore.p12 /etc/\n", nil},
		"other names":  {"FROM a:1\nCOPY environment.env.ts env.py credentials.yml.enc package.json .envrc.py config.json /app/\n", nil},
		"from a stage": {"FROM a:1 AS b\nFROM a:1\nCOPY --from=b /app/.env ./\n", nil},
		"URL":          {"FROM a:1\nADD https://example.com/.env /app/\n", nil},
		"ignored":      {"-- Dockerfile --\nFROM a:1\nCOPY .env ./\n-- .dockerignore --\n.env\n", nil},
		"mounted":      {"FROM a:1\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n", nil},
		"not used":     {"FROM a:1 AS b\nCOPY .env ./\nFROM a:1\n", nil},

		// Directories.
		"whole context":       {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- api/.env --\nTOKEN=c0rrecthorse\n-- certs/tls.key --\n" + private, []string{"HIGH Dockerfile:2:1 api/.env", "HIGH Dockerfile:2:1 certs/tls.key"}},
		"directory":           {"-- Dockerfile --\nFROM a:1\nCOPY --chown=1 deploy /app\n-- deploy/id_ed25519 --\n" + private + "-- other/id_ed25519 --\n" + private, []string{"HIGH Dockerfile:2:1 deploy/id_ed25519"}},
		"pattern":             {"-- Dockerfile --\nFROM a:1\nCOPY certs/*.pem /app\n-- certs/a.pem --\n" + private + "-- certs/b.pem --\n" + certificate, []string{"HIGH Dockerfile:2:6 certs/a.pem"}},
		"left out":            {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .dockerignore --\n**/*.key\n-- certs/tls.key --\n" + private, nil},
		"left out by copy":    {"-- Dockerfile --\nFROM a:1\nCOPY --exclude=certs . .\n-- certs/tls.key --\n" + private, nil},
		"of tests":            {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- tests/fixtures/tls.key --\n" + private + "-- node_modules/a/b.key --\n" + private, nil},
		"source/dockerignore": {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .env --\nTOKEN=c0rrecthorse\n-- .env.production --\nTOKEN=c0rrecthorse\n", nil},
		"one env left in":     {"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- .env.production --\nTOKEN=c0rrecthorse\n-- .dockerignore --\n.env\n.env.local\n", []string{"HIGH Dockerfile:2:1 .env.production"}},

		// A stage whose files do not get into the image.
		"builder":            {"FROM a:1 AS b\nWORKDIR /src\nCOPY .env ./\nFROM a:1\nCOPY --from=b /src/dist /app\n", []string{"MEDIUM Dockerfile:3:6 .env"}},
		"builder taken":      {"FROM a:1 AS b\nWORKDIR /src\nCOPY .env ./\nFROM a:1\nCOPY --from=b /src /app\n", []string{"HIGH Dockerfile:3:6 .env"}},
		"builder file":       {"FROM a:1 AS b\nCOPY .env /src/\nFROM a:1\nCOPY --from=b /src/.env /app/\n", []string{"HIGH Dockerfile:2:6 .env"}},
		"builder, all of it": {"FROM a:1 AS b\nCOPY .env ./\nFROM a:1\nCOPY --from=b / /app/\n", []string{"HIGH Dockerfile:2:6 .env"}},
		"base stage":         {"FROM a:1 AS b\nCOPY .env ./\nFROM b\n", []string{"HIGH Dockerfile:2:6 .env"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, secretFile, test.text, dockerfile.Options{})
			var got []string
			for _, f := range res.Findings {
				got = append(got, string(f.Severity)+" "+f.Location.String()+" "+f.Subject)
				if !strings.Contains(f.Message, "copies "+f.Subject+", which holds secrets") {
					t.Errorf("message %s", f.Message)
				}
				if (f.Severity == checks.Medium) != strings.Contains(f.Message, "leaves it in the build cache") {
					t.Errorf("%s: %s", f.Severity, f.Message)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for text, want := range map[string]string{
		"FROM a:1\nCOPY id_rsa /root/.ssh/\n":                               "Do not copy it: write RUN --mount=type=ssh",
		"-- Dockerfile --\nFROM a:1\nCOPY . .\n-- a/tls.key --\n" + private: "Add the line a/tls.key to .dockerignore, and let the orchestrator mount it at run time",
	} {
		if res := run(t, secretFile, text, dockerfile.Options{}); len(res.Findings) != 1 || !strings.HasPrefix(res.Findings[0].Fix, want) {
			t.Errorf("%+v, want %s", res.Findings, want)
		}
	}
}
