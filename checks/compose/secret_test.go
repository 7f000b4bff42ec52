package compose

import (
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	app := func(settings string) string { return "services:\n  app:\n    build: .\n    " + settings + "\n" }
	judgeAll(t, secret, map[string]judgement{
		"mapping":                     {app("environment:\n      DB_PASSWORD: tr0ub4dor"), []string{"HIGH compose.yaml:5:7: service app has the variable DB_PASSWORD, which holds a secret, going by its name (value not shown)"}},
		"list":                        {app("environment:\n      - \"DB_PASSWORD=tr0ub4dor\""), []string{"HIGH compose.yaml:5:9: DB_PASSWORD"}},
		"URL":                         {app("environment: {DATABASE_URL: \"postgres://app:tr0ub4dor@db/app\"}"), []string{"HIGH compose.yaml:4:19: a URL with a password"}},
		"build argument":              {app("labels: {a: b}\n  web:\n    build:\n      context: .\n      args:\n        NPM_TOKEN: tr0ub4dor"), []string{"HIGH compose.yaml:9:9: build argument NPM_TOKEN"}},
		"label":                       {app("labels: [\"deploy.token=tr0ub4dor\"]"), []string{"HIGH compose.yaml:4:14: label deploy.token"}},
		"URL, known to all":           {app("environment: {DATABASE_URL: \"postgres://app:postgres@db/app\"}"), []string{"MEDIUM compose.yaml:4:19: a URL with a password"}},
		"known to all":                {app("environment: {POSTGRES_PASSWORD: postgres}"), []string{"MEDIUM compose.yaml:4:19: POSTGRES_PASSWORD"}},
		"known to all, in production": {"-- compose.prod.yaml --\n" + app("environment: {POSTGRES_PASSWORD: postgres}"), []string{"HIGH compose.prod.yaml:4:19: POSTGRES_PASSWORD"}},
		"by default":                  {app("environment: {POSTGRES_PASSWORD: \"${PG_PASSWORD:-tr0ub4dor}\"}"), []string{"MEDIUM compose.yaml:4:19: POSTGRES_PASSWORD"}},
		"token in development":        {"-- compose.dev.yaml --\n" + app("environment: {A: ghp_0123456789abcdefABCDEF0123456789abcd}"), []string{"HIGH compose.dev.yaml:4:19: a GitHub token"}},
		"production over development": {"-- compose.yaml --\n" + app("environment: {NODE_ENV: development, DB_PASSWORD: tr0ub4dor}") + "-- compose.prod.yaml --\nservices:\n  app:\n    environment: {DB_PASSWORD: hunter2hunter}\n",
			[]string{"HIGH compose.prod.yaml:3:19: DB_PASSWORD"}},

		"source that is only read":          {"services:\n  web: {image: \"nginx:1.27.2\", volumes: [\".:/usr/share/nginx/html:ro\"], environment: {DB_PASSWORD: tr0ub4dor}}\n", []string{"HIGH compose.yaml:2:87: DB_PASSWORD"}},
		"source in a database":              {"services:\n  db: {image: \"postgres:16.4\", volumes: [\".:/backup\"], environment: {POSTGRES_PASSWORD: tr0ub4dor}}\n", []string{"HIGH compose.yaml:2:70: POSTGRES_PASSWORD"}},
		"word in a word":                    {app("environment: {DB_PASSWORD: Barcelona-91-Kx9q}"), []string{"HIGH compose.yaml:4:19: DB_PASSWORD"}},
		"name of the user":                  {app("environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: shop}"), []string{"MEDIUM compose.yaml:4:40: POSTGRES_PASSWORD"}},
		"name of the database":              {app("environment: {MYSQL_DATABASE: shop, MYSQL_PASSWORD: Shop}"), []string{"MEDIUM compose.yaml:4:41: MYSQL_PASSWORD"}},
		"name of the image":                 {"services:\n  app: {image: \"hasura/graphql:1.2.3\", environment: {A_PASSWORD: graphql}}\n", []string{"MEDIUM compose.yaml:2:54: A_PASSWORD"}},
		"name of the user, URL":             {app("environment: {DATABASE_URL: \"postgres://shop:shop@db/shop\"}"), []string{"MEDIUM compose.yaml:4:19: a URL with a password"}},
		"name of another's user":            {app("environment: {OTHER: shop, POSTGRES_PASSWORD: shop}"), []string{"HIGH compose.yaml:4:32: POSTGRES_PASSWORD"}},
		"name of the user, in production":   {"-- compose.prod.yaml --\n" + app("environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: shop}"), []string{"HIGH compose.prod.yaml:4:40: POSTGRES_PASSWORD"}},
		"command":                           {app("command: [redis-server, --requirepass, Tr0ub4dor-91]"), []string{"HIGH compose.yaml:4:44: service app gives a secret to redis-server --requirepass in its command (value not shown)"}},
		"command of the image":              {"services:\n  cache:\n    image: redis:7.4.1\n    command: --requirepass Tr0ub4dor-91\n", []string{"HIGH compose.yaml:4:14: service cache gives a secret to redis --requirepass in its command"}},
		"URL in a command":                  {app("command: app --db postgres://app:Tr0ub4dor91@m/app"), []string{"HIGH compose.yaml:4:14: service app holds a URL with a password in its command"}},
		"entrypoint":                        {app("entrypoint: [sh, -c, \"redis-server --requirepass Tr0ub4dor-91\"]"), []string{"HIGH compose.yaml:4:26: in its entrypoint"}},
		"health check":                      {app("healthcheck: {test: mysqladmin ping -uroot -pTr0ub4dor91}"), []string{"HIGH compose.yaml:4:25: service app gives a secret to mysqladmin -p in its healthcheck.test"}},
		"health check of a shell":           {app("healthcheck: {test: [CMD-SHELL, redis-cli -a Tr0ub4dor91 ping]}"), []string{"HIGH compose.yaml:4:37: redis-cli -a"}},
		"health check, list":                {app("healthcheck: {test: [CMD, mysqladmin, ping, -pTr0ub4dor91]}"), []string{"HIGH compose.yaml:4:49: mysqladmin -p"}},
		"health check, known to all":        {app("healthcheck: {test: mysqladmin ping -proot}"), []string{"MEDIUM compose.yaml:4:25: mysqladmin -p"}},
		"command by default":                {app("command: \"redis-server --requirepass Tr0ub4dor-91 --port ${PORT:-6379}\""), []string{"HIGH compose.yaml:4:14: redis-server --requirepass"}},
		"token in a command":                {app("command: [app, --token, ghp_0123456789abcdefABCDEF0123456789abcd]"), []string{"HIGH compose.yaml:4:29: the file holds a GitHub token"}},
		"token in a command of development": {"-- compose.dev.yaml --\n" + app("command: [app, --token, ghp_0123456789abcdefABCDEF0123456789abcd]"), []string{"HIGH compose.dev.yaml:4:29: the file holds a GitHub token"}},
		"token in a config":                 {app("configs: [c]") + "configs:\n  c:\n    content: |\n      [default]\n      aws_access_key_id = AKIAQQQQQQQQQQQQQQQQ\n", []string{"HIGH compose.yaml:7:14: the file holds an AWS access key (value not shown)"}},
		"token in an extension":             {app("init: true") + "x-notes: ghp_0123456789abcdefABCDEF0123456789abcd\n", []string{"HIGH compose.yaml:5:10: the file holds a GitHub token"}},
		"token in two places":               {app("environment:\n      A: &t ghp_0123456789abcdefABCDEF0123456789abcd\n      B: *t"), []string{"HIGH compose.yaml:5:7: the variable A", "HIGH compose.yaml:6:7: the variable B"}},
		"Neo4j":                             {app("environment: {NEO4J_AUTH: neo4j/Tr0ub4dor-91}"), []string{"HIGH compose.yaml:4:19: NEO4J_AUTH, which holds the password of the user neo4j"}},
		"Neo4j, known to all":               {app("environment: {NEO4J_AUTH: neo4j/neo4j}"), []string{"MEDIUM compose.yaml:4:19: NEO4J_AUTH"}},
		"shared by two": {"x-e: &e {DB_PASSWORD: tr0ub4dor}\nservices:\n  web: {image: \"a:1\", environment: *e}\n  worker: {image: \"a:1\", environment: *e}\n",
			[]string{"HIGH compose.yaml:1:10: service web has"}},
		"base for development": {"-- compose.yaml --\n" + app("volumes: [\".:/app\"]\n    environment: {DB_PASSWORD: tr0ub4dor}") + "-- compose.prod.yaml --\nservices:\n  app:\n    volumes: !reset []\n",
			[]string{"HIGH compose.yaml:5:19: DB_PASSWORD, which holds a secret, going by its name (value not shown), in production as well: compose.prod.yaml leaves it so"}},
		"known to all in the base": {"-- compose.yaml --\n" + app("environment: {DB_PASSWORD: postgres}") + "-- compose.prod.yaml --\nservices:\n  app:\n    restart: always\n",
			[]string{"HIGH compose.yaml:4:19: in production as well"}},
		"base that blocks": {"-- compose.yaml --\n" + app("environment: {DB_PASSWORD: tr0ub4dor}") + "-- compose.prod.yaml --\nservices:\n  app:\n    restart: always\n",
			[]string{"HIGH compose.yaml:4:19: going by its name (value not shown)"}},

		"base for development alone":                 {text: "-- compose.yaml --\n" + app("profiles: [dev]\n    volumes: [\".:/app\"]\n    environment: {DB_PASSWORD: tr0ub4dor}") + "-- compose.prod.yaml --\nservices:\n  app:\n    volumes: !reset []\n"},
		"taken away for production":                  {text: "-- compose.yaml --\n" + app("volumes: [\".:/app\"]\n    environment: {DB_PASSWORD: tr0ub4dor}") + "-- compose.prod.yaml --\nservices:\n  app:\n    environment: !override {DB_USER: a}\n"},
		"variable":                                   {text: app("environment: {A_PASSWORD: \"$PASSWORD\", B_PASSWORD: \"${P:?}\", C_PASSWORD: \"${P}\", D_PASSWORD: \"${P:-}\"}")},
		"URL of variables":                           {text: app("environment: {DATABASE_URL: \"postgres://app:${DB_PASSWORD:?}@db/app\"}")},
		"passed through":                             {text: app("environment: [DB_PASSWORD]")},
		"without value":                              {text: app("environment: {DB_PASSWORD: }")},
		"a file":                                     {text: app("environment: {DB_PASSWORD_FILE: /run/secrets/db}")},
		"settings":                                   {text: app("environment: {PASSWORD_MIN_LENGTH: 12, TOKEN_TTL: 3600, MYSQL_ALLOW_EMPTY_PASSWORD: \"yes\", TOKENIZERS_PARALLELISM: \"false\"}")},
		"development":                                {text: "-- compose.override.yaml --\n" + app("environment: {DB_PASSWORD: tr0ub4dor}")},
		"development, going by what it runs":         {text: app("develop: {watch: []}\n    environment: {DATABASE_URL: \"postgres://a:b@db/a\"}")},
		"development, going by what is mounted":      {text: "services:\n  app: {build: ./docker/php, volumes: [\".:/var/www/html\"]}\n  db: {image: \"mysql:8.4.3\", environment: {MYSQL_PASSWORD: tr0ub4dor}}\n"},
		"development in an image":                    {text: "services:\n  app: {image: \"node:20.18.0\", volumes: [\"./:/app\"], environment: {DB_PASSWORD: tr0ub4dor}}\n"},
		"development, the directory by its variable": {text: app("volumes: [\"${PWD}:/app\"]\n    environment: {DB_PASSWORD: tr0ub4dor}")},
		"references":                                 {text: app("environment: {DB_PASSWORD: \"op://Prod/db/credential\", API_TOKEN: \"vault:kv/a#id\", A_SECRET: \"{{ secret }}\"}")},
		"names of labels":                            {text: app("labels: {traefik.http.routers.tokens.entrypoints: websecure, traefik.http.routers.secrets.rule: \"Host(`a.example`)\"}")},
		"a test":                                     {text: "-- docker-compose.test.yml --\n" + app("environment: {DB_PASSWORD: tr0ub4dor}")},
		"dollar sign":                                {text: app("environment: {A: $$HOME}")},
	})
	for name, test := range map[string]struct{ text, want string }{
		"variable":           {app("environment: {JWT_SECRET: tr0ub4dor}"), "JWT_SECRET: ${JWT_SECRET:?}"},
		"variable of a file": {app("environment: {POSTGRES_PASSWORD: tr0ub4dor}"), "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password"},
		"build argument":     {"services:\n  app:\n    build: {context: ., args: {NPM_TOKEN: tr0ub4dor}}\n", "build.secrets and environment: NPM_TOKEN"},
		"label":              {app("labels: {deploy.token: tr0ub4dor}"), "${DEPLOY_TOKEN:?}"},
	} {
		res := run(t, secret, test.text)
		if len(res.Findings) != 1 || !strings.Contains(res.Findings[0].Fix, test.want) {
			t.Errorf("%s: %+v, want a fix with %s", name, res.Findings, test.want)
		}
	}
}
