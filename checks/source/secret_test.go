package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSecret(t *testing.T) {
	// The values are put together here, so that no scanner takes them for real.
	aws, github, slack := "AKIA"+strings.Repeat("Q", 16), "ghp_"+strings.Repeat("a1", 18), "xoxb-"+strings.Repeat("1", 20)
	jwt := "eyJ" + strings.Repeat("a", 20) + ".eyJ" + strings.Repeat("b", 20) + ".c"
	random := "aB3dE" + "f9hIjK" + "2mNoP7" + "rStUv"
	found := []string{
		"ENV TOKEN_SIGNING_KEY=abc", "ENV SECRET_ENCRYPTION_KEY=abc", "ENV NEO4J_AUTH=neo4j/hunter2hunter", "ENV EMAIL_PASSWORD=abc", "ENV CACHE_PASSWORD=abc", "ENV DB_PASSWORD=op://", "ENV DB_PASSWORD='{{'", "LABEL traefik.routers.a.token=hunter2",
		"ENV DB_PASSWORD=vault:" + github,
		"ENV PASSWORD=hunter2", "ENV DB_PASSWORD=hunter2", "ENV dbPassword=hunter2", "ENV PGPASSWORD=hunter2",
		"ENV SECRET_KEY_BASE=x1", "ENV JWT_SECRET=x1", "ENV API_KEY=abc", "ENV STRIPE_API_KEY abc def", "ENV APIKEY=abc",
		"ENV PRIVATE_KEY=abc", "ENV AWS_SECRET_ACCESS_KEY=abc", "ENV GOOGLE_CREDENTIALS={}", "ENV SMTP_PASS=x", "ENV DB_PWD=x",
		"ENV NPM_TOKEN=abc", "ENV A=1 TOKEN=abc", "ENV NPM_CONFIG__AUTHTOKEN=abc", "ENV VAULT_SECRET_ID=abc", "ENV SSH_KEY=abc",
		"ENV ENCRYPTION_KEY=\"a b\"", "ENV PASSWORD=${PASSWORD:-changeme}",
		"ARG NPM_TOKEN", "ARG NPM_TOKEN=", "ARG GITHUB_TOKEN=abc", "ARG AWS_ACCESS_KEY_ID", "ARG SSH_PRIVATE_KEY",
		"LABEL com.example.password=hunter2", "LABEL note=" + github,
		"ENV X=" + aws, "ENV X=" + github, "ARG X=" + slack, "ENV X=" + jwt, "ENV KEY_URL=" + github,
		"ENV X=\"-----BEGIN RSA PRIVATE KEY-----\"", "ARG X=\"-----BEGIN PRIVATE KEY-----\"",
		"ENV DATABASE_URL=postgres://user:hunter2@db:5432/app", "ENV DATABASE_URL=redis://:hunter2@cache/0",
		"ARG HTTP_PROXY=http://user:hunter2@proxy:3128", "ENV DATABASE_URL=postgres://user:hunter2@$HOST/app",
		"ARG X=hunter2\nENV DB_PASSWORD=$X", "ENV DB='Server=db;User=a;Password=hunter2;'",
	}
	clean := []string{
		"ENV NODE_ENV=production PORT=3000 LOG_LEVEL=info", "ENV PATH=/app/bin:$PATH",
		"ENV JWT_SECRET_FILE=/run/secrets/jwt", "ENV DB_PASSWORD=/run/secrets/db", "ENV SECRET_PATH=x", "ENV TOKEN_URL=https://idp.example.com/token",
		"ENV DATABASE_URL=postgres://db:5432/app", "ENV DATABASE_URL=postgres://$USER:$PASSWORD@db/app", "ENV URL=http://a/b:c@d",
		"ENV PASSWORDLESS=on-by-default", "ENV TOKENIZERS_PARALLELISM=never", "ENV TOKENIZER_PATH=a", "ENV TOKENIZER_MODEL=gpt2",
		"ENV TOKEN_TTL=a TOKEN_EXPIRY=b TOKEN_EXPIRATION=c", "ENV PUBLIC_KEY=abc", "ENV JWT_PUBLIC_KEY=abc", "ENV NEXT_PUBLIC_API_KEY=abc",
		"ENV PASSWORD=", "ENV PASSWORD=\"\"", "ENV SECRET=true", "ENV MAX_TOKENS=many", "ENV TOKENS=4096", "ENV TOKEN_LIFETIME=30m", "ENV PASSWORD_RESET_TOKEN=24h",
		"ENV MYSQL_ALLOW_EMPTY_PASSWORD=sure", "ENV PASSWORD_MIN_LENGTH=x", "ENV SECRET_NAME=app", "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
		"ENV SORT_KEY=name", "ENV CACHE_KEY=v1", "ENV PWD=/app", "ENV OLD_PWD=x", "ENV COMPASS=north", "ENV SECRETARY=bob", "ENV KEYBOARD=de", "ENV MONKEY=see",
		"ENV AUTH_TYPE=oidc", "ENV PASSWORD=$PASSWORD", "ENV NPM_TOKEN=${NPM_TOKEN}", "ENV CREDENTIALS_FILE=x", "ENV EOS_TOKEN=</s>",
		"ARG TOKEN_FILE", "ARG REVISION=unknown", "ARG USE_SECRETS", "ARG PASSWORD_POLICY", "ARG SECRET=false", "ARG TOKEN_LIMIT", "ARG HTTP_PROXY",
		"LABEL org.opencontainers.image.source=https://example.com/a", "LABEL com.example.token.type=bearer", "LABEL description=\"sets the password\"",
		"RUN --mount=type=secret,id=token,env=TOKEN npm ci",
		// What looks random and is public, and what has a suspicious name and is plain.
		"ENV NODE_SHA=" + random, "ENV KEY_CHECKSUM=" + random, "ENV AUTH_DIGEST=" + random, "ENV COMMIT=" + random, "ARG AUTH_REVISION=" + random,
		"ENV GPG_KEY=" + random, "ENV RELEASE_GPG_KEYS='" + strings.Repeat("E3FF2839C048B25C084DEBE9B26995E310250568 ", 2) + "'",
		"ENV KEY=" + strings.Repeat("0123456789abcdef", 4), "ENV MAPS_KEY_ID=" + random, "ENV PUBLIC_AUTH=" + random, "ENV MINISIGN_KEY=" + random,
		"ENV SESSION=123e4567-e89b-12d3-a456-426614174000", "ENV INTEGRITY=sha512-" + random, "ENV KEY=sha256-" + random, "ENV BUILD=" + random,
		"ENV SORT_KEY=createdAtDescendingOrderV2", "ENV CACHE_KEYS=user,Session42,Account7,Order9", "ENV AUTH=oauth2-proxy-with-google-provider",
		"ENV KEY_PATTERN=" + random, "ENV COOKIE=SameSite=Strict", "ENV AUTH_BACKEND=app.auth.backends.ModelBackendV2x3Y", "ENV KEYMAP=" + random,
		"ENV BASE=debian:12@sha256:" + strings.Repeat("0123456789abcdef", 4), "ENV TOKENIZER_REVISION=" + random, "ENV TOKENIZERS_PARALLELISM=false",
		"ENV PASSWORDLESS_LOGIN=enabledForAll2Users4Ever", "ENV PYTHON_GET_PIP_SHA256=" + strings.Repeat("0123456789abcdef", 4), "ENV SSH_HOST_KEY_ALGORITHMS=ssh-ed25519",
		"ENV NGINX_GPGKEY=573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62", "ENV MONKEYS=" + random, "ENV DB='Server=db;Password=$DB_PASSWORD;'", "ENV A=1;B=2",
	}
	for _, line := range found {
		res := run(t, secret, "FROM a:1\n"+line+"\n", dockerfile.Options{})
		if res.Status != checks.Fail || len(res.Findings) != 1 {
			t.Errorf("%s: %s, %d findings", line, res.Status, len(res.Findings))
			continue
		}
		f := res.Findings[0]
		if f.Subject == "" || f.Location.Line < 2 {
			t.Errorf("%s: %+v", line, f)
		}
		for _, value := range []string{"hunter2", "changeme", aws, github, slack, jwt} {
			if strings.Contains(f.Message+f.Subject+f.Fix, value) {
				t.Errorf("%s: the value is shown: %+v", line, f)
			}
		}
	}
	for _, line := range clean {
		if res := run(t, secret, "FROM a:1\n"+line+"\n", dockerfile.Options{}); res.Status != checks.Pass {
			t.Errorf("%s: %+v", line, res.Findings)
		}
	}
	likely := []string{
		"ENV APP_AUTH=" + random, "ENV PASSWORD_SALT=" + random, "ENV MAPS_KEY=" + random, "ARG LICENSE=" + random, "ENV X_JWT=" + random,
	}
	for _, line := range likely {
		res := run(t, secret, "FROM a:1\n"+line+"\n", dockerfile.Options{})
		if len(res.Findings) != 1 || strings.Contains(res.Findings[0].Message, random) {
			t.Errorf("%s: %+v", line, res.Findings)
		}
	}
	if res := run(t, secret, "FROM a:1\nENV MAPS_KEY="+random+"\n", dockerfile.Options{}); res.Status != checks.Warn || !strings.Contains(res.Findings[0].Message, "looks like a secret") {
		t.Errorf("%+v", res)
	}
	for text, want := range map[string]string{
		"FROM a:1\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\n":          "--mount=type=secret,id=npm_token,env=NPM_TOKEN behind RUN in line 3, and build with --secret id=npm_token,env=NPM_TOKEN",
		"FROM a:1\nARG NPM_TOKEN\nRUN a \\\n && b ${NPM_TOKEN}\n": "behind RUN in line 3",
		"FROM a:1\nARG NPM_TOKEN\nRUN npm ci\n":                   "write RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN in front of the command that needs it",
	} {
		if res := run(t, secret, text, dockerfile.Options{}); len(res.Findings) != 1 || !strings.Contains(res.Findings[0].Fix, want) {
			t.Errorf("%q: %+v, want %s", text, res.Findings, want)
		}
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"reported once":        {"ARG NPM_TOKEN\nFROM a:1\nARG NPM_TOKEN\nENV NPM_TOKEN=$NPM_TOKEN\nFROM a:1\nARG NPM_TOKEN\n", []string{"Dockerfile:1:5 NPM_TOKEN"}},
		"each where it stands": {"FROM a:1\nENV A=1 \\\n    DB_PASSWORD=a \\\n    API_KEY=b\n", []string{"Dockerfile:3:5 DB_PASSWORD", "Dockerfile:4:5 API_KEY"}},
		"given value":          {"FROM a:1\nARG X\nENV DB_PASSWORD=$X\n", []string{"Dockerfile:3:5 DB_PASSWORD"}},
	} {
		var got []string
		for _, f := range run(t, secret, test.text, dockerfile.Options{BuildArgs: map[string]string{"X": "hunter2"}}).Findings {
			got = append(got, f.Location.String()+" "+f.Subject)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSecretPatterns compiles the patterns that are else compiled when a text
// hints at them.
func TestSecretPatterns(t *testing.T) {
	for _, f := range secretFormats {
		if f.pattern().MatchString("") {
			t.Errorf("%s: nothing is one", f.kind)
		}
	}
	for _, text := range secretTexts {
		if text.pattern().NumSubexp() < 1 {
			t.Errorf("%s: the pattern has no group for the secret", text.what)
		}
	}
}

// TestStandIn wants whole words: that a name has one in it says nothing.
func TestStandIn(t *testing.T) {
	for _, value := range []string{
		"postgres", "guest", "minioadmin", "wordpress", "somewordpress", "mysecretpassword", "my-secret-pw-test", "supersecret", "super_secret_key", "P@ssw0rd",
		"s3cr3t", "secret123", "abc123", "Admin1234", "testtest", "not-used", "notused", "dummy", "ChangeMe!", "!ChangeThisDefault!", "build-time-only", "root", "rootpassword", "12345678",
	} {
		if !StandsIn(value) {
			t.Errorf("%s is taken for a secret", value)
		}
	}
	for _, value := range []string{
		"Barcelona-91-Kx9q", "Tr0ub4dor", "hunter2", "correct-horse-battery", "kP3vR8-xq-Lm2-zT7", "monkey", "tokenize", "passage", "attestation", "123", "1243", "mythe", "",
		strings.Repeat("secret", 200) + "q",
	} {
		if StandsIn(value) {
			t.Errorf("%s is taken for one that everybody knows", value)
		}
	}
}

func TestTokenIn(t *testing.T) {
	for text, want := range map[string]bool{
		"aws_key=AKIA" + strings.Repeat("Q", 16): true,
		"AKIAIOSFODNN7" + "EXAMPLE":              false,
		"postgres://app:tr0ub4dor@db/app":        false,
		"ghp_" + strings.Repeat("x", 36):         false,
		"plain":                                  false,
	} {
		if _, ok := TokenIn(text); ok != want {
			t.Errorf("%s: %t", text, ok)
		}
	}
}
