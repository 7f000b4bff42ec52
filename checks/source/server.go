package source

import (
	"path"
	"slices"
	"strings"
)

// tool returns a command line without what only looks the program up in a
// project: bundle exec, npx, poetry run, python -m and the like. The program is
// without its directory; of an interpreter and its file, it is the file.
func tool(words []string) []string {
	for range maxScripts {
		if len(words) == 0 {
			return nil
		}
		program, rest := path.Base(words[0]), words[1:]
		words = slices.Concat([]string{program}, rest)
		next := func(sub ...string) bool { return len(rest) > 1 && slices.Contains(sub, rest[0]) }
		switch {
		case program == "npx" || program == "bunx" || program == "pnpx":
			if rest = behindOptions(rest, "-p", "--package", "-w"); len(rest) == 0 {
				return words
			}
		case slices.Contains([]string{"bundle", "bundler", "pnpm", "npm", "yarn"}, program) && next("exec", "x", "dlx"),
			slices.Contains([]string{"poetry", "pipenv", "pdm", "uv", "rye", "hatch", "conda", "micromamba"}, program) && next("run"),
			program == "bun" && next("x"):
			if rest = behindOptions(rest[1:], "-n", "--name", "-p", "--prefix", "--group", "--extra", "--with", "--python", "--directory", "--project", "--package", "--env-file"); len(rest) == 0 {
				return words
			}
		case isPython(program) && len(rest) > 1 && rest[0] == "-m":
			rest = rest[1:]
		case isPython(program) || slices.Contains([]string{"ruby", "php", "node", "nodejs"}, program):
			file := behindOptions(rest, "-W", "-X", "-d", "-c", "-r", "--require", "--import", "-I")
			if len(file) == 0 || len(file) < len(rest) && slices.ContainsFunc(rest[:len(rest)-len(file)], evaluates) {
				return words
			}
			if ext := path.Ext(file[0]); slices.Contains([]string{".js", ".mjs", ".cjs", ".rb", ".php"}, ext) || ext == ".py" && !slices.Contains(adminScripts, path.Base(file[0])) {
				return words
			}
			rest = file
		case program == "yarn" && len(rest) > 0 && slices.Contains(projectTools, rest[0]):
		default:
			return words
		}
		words = rest
	}
	return words
}

// adminScripts are Python files that are programs of their framework.
var adminScripts = []string{"manage.py"}

// projectTools are programs that yarn runs by their names alone.
var projectTools = []string{"prisma", "knex", "sequelize", "sequelize-cli", "typeorm", "drizzle-kit", "next", "nest"}

func isPython(program string) bool {
	rest, ok := strings.CutPrefix(program, "python")
	return ok && strings.Trim(rest, "0123456789.") == ""
}

// evaluates reports whether an option gives an interpreter its program as text.
func evaluates(option string) bool {
	return slices.Contains([]string{"-c", "-e", "-r", "-p", "--eval", "--print", "--run"}, option)
}

// behindOptions returns the words behind the options at their head, of which these
// take the next word as their value.
func behindOptions(words []string, valued ...string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		if words[0] == "--" {
			return words[1:]
		}
		n := 1
		if slices.Contains(valued, words[0]) {
			n = 2
		}
		words = words[min(n, len(words)):]
	}
	return words
}

// servers are programs that run until they are stopped, serversWith those that do
// where they are given one of the words.
var (
	servers = []string{
		"nginx", "openresty", "httpd", "apache2", "apache2-foreground", "caddy", "traefik", "haproxy", "envoy", "varnishd", "squid",
		"gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi", "granian", "puma", "unicorn", "thin", "sidekiq",
		"redis-server", "valkey-server", "postgres", "mysqld", "mysqld_safe", "mariadbd", "mongod", "memcached", "rabbitmq-server", "nats-server",
		"cron", "crond", "sshd", "supervisord", "dockerd", "containerd", "named", "dnsmasq", "rsyslogd", "syslogd", "syslog-ng",
		"fluentd", "fluent-bit", "filebeat", "telegraf", "prometheus", "node_exporter", "postfix", "nodemon", "pm2-runtime", "php-fpm", "ts-node",
	}
	serversWith = map[string][]string{
		"celery": {"worker", "beat", "flower"}, "rails": {"server", "s"}, "flask": {"run"}, "streamlit": {"run"}, "fastapi": {"run", "dev"},
		"manage.py": {"runserver", "rqworker", "qcluster"}, "artisan": {"serve", "queue:work", "queue:listen", "schedule:work", "octane:start", "horizon"},
		"npm": {"start"}, "yarn": {"start"}, "pnpm": {"start"}, "next": {"start"}, "nest": {"start"}, "rq": {"worker"}, "dramatiq": {""},
		"airflow": {"webserver", "scheduler", "worker", "api-server"}, "vault": {"server"}, "consul": {"agent"}, "minio": {"server"}, "java": {"-jar"},
		"apachectl": {"-DFOREGROUND", "FOREGROUND"}, "apache2ctl": {"-DFOREGROUND", "FOREGROUND"}, "httpd-foreground": {""},
	}
)

// serves returns the program of a command line if it is known to run until it is
// stopped; empty if that is not known.
func serves(words []string) string {
	words = tool(words)
	if len(words) == 0 || slices.Contains(words, "--version") || slices.Contains(words, "--help") {
		return ""
	}
	program := words[0]
	name := program
	if version, ok := strings.CutPrefix(name, "php-fpm"); ok && strings.Trim(version, "0123456789.-") == "" {
		name = "php-fpm"
	}
	if program == "nginx" && slices.ContainsFunc(words[1:], func(w string) bool { return slices.Contains([]string{"-t", "-T", "-v", "-V", "-s"}, w) }) {
		return ""
	}
	if slices.Contains(servers, name) {
		return program
	}
	if with, ok := serversWith[name]; ok && (with[0] == "" || slices.ContainsFunc(words[1:], func(w string) bool { return slices.Contains(with, w) })) {
		return program
	}
	return ""
}

// daemonizes returns the service that a command line leaves running when it
// returns; empty if it is none.
func daemonizes(words []string) string {
	program, args := path.Base(words[0]), words[1:]
	has := func(options ...string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(options, a) })
	}
	switch {
	case program == "service" && len(args) > 1 && (args[1] == "start" || args[1] == "restart"):
		return args[0]
	case path.Dir(words[0]) == "/etc/init.d" && has("start", "restart"):
		return program
	case program == "rc-service" && len(args) > 1 && has("start", "restart"):
		return args[0]
	case program == "systemctl" && len(args) > 1 && (args[0] == "start" || args[0] == "restart"):
		return args[1]
	case program == "apachectl" || program == "apache2ctl":
		if has("start", "restart") || len(args) == 0 {
			return program
		}
	case serves(words) == "php-fpm" || strings.HasPrefix(program, "php-fpm"):
		if has("-D", "--daemonize") {
			return program
		}
	case program == "nginx":
		if serves(words) != "" && !slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, "daemon off") }) {
			return program
		}
	case program == "redis-server" || program == "valkey-server":
		if at := slices.Index(args, "--daemonize"); at >= 0 && at+1 < len(args) && args[at+1] == "yes" {
			return program
		}
	case program == "cron" || program == "crond":
		if !has("-f", "-n", "-x") && !slices.ContainsFunc(args, func(a string) bool { return isLetters(a) && strings.ContainsAny(a, "fn") }) {
			return program
		}
	case program == "sshd":
		if !slices.ContainsFunc(args, func(a string) bool { return isLetters(a) && strings.ContainsAny(a, "Dti") }) {
			return "sshd"
		}
	case program == "gunicorn" && has("-D", "--daemon"):
		return program
	}
	return ""
}
