package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSecretInCommand(t *testing.T) {
	// The values are put together here, so that no scanner takes them for real.
	github := "ghp_" + strings.Repeat("a1", 18)
	const secret = "c0rrecthorse"
	found := map[string]string{
		`RUN curl -H "Authorization: Bearer ` + github + `" https://a/b`:                 "holds a GitHub token",
		`RUN curl -H "Authorization: Bearer ` + secret + `" https://a/b`:                 "holds an Authorization header",
		`RUN curl -H 'PRIVATE-TOKEN: ` + secret + `' https://a/b`:                        "holds a header with a token",
		`RUN wget --header="X-Api-Key: ` + secret + `" https://a/b`:                      "holds a header with a token",
		`RUN curl -u user:` + secret + ` https://a/b`:                                    "gives a secret to curl -u",
		`RUN curl --user user:` + secret + ` https://a/b`:                                "gives a secret to curl --user",
		`RUN wget --password=` + secret + ` https://a/b`:                                 "gives a secret to wget --password",
		`RUN npm config set //registry.npmjs.org/:_authToken=` + secret:                  "holds a token for the npm registry",
		`RUN npm config set //registry.npmjs.org/:_authToken ` + secret:                  "holds a token for the npm registry",
		`RUN echo "//npm.example.com/:_authToken=` + secret + `" > .npmrc && npm ci`:     "holds a token for the npm registry",
		`RUN yarn config set npmAuthToken ` + secret:                                     "gives a secret to the setting npmAuthToken",
		`RUN git clone https://user:` + secret + `@git.example.org/a.git`:                "holds a URL with a password",
		`RUN git clone https://` + github + `@github.com/a/b`:                            "holds a GitHub token",
		`RUN pip install --index-url https://ci:` + secret + `@pypi.corp/simple a`:       "holds a URL with a password",
		`RUN mysql -uroot -p` + secret + ` -e "SELECT 1"`:                                "gives a secret to mysql -p",
		`RUN mysql -pSecret -e "SELECT 1"`:                                               "gives a secret to mysql -p",
		`RUN mysqladmin --password=` + secret + ` ping`:                                  "gives a secret to mysqladmin --password",
		`RUN echo "machine git.corp login ci password ` + secret + `" > ~/.netrc`:        "holds the password of a .netrc",
		`RUN echo -e "machine git.corp\nlogin ci\npassword ` + secret + `" > ~/.netrc`:   "holds the password of a .netrc",
		"RUN <<E\ncat > ~/.netrc <<F\nmachine a login b password " + secret + "\nF\nE":   "holds the password of a .netrc",
		"COPY <<E /root/.netrc\nmachine a login b password " + secret + "\nE":            "holds the password of a .netrc",
		`RUN aws configure set aws_secret_access_key ` + secret:                          "holds an AWS secret key",
		`RUN sshpass -p ` + secret + ` scp a b:c`:                                        "gives a secret to sshpass -p",
		`RUN docker login -u ci -p ` + secret + ` registry.corp`:                         "gives a secret to docker -p",
		`RUN composer config http-basic.repo.corp ci ` + secret:                          "gives a secret to the setting http-basic.repo.corp",
		`RUN bundle config set --global gems.corp ci:` + secret:                          "gives a secret to the setting gems.corp",
		`RUN poetry config pypi-token.corp ` + secret:                                    "gives a secret to the setting pypi-token.corp",
		`RUN openssl req -passout pass:` + secret + ` -out a`:                            "gives a secret to openssl -passout",
		`RUN htpasswd -bc /etc/nginx/.htpasswd admin ` + secret:                          "gives a secret to htpasswd -bc",
		"RUN echo 'root:root' | chpasswd\nFROM b:1":                                      "holds the password of root",
		`RUN echo "app:` + secret + `" | sudo chpasswd` + "\nFROM b:1":                   "holds the password of app",
		"RUN useradd -p " + secret + " app\nFROM b:1":                                    "gives a secret to useradd -p",
		`CMD ["sh", "-c", "echo app:` + secret + ` | chpasswd"]`:                         "holds the password of app",
		`RUN NPM_TOKEN=` + secret + ` npm ci`:                                            "sets NPM_TOKEN to a secret",
		`RUN export DB_PASSWORD=hunter2 && ./migrate`:                                    "sets DB_PASSWORD to a secret",
		`RUN echo "API_KEY=` + secret + `" >> /app/.env`:                                 "gives a secret to echo API_KEY",
		`CMD ["redis-server", "--requirepass", "` + secret + `"]`:                        "gives a secret to redis-server --requirepass",
		`ENTRYPOINT ["/app", "--token=` + secret + `"]`:                                  "gives a secret to app --token",
		`HEALTHCHECK CMD curl -fu admin:x -u admin:` + secret + ` http://localhost/ping`: "gives a secret to curl -u",
		`CMD exec worker --broker amqp://ci:` + secret + `@mq/app`:                       "holds a URL with a password",
		`ADD https://ci:` + secret + `@files.corp/a.tgz /a.tgz`:                          "holds a URL with a password",
		"SHELL [\"pwsh\", \"-c\"]\nRUN Fetch -Token " + github:                           "holds a GitHub token",
	}
	for text, want := range found {
		res := run(t, secretInCommand, "FROM a:1\n"+text+"\n", dockerfile.Options{})
		if res.Status != checks.Fail || len(res.Findings) != 1 {
			t.Errorf("%s: %s, %+v", text, res.Status, res.Findings)
			continue
		}
		f := res.Findings[0]
		if !strings.Contains(f.Message, want) || !strings.HasSuffix(f.Message, "(value not shown)") {
			t.Errorf("%s: %s, want %s", text, f.Message, want)
		}
		for _, value := range []string{secret, github, "hunter2"} {
			if strings.Contains(f.Message+f.Fix+f.Subject, value) {
				t.Errorf("%s: the value is shown: %+v", text, f)
			}
		}
		if f.Location.Line < 2 || f.Location.Column < 1 {
			t.Errorf("%s: at %+v", text, f.Location)
		}
	}

	clean := []string{
		// source/account-password reports these.
		`RUN echo 'root:root' | chpasswd`, `RUN echo "app:` + secret + `" | sudo chpasswd`, `RUN usermod -p ` + secret + ` app`,
		`RUN npm ci`, `RUN --mount=type=secret,id=t,env=T curl -H "Authorization: Bearer $T" https://a/b`,
		`RUN --mount=type=secret,id=t curl -H "Authorization: Bearer $(cat /run/secrets/t)" https://a/b`,
		`RUN curl -H "Authorization: token ${TOKEN}" https://a/b`, `RUN curl -u "$USER:$PASS" https://a/b`, `RUN curl -u user https://a/b`,
		`RUN curl -fsSL https://a/b -o /c && curl -U https://a`, `RUN echo "//registry.npmjs.org/:_authToken=\${NPM_TOKEN}" > .npmrc`,
		`RUN echo '//registry.npmjs.org/:_authToken=${NPM_TOKEN}' > .npmrc`, `RUN npm config set //r/:_authToken "$NPM_TOKEN"`,
		`RUN git clone https://oauth2:$TOKEN@git.example.org/a.git`, `RUN git clone https://x-access-token:$(cat /run/secrets/t)@github.com/a/b`,
		`RUN git clone git@github.com:a/b.git`, `RUN git config --global url."https://${TOKEN}:x-oauth-basic@github.com/".insteadOf "https://github.com/"`,
		`RUN DATABASE_URL=postgres://user:password@localhost/db npx prisma generate`,
		`RUN SECRET_KEY=dummy python manage.py collectstatic --noinput`, `RUN SECRET_KEY_BASE=1 rails assets:precompile`,
		`RUN SECRET_KEY_BASE_DUMMY=1 ./bin/rails assets:precompile`, `RUN DJANGO_SECRET_KEY=not-used-here python manage.py compress`,
		`RUN SECRET_KEY=build-only-value python manage.py collectstatic`, `RUN export TOKEN="$(cat /run/secrets/token)" && fetch`,
		`RUN adduser --disabled-password --gecos "" app`, `RUN adduser -D -H app && passwd -l root`, `RUN useradd -p '*' app`, `RUN mkdir -p /etc/secrets`,
		`RUN mysql -p < dump.sql`, `RUN mysql -u root -p"$MYSQL_PASSWORD" -e x`, `RUN docker run -p 8080:80 a`, `RUN docker login --password-stdin registry.corp`,
		`RUN docker build --secret id=npmrc,src=.npmrc .`, `RUN cp -p a b && install -p a b`, `RUN gpg --batch --passphrase '' --quick-gen-key a`,
		`RUN keytool -importcert -cacerts -storepass changeit -noprompt -file /ca.crt`, `RUN openssl req -passout pass:$PASS`, `RUN openssl enc -pass file:/run/secrets/p`,
		`RUN echo "$USER:$PASS" | chpasswd`, `RUN grep -r 'password=abcdefgh' /etc`, `RUN sed -i 's/password=.*/password=abcdefgh/' a`,
		`RUN app --token-file /run/secrets/token --token-ttl=300s --password-policy=strict12`, `RUN app --token $TOKEN`, `RUN app --token --verbose`,
		`RUN pip download --require-hashes a --hash=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad`,
		`RUN gpg --recv-keys E3FF2839C048B25C084DEBE9B26995E310250568`, `RUN echo "ba7816bf8f01cfea  a.tgz" | sha256sum -c`,
		`RUN curl "https://a/b?token=${TOKEN}"`, `CMD ["app", "--api-key=${API_KEY}"]`, `CMD ["sh", "-c", "app --token \"$TOKEN\""]`,
		`RUN printf 'machine a login b password %s\n' "$P" > ~/.netrc`, `RUN printf "https://%s:%s@github.com\n" "$U" "$T" > ~/.git-credentials`,
		`RUN vault login -method=aws`, `RUN echo "usage: app --password PASSWORD" > /usage`, `RUN make PASSWORD_FILE=/run/secrets/p`,
		`RUN TOKENIZERS_PARALLELISM=neverever python -c 1`, `RUN curl -H "Authorization: Bearer <your token>" https://a`,
		`RUN curl -H "X-Api-Key: your-api-key-here" https://a`, `RUN composer config -g github-oauth.github.com $TOKEN`,
		`# RUN curl -u a:c0rrecthorse https://a`, `RUN a \` + "\n" + `# curl -u a:https://u:c0rrecthorse@b` + "\n b",
		`COPY <<E /root/.npmrc` + "\n" + `//registry.npmjs.org/:_authToken=\${NPM_TOKEN}` + "\nE",
	}
	for _, text := range clean {
		if res := run(t, secretInCommand, "FROM a:1\n"+text+"\n", dockerfile.Options{}); res.Status != checks.Pass {
			t.Errorf("%s: %+v", text, res.Findings)
		}
	}
}

func TestSecretInCommandPlaces(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"each once": {"FROM a:1\nRUN curl -u a:c0rrecthorse https://x \\\n && curl -H 'Authorization: Bearer c1rrecthorse' https://y\n",
			[]string{"Dockerfile:2:15-27", "Dockerfile:3:36-48"}},
		"joined":            {"FROM a:1\nRUN a && mysql -pc0rrecthorse -e x\n", []string{"Dockerfile:2:10-35"}},
		"stage not used":    {"FROM a:1\nRUN sshpass -p c0rrecthorse a\nFROM b:1\n", []string{"Dockerfile:2:16-28"}},
		"trigger only once": {"FROM a:1 AS b\nONBUILD RUN git clone https://u:c0rrecthorse@h/a\nFROM b\n", []string{"Dockerfile:2:23-46"}},
	} {
		var got []string
		for _, f := range run(t, secretInCommand, test.text, dockerfile.Options{}).Findings {
			got = append(got, f.Location.String()+"-"+strings.TrimPrefix(checks.Location{Line: 1, Column: f.Location.EndColumn}.String(), ":1:"))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	fixes := map[string]string{
		"RUN npm config set //r/:_authToken=c0rrecthorse":         "--mount=type=secret,id=npmrc,target=/root/.npmrc",
		"RUN git clone https://u:c0rrecthorse@h/a":                "--mount=type=ssh git clone",
		"CMD [\"app\", \"--token=c0rrecthorse\"]":                 "at run time",
		"RUN app --token=c0rrecthorse":                            "--mount=type=secret,id=token,env=TOKEN",
		"COPY <<E /root/.a\nhttps://u:c0rrecthorse@h/a\nE":        "--mount=type=secret,id=file,target=/root/.a",
		"RUN echo 'machine a login b password c0rrec' > ~/.netrc": "target=/root/.netrc",
	}
	for text, want := range fixes {
		res := run(t, secretInCommand, "FROM a:1\n"+text+"\n", dockerfile.Options{})
		if len(res.Findings) != 1 || !strings.Contains(res.Findings[0].Fix, want) {
			t.Errorf("%s: %+v, want %s", text, res.Findings, want)
		}
	}
}

func TestMayHoldSecret(t *testing.T) {
	for command, want := range map[string]bool{
		"":                                     false,
		"npm ci && npm run build --if-present": false,
		"TOKEN=$TOKEN PASSWORD_FILE=/run/secrets/password make": false,
		"git clone https://git.example.org/me/x":                false,
		"git clone https://me:f3b1c9d7@git.example.org/x":       true,
		"curl -u me:f3b1c9d7 https://x.y":                       true,
		"make && deploy --password f3b1c9d7":                    true,
		"export 'API_TOKEN=f3b1c9d7e2'":                         true,
		"curl -H 'Authorization: Bearer f3b1c9d7e2'":            true,
		"not ( shell, DB_PASSWORD=f3b1c9d7e2":                   true,
		strings.Repeat("a ", 40<<10):                            true,
		strings.Repeat("(", 60<<10):                             false,
		strings.Repeat("a;", 30<<10):                            false,
	} {
		if got := MayHoldSecret(command); got != want {
			t.Errorf("%.60q: %t, want %t", command, got, want)
		}
	}
}
