package source

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var unusedUser = Check{
	Rule: checks.Rule{
		ID:        "source/unused-user",
		Title:     "A user that is created is used",
		Severity:  checks.Medium,
		Why:       "A user that nothing switches to protects nothing: the author meant the application to run as that user, and it runs as root.",
		Fix:       "Switch to the user by USER, behind the instructions that need root, or do not create it.",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
	},
	Good: `
FROM debian:12.8-slim
RUN useradd --system app
USER app
`,
	Bad: `
FROM debian:12.8-slim
RUN useradd --system app
COPY --chown=app . /app
CMD ["/app/server"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		accounts := createdAccounts(s)
		if len(accounts) == 0 {
			return checks.Outcome{}
		}
		if in, name, _, ok := finalUser(s); in != nil && (!ok || !isRoot(name)) {
			return checks.Outcome{} // another one, or not known
		}
		if s.Final.Config.User == nil {
			image, _ := s.Final.Root().References[0].Image()
			if n, ok := parseImage(image); ok && isNonRoot(n) {
				return checks.Outcome{}
			}
		}
		st := starts.Of(s)
		if st.unseen || dropsRoot(s, st) {
			return checks.Outcome{}
		}
		var findings []checks.Finding
		for _, a := range accounts {
			if usedAtBuild(s, a) || slices.ContainsFunc(accounts, func(b account) bool { return a.name != b.name && usedAtBuild(s, b) }) {
				continue
			}
			f := checks.At(a.call.Location, "the user %s is created, and nothing switches to it: the image runs as root", a.name)
			f.Subject = a.name
			use := a.name
			if a.uid != "" {
				use = a.uid
			}
			f.Fix = fmt.Sprintf("Write USER %s behind the last instruction that needs root.", use)
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// runsAsOther reports whether a call is one by which a start, or a server, gives up
// root.
func runsAsOther(call dockerfile.Call) bool {
	return slices.ContainsFunc(call.Through, dockerfile.ChangesUser) || dockerfile.ChangesUser(call.Program())
}

// selfDropping are servers that give up root by themselves, to a user that their
// configuration or their options name.
var selfDropping = []string{"nginx", "httpd", "apache2", "apache2-foreground", "apachectl", "apache2ctl", "php-fpm", "haproxy", "supervisord", "sshd", "uwsgi", "memcached", "squid", "named", "dnsmasq", "crond", "cron", "postfix", "mysqld", "mysqld_safe", "rabbitmq-server", "redis-server", "unbound", "vsftpd", "chronyd", "ntpd", "dovecot", "varnishd", "tor", "exim", "systemd", "init"}

// dropsRoot reports whether the image may give up root without a USER.
func dropsRoot(s *dockerfile.Source, st *start) bool {
	for _, step := range st.steps {
		if runsAsOther(step.Call) || slices.Contains(selfDropping, step.Program()) || strings.HasPrefix(step.Program(), "php-fpm") {
			return true
		}
		if slices.ContainsFunc(step.Words[1:], func(w string) bool {
			return slices.ContainsFunc([]string{"--user", "--uid", "--setuid", "-u", "--chuid"}, func(o string) bool { return w == o || strings.HasPrefix(w, o+"=") })
		}) {
			return true
		}
	}
	// One that is installed is there to be used.
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			for _, call := range in.Calls {
				if p, ok := parsePackages(call); ok && p.system && slices.ContainsFunc(p.operands, func(o packageOperand) bool {
					return slices.Contains([]string{"gosu", "su-exec", "runit", "s6", "s6-overlay", "supervisor", "sudo"}, o.name)
				}) {
					return true
				}
			}
			if c, ok := in.Copy(); ok && slices.ContainsFunc(c.Sources, func(src dockerfile.Value) bool {
				base := path.Base(src.Text)
				return base == "gosu" || base == "su-exec" || strings.HasPrefix(base, "s6-")
			}) {
				return true
			}
			if strings.Contains(strings.Join(in.Text(), "\n"), "/gosu/releases/") {
				return true
			}
		}
	}
	return false
}

// usedAtBuild reports whether the image's stages do something as a user.
func usedAtBuild(s *dockerfile.Source, a account) bool {
	name := regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(a.name) + `($|[^\w.-])`)
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			if user, ok := in.Command.(*instructions.UserCommand); ok {
				value := in.Expand(user.User)
				who, _, _ := strings.Cut(value.Text, ":")
				if !value.Known || who == a.name || who == a.uid || isNumber(who) && a.uid == "" && !isRoot(who) {
					return true
				}
			}
			for _, call := range in.Calls {
				if runsAsOther(call) && name.MatchString(strings.Join(in.Text(), "\n")) {
					return true
				}
			}
		}
	}
	return false
}
