package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestSeveralProcesses(t *testing.T) {
	sh := func(script string) string { return "FROM a:1\nCMD [\"sh\", \"-c\", \"" + script + "\"]\n" }
	file := func(script string) string {
		return "-- Dockerfile --\nFROM a:1\nCOPY start.sh /\nCMD [\"/start.sh\"]\n-- start.sh --\n#!/bin/bash\n" + script
	}
	supervisor := func(conf string) string {
		return "-- Dockerfile --\nFROM a:1\nCOPY docker/supervisord.conf /etc/supervisor/conf.d/app.conf\nCMD [\"supervisord\", \"-n\", \"-c\", \"/etc/supervisor/conf.d/app.conf\"]\n-- docker/supervisord.conf --\n" + conf
	}
	judgeAll(t, severalProcesses, map[string]judgement{
		"background and main": {text: sh("celery -A app worker & exec gunicorn app"), status: checks.Warn, finding: "2: CMD starts several processes in one container: celery, gunicorn"},
		"interpreters":        {text: sh("node worker.js & node server.js"), status: checks.Warn, finding: "2: node, node"},
		"shell form":          {text: "FROM a:1\nCMD nginx && gunicorn app\n", status: checks.Warn, finding: "2:5: nginx, gunicorn"},
		"daemons":             {text: file("php-fpm -D\nnginx\n"), status: checks.Warn, finding: "start.sh:2:1: CMD starts several processes in one container: php-fpm, nginx"},
		"service and tail":    {text: file("service nginx start\ntail -f /var/log/nginx/access.log\n"), status: checks.Warn, finding: "start.sh:2:1: nginx, tail"},
		"cron":                {text: file("cron\nexec python app.py\n"), status: checks.Warn, finding: "start.sh:2:1: cron, python"},
		"waits for any":       {text: file("./a &\n./b &\nwait -n\n"), status: checks.Warn, finding: "start.sh:2:1: a, b"},
		"entrypoint and CMD":  {text: "-- Dockerfile --\nFROM a:1\nCOPY start.sh /\nENTRYPOINT [\"/start.sh\"]\nCMD [\"app\"]\n-- start.sh --\n#!/bin/sh\ncrond\nexec \"$@\"\n", status: checks.Warn, finding: "start.sh:2:1: ENTRYPOINT starts several"},

		"one":                  {text: sh("exec gunicorn app"), status: checks.Pass},
		"one in foreground":    {text: sh("nginx -g 'daemon off;'"), status: checks.Pass},
		"one daemon":           {text: sh("envsubst < a > b && nginx"), status: checks.Pass},
		"one in background":    {text: sh("node server.js & wait"), status: checks.Pass}, // source/exec
		"tini":                 {text: "FROM a:1\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"sh\", \"-c\", \"celery worker & exec gunicorn app\"]\n", status: checks.Pass},
		"s6":                   {text: "FROM a:1\nENTRYPOINT [\"/init\"]\nCMD [\"sh\", \"-c\", \"celery worker & exec gunicorn app\"]\n", status: checks.Pass},
		"foreground cron":      {text: sh("exec cron -f"), status: checks.Pass},
		"unknown helper":       {text: sh("./warm-up & exec gunicorn app"), status: checks.Pass},
		"short helper":         {text: sh("(sleep 5; curl localhost/warm) & exec gunicorn app"), status: checks.Pass},
		"done once":            {text: sh("python manage.py collectstatic & node wait.js & exec gunicorn app"), status: checks.Pass},
		"stopped again":        {text: file("mysqld --skip-networking &\nmysql < init.sql\nmysqladmin shutdown\nexec mysqld\n"), status: checks.Pass},
		"killed again":         {text: file("redis-server &\npid=$!\nseed\nkill $pid\nexec redis-server\n"), status: checks.Pass},
		"where asked for":      {text: file("if [ -n \"$WITH_WORKER\" ]; then\n  celery worker &\nfi\nexec gunicorn app\n"), status: checks.Pass},
		"one or the other":     {text: file("case $1 in\nweb) exec gunicorn app ;;\n*) exec celery worker ;;\nesac\n"), status: checks.Pass},
		"tests the conf first": {text: sh("nginx -t && exec nginx -g 'daemon off;'"), status: checks.Pass},
		"at build time":        {text: "FROM a:1\nRUN service mysql start && mysql < a.sql\nCMD [\"app\"]\n", status: checks.Pass},
		"other stage":          {text: "FROM a:1 AS dev\nCMD [\"sh\", \"-c\", \"celery worker & exec gunicorn app\"]\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"nothing":              {text: "FROM a:1\n", status: checks.Pass},

		"supervisord for one":   {text: supervisor("[supervisord]\nnodaemon=true\n[program:web]\ncommand=gunicorn app\n"), status: checks.Warn, finding: "3:1: supervisord runs web alone, by docker/supervisord.conf"},
		"supervisord for two":   {text: supervisor("[program:web]\n[program:worker]\n"), status: checks.Pass},
		"supervisord, includes": {text: supervisor("[program:web]\n[include]\nfiles=/etc/x/*.conf\n"), status: checks.Pass},
		"supervisord, unseen":   {text: "FROM a:1\nCMD [\"supervisord\", \"-n\"]\n", status: checks.Pass},
	})
	for command, want := range map[string]string{
		"service nginx start": "nginx", "/etc/init.d/cron start": "cron", "systemctl start redis": "redis", "apachectl start": "apachectl",
		"php-fpm8.2 -D": "php-fpm8.2", "redis-server --daemonize yes": "redis-server", "nginx": "nginx", "cron": "cron", "/usr/sbin/sshd": "sshd",
		"service nginx stop": "", "apachectl -DFOREGROUND": "", "php-fpm -F": "", "redis-server": "", "nginx -s reload": "", "crond -f -l 8": "",
		"crond -fl 8": "", "/usr/sbin/sshd -D": "", "/usr/sbin/sshd -De": "", "echo service nginx start": "",
	} {
		if got := daemonizes(strings.Fields(command)); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}
