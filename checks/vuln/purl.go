package vuln

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// purl is the URL of a package: https://github.com/package-url/purl-spec.
type purl struct {
	// kind is its type, as in npm, deb or oci.
	kind, namespace, name, version string
	qualifiers                     map[string]string
}

// parsePURL reads the URL of a package.
func parsePURL(text string) (purl, error) {
	rest, ok := strings.CutPrefix(text, "pkg:")
	if !ok {
		return purl{}, fmt.Errorf("%q does not begin with pkg: as the URL of a package does", line(text))
	}
	rest, _, _ = strings.Cut(strings.TrimLeft(rest, "/"), "#")
	rest, query, _ := strings.Cut(rest, "?")
	var version string
	if i := strings.LastIndex(rest, "@"); i > strings.LastIndex(rest, "/") {
		rest, version = rest[:i], rest[i+1:]
	}
	kind, rest, ok := strings.Cut(strings.TrimRight(rest, "/"), "/")
	if !ok || kind == "" {
		return purl{}, fmt.Errorf("%q names no package", line(text))
	}
	p := purl{kind: strings.ToLower(kind), version: version, name: rest}
	if i := strings.LastIndex(rest, "/"); i >= 0 {
		p.namespace, p.name = rest[:i], rest[i+1:]
	}
	var err, e error
	for _, part := range []*string{&p.namespace, &p.name, &p.version} {
		*part, e = url.PathUnescape(*part)
		err = errors.Join(err, e)
	}
	values, e := url.ParseQuery(query)
	if errors.Join(err, e) != nil || p.name == "" {
		return purl{}, fmt.Errorf("%q is not the URL of a package", line(text))
	}
	for key := range values {
		if p.qualifiers == nil {
			p.qualifiers = map[string]string{}
		}
		p.qualifiers[key] = values.Get(key)
	}
	return p, nil
}

// covers reports whether what is said of p is said of q: p may leave out the
// version, and qualifiers.
func (p purl) covers(q purl) bool {
	if p.kind != q.kind || p.namespace != q.namespace || p.folded() != q.folded() {
		return false
	}
	if p.version != "" && p.version != q.version {
		return false
	}
	for key, value := range p.qualifiers {
		if q.qualifiers[key] != value {
			return false
		}
	}
	return true
}

// pythonSeparators are what Python's package index takes for the same.
var pythonSeparators = regexp.MustCompile(`[-_.]+`)

// folded returns the name as its registry compares it.
func (p purl) folded() string {
	if p.kind == "pypi" {
		return strings.ToLower(pythonSeparators.ReplaceAllString(p.name, "-"))
	}
	return p.name
}

// packageName is what scanners call the package.
func (p purl) packageName() string {
	switch {
	case p.namespace == "":
		return p.name
	case p.kind == "maven":
		return p.namespace + ":" + p.name
	case p.kind == "npm", p.kind == "golang", p.kind == "composer":
		return p.namespace + "/" + p.name
	}
	return p.name // the namespace of a distribution's package is the distribution
}
