package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var verifiedDownload = Check{
	Rule: checks.Rule{
		ID:        "source/verified-download",
		Title:     "What a RUN downloads and runs, unpacks or installs is verified first",
		Severity:  checks.Medium,
		Why:       "A server that was broken into, a new release or half of a transfer gets into the image unseen, with the rights of the build: curl … | sh runs whatever came so far.",
		Fix:       `Name a version in the URL, and compare the file with its checksum before it is used: curl -fsSLo x.tar.gz URL && echo "SHA256  x.tar.gz" | sha256sum -c -; or ADD --checksum=sha256:… URL.`,
		Reference: "https://docs.docker.com/reference/dockerfile/#add---checksum",
	},
	Good: `
FROM debian:12-slim
RUN curl -fsSLo /tmp/tini https://github.com/krallin/tini/releases/download/v0.19.0/tini-amd64 \
    && echo "93dcc18adc78c65a028a84799ecf8ad40c936fdfc5f2a57b1acda5a8117fa82c  /tmp/tini" | sha256sum -c - \
    && install -m 0755 /tmp/tini /usr/local/bin/tini
`,
	Bad: `
FROM debian:12-slim
RUN curl -fsSL https://example.com/install.sh | sh
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				if in.Keyword == "RUN" {
					findings = append(findings, unverifiedDownloads(in)...)
					findings = append(findings, movingClones(in)...)
				}
			}
		}
		return checks.Found(findings...)
	},
}

func unverifiedDownloads(in *dockerfile.Instruction) []checks.Finding {
	var findings []checks.Finding
	report := func(call dockerfile.Call, d download, message string) *checks.Finding {
		f := checks.At(call.Location, "%s", message)
		f.Subject = d.urls[0]
		if isPlain(in, d.urls[0]) {
			f.Severity = checks.High
			f.Message += "; the URL is not even encrypted"
		}
		findings = append(findings, f)
		return &findings[len(findings)-1]
	}
	verified := slices.ContainsFunc(in.Calls, verifies)
	files := map[string]download{} // by the name of the file
	// What is downloaded to the output, each only once for who reads it first: a pipe
	// may be long.
	streams := map[int]download{}
	var streamed []int
	for i, call := range in.Calls {
		if d, ok := parseDownload(call); ok {
			if d.output != "" {
				files[path.Base(d.output)] = d
			} else {
				streams[i], streamed = d, append(streamed, i)
			}
			continue
		}
		// What runs as it comes cannot be verified by another call.
		if runner, d := runsSubstitution(call); runner != "" {
			report(call, d, runner+" runs what "+d.program+" downloads as it comes, unverified")
			continue
		}
		runs := runsInput(call)
		if runs || !verified && unpacks(call) {
			for n := len(streamed); n > 0 && streamed[n-1] >= i-len(call.Input); n-- {
				d := streams[streamed[n-1]]
				if streamed = streamed[:n-1]; runs {
					report(call, d, call.Program()+" runs what "+d.program+" downloads as it comes, unverified")
				} else {
					report(call, d, call.Program()+" unpacks what "+d.program+" downloads as it comes, unverified")
				}
			}
		}
		if verified || len(files) == 0 {
			continue
		}
		if what, file := uses(call, files); what != "" {
			d := files[file]
			delete(files, file) // once for each file
			f := report(call, d, "the RUN "+what+" "+file+", and nothing verifies what "+d.program+" got from "+d.urls[0])
			f.Fix = `Before it, write echo "CHECKSUM  ` + d.output + `" | sha256sum -c - with the checksum that the project publishes`
		}
	}
	return findings
}

// movingClones returns the repositories whose newest commit a RUN builds or runs,
// whatever that is at the time.
func movingClones(in *dockerfile.Instruction) []checks.Finding {
	var findings []checks.Finding
	for i, call := range in.Calls {
		url, dir := headCloned(call)
		if url == "" {
			continue
		}
		inside, used := false, false
		for _, next := range in.Calls[i+1:] {
			program := next.Program()
			if program == "git" && slices.ContainsFunc(next.Words[1:], func(w string) bool {
				return slices.Contains([]string{"checkout", "reset", "switch", "rev-parse", "fetch", "verify-commit", "verify-tag"}, w)
			}) {
				url = "" // it takes another commit, or looks at this one
				break
			}
			names := slices.ContainsFunc(next.Words, func(w string) bool { return slices.Contains(strings.Split(w, "/"), dir) })
			if program == "cd" || program == "pushd" {
				inside = inside || names
				continue
			}
			_, interpreter := interpreters[program]
			_, installs := parseInstall(next)
			if p, ok := parsePackages(next); ok && p.action == actionInstall && !p.system {
				installs = installs || slices.ContainsFunc(p.operands, func(o packageOperand) bool {
					return strings.HasPrefix(o.word, ".") || slices.Contains(strings.Split(o.word, "/"), dir)
				})
			}
			builds := slices.Contains([]string{"make", "cmake", "ninja", "meson", "autoreconf", "cargo", "go", "configure", "autogen.sh"}, program)
			script := strings.Contains(next.Words[0], "/") && (names || strings.HasPrefix(next.Words[0], "./"))
			runs := (dockerfile.IsShell(program) || interpreter) && len(next.Words) > 1 && !strings.HasPrefix(next.Words[1], "/")
			if (names || inside) && (builds || installs || script) || runs && (inside || slices.Contains(strings.Split(next.Words[1], "/"), dir)) {
				used = true
			}
		}
		if url == "" || !used {
			continue
		}
		f := checks.At(call.Location, "the RUN builds or runs the newest commit of %s, whatever that is then", url)
		f.Subject = url
		f.Fix = "Name a release, as in git clone --depth 1 --branch VERSION " + url + "; or git checkout COMMIT behind it"
		findings = append(findings, f)
	}
	return findings
}

// headCloned returns the address of a repository whose default branch git clone
// takes, and the name of the directory; empty if it takes something else, or if
// that is not known.
func headCloned(call dockerfile.Call) (url, dir string) {
	if call.Program() != "git" {
		return "", ""
	}
	at := slices.Index(call.Words, "clone")
	if at < 0 || slices.ContainsFunc(call.Words[1:at], func(w string) bool { return !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") }) {
		return "", ""
	}
	var named []string
	for i := at + 1; i < len(call.Words); i++ {
		word := call.Words[i]
		option, _, assigned := strings.Cut(word, "=")
		switch {
		case strings.ContainsAny(word, "$`"), strings.HasPrefix(word, "-b"), option == "--branch", option == "--revision":
			return "", ""
		case strings.HasPrefix(word, "-"):
			if !assigned && slices.Contains([]string{"--depth", "-c", "--config", "-o", "--origin", "-j", "--jobs", "--filter", "--shallow-since", "--reference", "--separate-git-dir", "--template", "-u", "--upload-pack"}, word) {
				i++
			}
		default:
			named = append(named, word)
		}
	}
	if len(named) == 0 || !isRemoteURL(named[0]) && !strings.HasPrefix(named[0], "git@") || secretKind(named[0]) != "" {
		return "", ""
	}
	dir = strings.TrimSuffix(path.Base(strings.TrimSuffix(named[0], "/")), ".git")
	if len(named) > 1 {
		if dir = path.Base(named[1]); dir == "." || dir == "/" {
			return "", ""
		}
	}
	return named[0], dir
}

// verifies reports whether a call compares a file with a checksum or a signature.
func verifies(call dockerfile.Call) bool {
	words := call.Words[1:]
	has := func(options ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(options, w) })
	}
	switch program := call.Program(); program {
	case "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "md5sum", "b2sum", "b3sum", "shasum", "gpgv", "gpgv2", "sqv", "slsa-verifier", "minisign", "signify":
		return true
	case "openssl":
		return has("dgst", "sha256", "sha512", "-verify")
	case "gpg", "gpg2":
		return has("--verify", "--verify-files")
	case "cosign", "notation", "rekor-cli":
		return len(words) > 0 && strings.HasPrefix(words[0], "verify")
	case "gh":
		return has("attestation")
	case "rpm", "rpmkeys":
		return has("-K", "--checksig")
	case "jarsigner":
		return has("-verify")
	}
	return false
}

// interpreters are programs that run what they read, and the options by which
// they run something else, with what they read as its data.
var interpreters = map[string][]string{
	"python": {"-c", "-m"}, "python3": {"-c", "-m"}, "python2": {"-c", "-m"}, "perl": {"-e", "-n", "-p", "-E"},
	"ruby": {"-e", "-n", "-p"}, "node": {"-e", "-p", "--eval", "--print", "-r"}, "php": {"-r", "-f"},
}

// runsInput reports whether a call runs what it reads from a pipe.
func runsInput(call dockerfile.Call) bool {
	words := call.Words[1:]
	if dockerfile.IsShell(call.Words[0]) {
		for i := 0; i < len(words); i++ {
			switch word := words[i]; {
			case word == "-" || word == "/dev/stdin":
				return true
			case word == "--":
			case word == "-o" || word == "+o" || word == "-O":
				i++
			case strings.HasPrefix(word, "--"), strings.HasPrefix(word, "+"):
			case strings.HasPrefix(word, "-"):
				if strings.Contains(word, "s") {
					return true
				}
				if strings.Contains(word, "c") {
					return false
				}
			default:
				return false // a script, which the input is data for
			}
		}
		return true
	}
	others, ok := interpreters[call.Program()]
	if !ok {
		return false
	}
	for _, word := range words {
		switch {
		case word == "-" || word == "/dev/stdin" || word == "--":
			return true
		case slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(word, o) }):
			return false
		case !strings.HasPrefix(word, "-"):
			return false
		}
	}
	return true
}

// runsSubstitution returns the program that runs the output of a download, as in
// sh -c "$(curl …)", eval "$(curl …)" or bash <(curl …), and the download.
func runsSubstitution(call dockerfile.Call) (runner string, d download) {
	var candidates []string
	_, interpreter := interpreters[call.Program()]
	switch {
	case dockerfile.IsShell(call.Words[0]), interpreter, slices.Contains([]string{"eval", "source", "."}, call.Program()):
		runner, candidates = call.Program(), call.Words[1:]
	case len(call.Through) > 0 && dockerfile.IsShell(call.Through[len(call.Through)-1]):
		runner, candidates = call.Through[len(call.Through)-1], call.Words[:1]
	}
	for _, word := range candidates {
		inner, ok := "", false
		for _, open := range []string{"$(", "<(", "`"} {
			if inner, ok = strings.CutPrefix(word, open); ok {
				break
			}
		}
		fields := strings.Fields(strings.TrimRight(inner, ")`"))
		if len(fields) < 2 {
			continue
		}
		for i, field := range fields {
			fields[i] = strings.Trim(field, `"'`)
		}
		if d, ok := parseDownload(dockerfile.Call{Words: fields}); ok && d.output == "" {
			return runner, d
		}
	}
	return "", download{}
}

// unpacks reports whether a call unpacks an archive.
func unpacks(call dockerfile.Call) bool {
	words := call.Words[1:]
	switch call.Program() {
	case "unzip", "bsdtar", "cpio", "7z", "7za":
		return !slices.Contains(words, "-l") && !slices.Contains(words, "-t")
	case "tar":
		for i, word := range words {
			switch {
			case word == "--extract", word == "--get":
				return true
			case strings.HasPrefix(word, "--"):
			case i == 0 || word != "" && word[0] == '-':
				if strings.Contains(word, "x") && !strings.Contains(word, "/") {
					return true
				}
			}
		}
	}
	return false
}

// uses says what a call does with one of the files, by which it gets run,
// unpacked or installed; empty if it does nothing of that.
func uses(call dockerfile.Call, files map[string]download) (what, file string) {
	named := ""
	for _, word := range call.Words[1:] {
		if _, ok := files[path.Base(word)]; ok {
			named = path.Base(word)
			break
		}
	}
	if _, ok := files[path.Base(call.Words[0])]; ok && (strings.Contains(call.Words[0], "/") || named == "") {
		return "runs", path.Base(call.Words[0])
	}
	if named == "" {
		return "", ""
	}
	_, interpreter := interpreters[call.Program()]
	program := call.Program()
	switch {
	case dockerfile.IsShell(program), interpreter, program == "source", program == ".", program == "java":
		return "runs", named
	case unpacks(call):
		return "unpacks", named
	case program == "dpkg" && slices.ContainsFunc(call.Words, func(w string) bool { return w == "--install" || w == "-i" }):
		return "installs", named
	case program == "rpm" && !slices.Contains(call.Words, "--import"):
		return "installs", named
	case program == "chmod" && len(call.Words) > 2 && makesExecutable(call.Words[1]):
		return "makes executable", named
	case program == "install" && !slices.Contains(call.Words, "-d"):
		return "installs", named
	}
	// apk checks the signature of a file by itself.
	if p, ok := parsePackages(call); ok && p.action == actionInstall && (p.manager != "apk" || p.has("--allow-untrusted")) {
		if slices.ContainsFunc(p.operands, func(o packageOperand) bool { return path.Base(o.word) == named }) {
			return "installs", named
		}
	}
	return "", ""
}

// makesExecutable reports whether a mode of chmod lets a file be run.
func makesExecutable(mode string) bool {
	if strings.Trim(mode, "01234567") == "" {
		return strings.ContainsAny(mode[max(0, len(mode)-3):], "1357")
	}
	_, permissions, ok := strings.Cut(mode, "+")
	return ok && strings.Contains(permissions, "x")
}
