package source

import (
	"iter"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// runCalls yields the calls of every RUN of the stages that the image is made
// from, each with its instruction.
func runCalls(s *dockerfile.Source) iter.Seq2[*dockerfile.Instruction, dockerfile.Call] {
	return func(yield func(*dockerfile.Instruction, dockerfile.Call) bool) {
		for _, stage := range s.Stages {
			if !stage.Reachable {
				continue
			}
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				for _, call := range in.Calls {
					if !yield(in, call) {
						return
					}
				}
			}
		}
	}
}

// download is a call of curl or wget that takes something from another host.
type download struct {
	program string
	urls    []string // as written; at least one
	// output is the file that it writes; empty for standard output.
	output string
	// insecure is the option that turns the check of certificates off, if any.
	insecure string
}

// The letters of the options that take a value, in curl and wget.
const (
	curlValued = "oHduAeXbcFTmKExwyYzrDCPQUth"
	wgetValued = "oaeiBtOTwQPUlADRI"
)

// parseDownload recognizes curl and wget, with a URL that is not the container's
// own.
func parseDownload(call dockerfile.Call) (download, bool) {
	d := download{program: call.Program()}
	valued, output, remoteName := curlValued, byte('o'), false
	switch d.program {
	case "curl":
	case "wget", "wget2":
		valued, output, remoteName = wgetValued, 'O', true
	default:
		return download{}, false
	}
	words := call.Words[1:]
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case strings.HasPrefix(word, "--"):
			name, value, assigned := strings.Cut(word, "=")
			switch name {
			case "--insecure", "--no-check-certificate":
				d.insecure = name
			case "--remote-name", "--remote-name-all":
				remoteName = true
			case "--output", "--output-document":
				if !assigned && i+1 < len(words) {
					i++
					value = words[i]
				}
				d.output = value
			case "--url":
				if !assigned && i+1 < len(words) {
					i++
					value = words[i]
				}
				d.urls = append(d.urls, value)
			case "--header", "--user-agent", "--data", "--request", "--user", "--referer", "--proxy", "--retry", "--max-time",
				"--connect-timeout", "--cacert", "--cert", "--key", "--retry-delay", "--retry-max-time", "--tries", "--timeout",
				"--directory-prefix", "--output-dir", "--proto", "--write-out", "--waitretry", "--form", "--data-binary", "--data-raw":
				if !assigned {
					i++
				}
			}
		case len(word) > 1 && word[0] == '-':
			for j := 1; j < len(word); j++ {
				letter := word[j]
				if d.program == "curl" && letter == 'k' {
					d.insecure = "-k"
				}
				if d.program == "curl" && letter == 'O' {
					remoteName = true
				}
				if !strings.ContainsRune(valued, rune(letter)) {
					continue
				}
				value := word[j+1:]
				if value == "" && i+1 < len(words) {
					i++
					value = words[i]
				}
				if letter == output {
					d.output = value
				}
				break
			}
		default:
			d.urls = append(d.urls, word)
		}
	}
	d.urls = slices.DeleteFunc(d.urls, func(url string) bool {
		return !strings.Contains(url, ".") && !strings.Contains(url, "$") || isLocalURL(url)
	})
	if len(d.urls) == 0 {
		return download{}, false
	}
	switch {
	case d.output == "-" || d.output == "/dev/stdout":
		d.output = ""
	case d.output == "" && remoteName:
		name, _, _ := strings.Cut(path.Base(d.urls[0]), "?")
		d.output = name
	case d.output == "":
		d.output = redirect(call)
	}
	return d, true
}

// isLocalURL reports whether a URL means the container itself, or a file of it.
func isLocalURL(url string) bool {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		rest = url
	}
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	return scheme == "file" || slices.Contains([]string{"localhost", "127.0.0.1", "0.0.0.0", "[", "[::1]"}, host)
}

// isPlain reports whether a URL, as an instruction sees it, has no encryption.
func isPlain(in *dockerfile.Instruction, url string) bool {
	if strings.HasPrefix(url, "$") {
		url = in.Expand(url).Text
	}
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "ftp://")
}

// redirect returns the file that the output of a call goes to; empty if none.
func redirect(call dockerfile.Call) string {
	if call.Node == nil {
		return ""
	}
	file := ""
	syntax.Walk(call.Script.File, func(node syntax.Node) bool {
		stmt, ok := node.(*syntax.Stmt)
		if !ok || stmt.Cmd != call.Node {
			return file == ""
		}
		for _, r := range stmt.Redirs {
			if (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrClob) && (r.N == nil || r.N.Value == "1") && r.Word != nil {
				file = call.Script.Word(r.Word)
			}
		}
		return false
	})
	return file
}
