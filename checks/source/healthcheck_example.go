package source

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// defaultHealthFlags are the times that a HEALTHCHECK is given where it is written anew.
var defaultHealthFlags = []string{"--interval=30s", "--timeout=10s", "--start-period=5s", "--retries=3"}

// healthcheckExample writes a HEALTHCHECK that asks at a URL, by what the base image
// brings: the interpreter of its language, or wget. By is how a sentence calls that; it
// is empty where the image brings nothing that could ask.
func healthcheckExample(base *baseImage, flags []string, url string) (line, by string) {
	var command string
	switch {
	case base == nil:
		return "", ""
	case base.language == "python":
		by, command = "Python", jsonArray([]string{base.interpreter(), "-c", "import urllib.request as r; r.urlopen('" + url + "', timeout=5)"})
	case base.language == "node":
		by, command = "Node.js", jsonArray([]string{base.interpreter(), "-e", "fetch('" + url + "').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"})
	case base.language == "ruby":
		by, command = "Ruby", jsonArray([]string{base.interpreter(), "-rnet/http", "-e", "exit Net::HTTP.get_response(URI('" + url + "')).is_a?(Net::HTTPSuccess)"})
	case base.kind == baseAlpine:
		by, command = "wget, which BusyBox brings", fmt.Sprintf("wget --quiet --tries=1 --spider '%s' || exit 1", url)
	default:
		return "", ""
	}
	return strings.Join(slices.Concat([]string{"HEALTHCHECK"}, flags, []string{"CMD", command}), " "), by
}

// interpreter returns the program of the language, by its path where the image does not
// look it up.
func (b *baseImage) interpreter() string {
	switch {
	case b.kind == baseEmpty && b.language == "node":
		return "/nodejs/bin/node" // of distroless
	case b.kind == baseEmpty && b.language == "python":
		return "/usr/bin/python3"
	}
	return b.language
}

// addHealthcheck is the fix for an image without a HEALTHCHECK; empty if it is not known
// what the image brings.
func addHealthcheck(s *dockerfile.Source) string {
	base := baseOf(s)
	if base == nil || s.Windows() {
		return ""
	}
	url := "http://localhost:" + cmp.Or(exposedPort(s), "8000") + "/health/live"
	if line, _ := healthcheckExample(base, defaultHealthFlags, url); line != "" {
		return "Add to the last stage: " + line
	}
	line := "HEALTHCHECK " + strings.Join(defaultHealthFlags, " ") + " CMD "
	if base.kind == baseEmpty {
		return "Add to the last stage, with a command of the application itself, since the image has no other program: " + line + fmt.Sprintf("[%q, %q]", applicationOf(s), "healthcheck")
	}
	return "Add to the last stage, and install curl there, which its base does not bring: " + line + "curl --fail --silent --show-error " + url + " || exit 1"
}

// applicationOf returns the path of the program that the image starts; that of an example
// where the source does not say.
func applicationOf(s *dockerfile.Source) string {
	if steps := starts.Of(s).steps; len(steps) > 0 && strings.HasPrefix(steps[0].Words[0], "/") {
		return steps[0].Words[0]
	}
	return "/server"
}

// exposedPort returns the first port of TCP that the image exposes, but for those of
// HTTPS where there is another; empty if there is none, or it is not known.
func exposedPort(s *dockerfile.Source) string {
	var ports []string
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			expose, ok := in.Command.(*instructions.ExposeCommand)
			if !ok {
				continue
			}
			for _, written := range expose.Ports {
				value := in.Expand(written)
				for _, word := range strings.Fields(value.Text) {
					port, protocol, _ := strings.Cut(word, "/")
					port, _, _ = strings.Cut(port, "-")
					if isNumber(port) && (protocol == "" || strings.EqualFold(protocol, "tcp")) {
						ports = append(ports, port)
					}
				}
			}
		}
	}
	if i := slices.IndexFunc(ports, func(port string) bool { return port != "443" && port != "8443" }); i > 0 {
		return ports[i]
	}
	if len(ports) == 0 {
		return ""
	}
	return ports[0]
}

var httpURL = regexp.MustCompile("(https?://[^/\\s'\"|;&)`]+)(/[^\\s'\"|;)`]*)?")

// askedURL returns where a HEALTHCHECK asks. What a variable of its shell decides on,
// which nothing else reads, is as in other examples.
func askedURL(s *dockerfile.Source, test []string) string {
	m := httpURL.FindStringSubmatch(strings.Join(test[1:], " "))
	if m == nil {
		m = []string{"", "$", "$"}
	}
	host, path := m[1], m[2]
	if strings.Contains(host, "$") {
		host = "http://localhost:" + cmp.Or(exposedPort(s), "8000")
	}
	if strings.Contains(path, "$") {
		path = "/health/live"
	}
	return host + path
}
