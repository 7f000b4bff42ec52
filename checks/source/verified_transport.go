package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var verifiedTransport = Check{
	Rule: checks.Rule{
		ID:        "source/verified-transport",
		Title:     "No download or install turns off the check of certificates or signatures",
		Severity:  checks.High,
		Why:       "Without that check whoever sits between the build and the server decides what gets into the image, and nothing in the log shows it.",
		Fix:       "Remove the option. For a server with a certificate of its own, COPY the certificate of its authority and run update-ca-certificates; for a repository, add its signing key.",
		Reference: "https://docs.docker.com/engine/network/ca-certs/",
		Aliases: []string{
			"CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_5", "CKV2_DOCKER_6", "CKV2_DOCKER_7", "CKV2_DOCKER_8",
			"CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_11", "CKV2_DOCKER_12", "CKV2_DOCKER_13", "CKV2_DOCKER_14",
			"CKV2_DOCKER_15", "CKV2_DOCKER_16", "CIS-4.11",
		},
		Differs: "CKV2_DOCKER_2, CKV2_DOCKER_3: a request to the container itself passes. CKV2_DOCKER_7, CKV2_DOCKER_9, CKV2_DOCKER_10: a package file that is there already passes, since source/verified-download judges how it came there.",
	},
	Good: `
FROM debian:12-slim
COPY corporate-ca.crt /usr/local/share/ca-certificates/
RUN update-ca-certificates && curl -fsSLo /srv/data.json https://example.com/data.json
`,
	Bad: `
FROM debian:12-slim
ENV NODE_TLS_REJECT_UNAUTHORIZED=0
RUN curl -fsSLk -o /srv/data.json https://example.com/data.json
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				findings = append(findings, unverifiedVariables(in)...)
				findings = append(findings, unverifiedHosts(in)...)
				if in.Keyword != "RUN" {
					continue
				}
				for _, call := range in.Calls {
					option, consequence := unverifiedOption(call)
					if option == "" {
						continue
					}
					f := checks.At(call.WordLocation(wordWith(call, option)), "%s with %s %s", call.Program(), option, consequence)
					f.Subject = call.Program() + " " + option
					f.Fix = "Remove " + option + "; " + trustFix(consequence)
					findings = append(findings, f)
				}
			}
		}
		return checks.Found(findings...)
	},
}

const (
	noCertificate = "checks no certificate"
	noSignature   = "checks no signature"
)

func trustFix(consequence string) string {
	if consequence == noSignature {
		return "add the signing key of the repository instead"
	}
	return "COPY the certificate of the server's authority and trust that instead"
}

// wordWith returns the index of the word of a call that an option stands in.
func wordWith(call dockerfile.Call, option string) int {
	letter := len(option) == 2 && option[0] == '-'
	return max(slices.IndexFunc(call.Words, func(word string) bool {
		return strings.Contains(word, option) || letter && len(word) > 1 && word[0] == '-' && word[1] != '-' && strings.Contains(word, option[1:])
	}), 0)
}

// unverifiedVariable is an environment variable that turns a check off.
type unverifiedVariable struct {
	program string
	off     []string // the values that do so; none for every value
}

var unverifiedNames = map[string]unverifiedVariable{
	"GIT_SSL_NO_VERIFY":            {program: "git"},
	"NODE_TLS_REJECT_UNAUTHORIZED": {program: "Node.js", off: []string{"0"}},
	"NPM_CONFIG_STRICT_SSL":        {program: "npm", off: []string{"false", "0", ""}},
	"YARN_ENABLE_STRICT_SSL":       {program: "Yarn", off: []string{"false", "0"}},
	"PYTHONHTTPSVERIFY":            {program: "Python", off: []string{"0"}},
	"PIP_TRUSTED_HOST":             {program: "pip"},
	"UV_INSECURE_HOST":             {program: "uv"},
	"GOINSECURE":                   {program: "Go"},
	"BUNDLE_SSL_VERIFY_MODE":       {program: "Bundler", off: []string{"0"}},
}

// turnsOff reports whether a variable with this value turns a check off, and
// for what.
func turnsOff(name, value string) (string, bool) {
	if name == "npm_config_strict_ssl" {
		name = strings.ToUpper(name)
	}
	v, ok := unverifiedNames[name]
	if !ok || v.off == nil && (value == "" || isLocalURL(value)) {
		return "", false
	}
	return v.program, v.off == nil || slices.Contains(v.off, strings.ToLower(value))
}

// unverifiedVariables returns the variables that an ENV sets, or a RUN for its
// own, that turn a check off.
func unverifiedVariables(in *dockerfile.Instruction) []checks.Finding {
	var findings []checks.Finding
	report := func(where checks.Location, name string, value dockerfile.Value) {
		program, off := turnsOff(name, value.Text)
		if !value.Known || !off {
			return
		}
		f := checks.At(where, "%s %s=%s: %s %s", in.Keyword, name, value.Text, program, noCertificate)
		f.Subject = name
		f.Fix = "Remove " + name + "; " + trustFix(noCertificate)
		findings = append(findings, f)
	}
	switch cmd := in.Command.(type) {
	case *instructions.EnvCommand:
		for _, kv := range cmd.Env {
			report(in.Find(kv.Key), kv.Key, in.Expand(kv.Value))
		}
	case *instructions.RunCommand:
		for _, call := range in.Calls {
			if call.RunsThrough("env") && call.Node != nil {
				for _, word := range call.Node.Args[:max(0, len(call.Node.Args)-len(call.Words))] {
					if name, value, ok := strings.Cut(call.Script.Word(word), "="); ok {
						report(call.Script.Location(word), name, in.Expand(value))
					}
				}
			}
		}
		if in.Script == nil {
			break
		}
		syntax.Walk(in.Script.File, func(node syntax.Node) bool {
			if a, ok := node.(*syntax.Assign); ok && a.Name != nil && a.Value != nil {
				if _, known := unverifiedNames[strings.ToUpper(a.Name.Value)]; known {
					report(in.Script.Location(a), a.Name.Value, in.Expand(in.Script.Word(a.Value)))
				}
			}
			return true
		})
	}
	return findings
}

var anyHostKey = compiled(`(?i)(?:\b|-o|\\[nt])StrictHostKeyChecking[ \t]*[= \t][ \t]*["']?(no|off)\b`)

// unverifiedHosts returns where an ENV or a RUN makes ssh take any server for the
// right one: in a command line, a variable of Git, or the configuration of ssh.
func unverifiedHosts(in *dockerfile.Instruction) []checks.Finding {
	var findings []checks.Finding
	report := func(where checks.Location, text string) {
		if !anyHostKey().MatchString(text) || strings.Contains(text, "localhost") || strings.Contains(text, "127.0.0.1") || len(findings) > 0 && findings[len(findings)-1].Location.Line == where.Line {
			return
		}
		f := checks.At(where, "%s with StrictHostKeyChecking off: ssh takes any server for the right one", in.Keyword)
		f.Subject = "StrictHostKeyChecking"
		f.Fix = "Remove it; COPY a file with the keys that the server's operator publishes to /etc/ssh/ssh_known_hosts instead"
		findings = append(findings, f)
	}
	switch cmd := in.Command.(type) {
	case *instructions.EnvCommand:
		for _, kv := range cmd.Env {
			if kv.Key == "GIT_SSH_COMMAND" {
				report(in.Find(kv.Key), kv.Value)
			}
		}
	case *instructions.RunCommand:
		for _, call := range in.Calls {
			if slices.Contains([]string{"ssh", "scp", "sftp", "rsync", "git", "echo", "printf", "sed", "tee"}, call.Program()) {
				report(call.Location, call.String())
			}
		}
		for _, script := range in.Scripts() {
			syntax.Walk(script.File, func(node syntax.Node) bool {
				switch node := node.(type) {
				case *syntax.Assign:
					if node.Name != nil && node.Value != nil && node.Name.Value == "GIT_SSH_COMMAND" {
						report(script.Location(node), script.Word(node.Value))
					}
				case *syntax.Redirect:
					if node.Hdoc != nil {
						report(script.Location(node), script.Word(node.Hdoc))
					}
				}
				return true
			})
		}
	}
	return findings
}

// unverifiedOption returns the option of a call that turns a check off, and what
// the program does then; empty if there is none.
func unverifiedOption(call dockerfile.Call) (option, consequence string) {
	words := call.Words[1:]
	lower := func(i int) string { return strings.ToLower(words[i]) }
	switch program := call.Program(); program {
	case "curl", "wget", "wget2":
		if d, ok := parseDownload(call); ok && d.insecure != "" {
			return d.insecure, noCertificate
		}
		return "", ""
	case "git":
		for i := range words {
			key, value, assigned := strings.Cut(lower(i), "=")
			if !strings.HasPrefix(key, "http.") || !strings.HasSuffix(key, ".sslverify") {
				continue
			}
			if !assigned && i+1 < len(words) {
				value = lower(i + 1)
			}
			if isFalse(value) {
				return words[i], noCertificate
			}
		}
	case "rpm":
		installs := slices.ContainsFunc(words, func(w string) bool {
			return slices.Contains([]string{"--install", "--upgrade", "--freshen", "--reinstall"}, w) || len(w) > 1 && w[0] == '-' && strings.ContainsAny(w[1:2], "iUF")
		})
		if !installs || !slices.ContainsFunc(words, isRemoteURL) {
			return "", ""
		}
		return firstOf(words, "--nosignature", "--nodigest", "--noverify", "--nofiledigest"), noSignature
	case "yum-config-manager":
		return rpmSetting(words)
	case "yarnpkg", "conda", "mamba", "bundle", "deno":
		return falseSetting(words, "strict-ssl", "ssl_verify", "ssl_verify_mode"), noCertificate
	case "mvn", "mvnw":
		return firstOf(words, "-Dmaven.wagon.http.ssl.insecure=true"), noCertificate
	case "echo", "printf", "sed":
		for _, w := range words {
			if strings.Contains(w, "deb ") && strings.Contains(w, "[") && strings.Contains(w, "trusted=yes") && !strings.Contains(w, "file:") {
				return "trusted=yes", noSignature
			}
		}
		return "", ""
	}
	p, ok := parsePackages(call)
	if !ok {
		return "", ""
	}
	files := len(p.operands) > 0 && !slices.ContainsFunc(p.operands, func(o packageOperand) bool {
		return !o.elsewhere || isRemoteURL(o.word)
	})
	switch p.manager {
	case "npm", "yarn", "pnpm":
		if o := firstOf(words, "--no-strict-ssl", "--strict-ssl=false"); o != "" {
			return o, noCertificate
		}
		return falseSetting(words, "strict-ssl", "enablestrictssl"), noCertificate
	case "pip", "pipx", "uv":
		for _, option := range []string{"--trusted-host", "--allow-insecure-host"} {
			if host, ok := p.value(option); ok && !isLocalURL(host) {
				return option, noCertificate
			}
		}
		if p.action == "config" {
			for i, w := range words {
				if strings.HasSuffix(w, "trusted-host") && slices.Contains(words[:i], "set") {
					return w, noCertificate
				}
			}
		}
	case "composer":
		for i, w := range words {
			if w == "disable-tls" && i+1 < len(words) && words[i+1] == "true" {
				return w, noCertificate
			}
		}
	case "apt":
		if o := firstOf(words, "--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"); o != "" {
			return o, noSignature
		}
		for _, flag := range p.flags {
			key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(flag, "-o="), "--option="), "=")
			switch strings.ToLower(strings.TrimPrefix(key, "-o")) {
			case "apt::get::allowunauthenticated", "acquire::allowinsecurerepositories":
				if !isFalse(value) {
					return strings.TrimPrefix(key, "-o"), noSignature
				}
			case "acquire::https::verify-peer", "acquire::https::verify-host":
				if isFalse(value) {
					return strings.TrimPrefix(key, "-o"), noCertificate
				}
			}
		}
	case "apk":
		if !files {
			return firstOf(words, "--allow-untrusted"), noSignature
		}
	case "zypper":
		if !files {
			return firstOf(words, "--no-gpg-checks", "--allow-unsigned-rpm"), noSignature
		}
	case "dnf", "yum", "microdnf", "tdnf":
		if option, consequence = rpmSetting(words); option != "" {
			return option, consequence
		}
		if !files {
			return firstOf(words, "--nogpgcheck", "--no-gpgchecks"), noSignature
		}
	}
	return "", ""
}

// rpmSetting returns the setting of dnf or yum among the words that turns a
// check off.
func rpmSetting(words []string) (option, consequence string) {
	for _, word := range words {
		setting := strings.ToLower(strings.TrimPrefix(word, "--setopt="))
		key, value, ok := strings.Cut(setting, "=")
		if !ok || !isFalse(value) {
			continue
		}
		switch key[strings.LastIndex(key, ".")+1:] {
		case "sslverify":
			return strings.TrimPrefix(word, "--setopt="), noCertificate
		case "gpgcheck":
			return strings.TrimPrefix(word, "--setopt="), noSignature
		}
	}
	return "", ""
}

// falseSetting returns the word that sets one of these to false, in one word or two.
func falseSetting(words []string, names ...string) string {
	for i, word := range words {
		key, value, assigned := strings.Cut(word, "=")
		if !assigned && i+1 < len(words) {
			value = words[i+1]
		}
		if slices.Contains(names, strings.ToLower(strings.TrimPrefix(key, "--"))) && isFalse(value) {
			return key
		}
	}
	return ""
}

func firstOf(words []string, options ...string) string {
	if i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(options, w) }); i >= 0 {
		return words[i]
	}
	return ""
}

func isFalse(value string) bool {
	return slices.Contains([]string{"0", "false", "no", "off"}, strings.ToLower(value))
}

func isRemoteURL(word string) bool { return strings.Contains(word, "://") && !isLocalURL(word) }
