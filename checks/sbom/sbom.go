// Package sbom completes the bill of materials that a scanner writes of an image
// in a file: it names the image by its digest, and sees that the document is of
// that image and has what its format asks for.
package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Format is a format of bills of materials, by the name that Trivy has for it.
type Format string

// The formats, both in JSON.
const (
	CycloneDX Format = "cyclonedx" // https://cyclonedx.org/specification/overview/
	SPDX      Format = "spdx-json" // https://spdx.github.io/spdx-spec/v2.3/
)

// ParseFormat returns the format of a name: cyclonedx, or spdx.
func ParseFormat(name string) (Format, error) {
	switch strings.ToLower(name) {
	case "cyclonedx":
		return CycloneDX, nil
	case "spdx", "spdx-json":
		return SPDX, nil
	}
	return "", fmt.Errorf("there is no format %q: choose cyclonedx or spdx", name)
}

// Image is what a bill of materials is of.
type Image struct {
	// Name is what the document calls it, as in "app".
	Name string
	// Digest is that of its manifest, and ImageID that of its configuration, both
	// as in "sha256:…".
	Digest, ImageID string
}

// url returns the image's package URL, as in pkg:oci/app@sha256%3A….
func (i Image) url() string {
	return "pkg:oci/" + url.PathEscape(strings.ToLower(i.Name)) + "@" + url.QueryEscape(i.Digest)
}

// object is a JSON object. Members that are not known here stay as they are.
type object = map[string]any

// Complete returns the document with the image's name and digest in it. It is an
// error if the document is of another image, or lacks what the format requires.
func Complete(document []byte, format Format, image Image) ([]byte, error) {
	algorithm, sum, ok := strings.Cut(image.Digest, ":")
	if !ok || algorithm != "sha256" || sum == "" || image.Name == "" {
		return nil, fmt.Errorf("the image %q has the digest %q: both a name and a SHA-256 are needed", image.Name, image.Digest)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var doc object
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode the bill of materials: %w", err)
	}
	var err error
	switch format {
	case CycloneDX:
		err = completeCycloneDX(doc, image, sum)
	case SPDX:
		err = completeSPDX(doc, image, sum)
	default:
		err = fmt.Errorf("there is no format %q", format)
	}
	if err != nil {
		return nil, fmt.Errorf("read the bill of materials: %w", err)
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the bill of materials: %w", err)
	}
	return append(out, '\n'), nil
}

// text returns the text member of an object; empty if there is none.
func text(o object, name string) string {
	s, _ := o[name].(string)
	return s
}

// objects returns the list of objects of a member.
func objects(o object, name string) ([]object, error) {
	if o[name] == nil {
		return nil, nil
	}
	list, ok := o[name].([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no list", name)
	}
	var all []object
	for i, e := range list {
		one, ok := e.(object)
		if !ok {
			return nil, fmt.Errorf("%s[%d] is no object", name, i)
		}
		all = append(all, one)
	}
	return all, nil
}

// require reports members that lack their text.
func require(o object, where string, names ...string) error {
	for _, name := range names {
		if text(o, name) == "" {
			return fmt.Errorf("%s has no %s", where, name)
		}
	}
	return nil
}

// unique reports ids that two objects have.
func unique(list []object, name, where string) error {
	seen := map[string]bool{}
	for _, o := range list {
		id := text(o, name)
		if id != "" && seen[id] {
			return fmt.Errorf("two %s have the %s %q", where, name, id)
		}
		seen[id] = true
	}
	return nil
}

// add appends to a list member.
func add(o object, name string, value any) error {
	list, ok := o[name].([]any)
	if o[name] != nil && !ok {
		return fmt.Errorf("%s is no list", name)
	}
	o[name] = append(list, value)
	return nil
}

// errOtherImage is that of a document which does not name the image by its id.
var errOtherImage = errors.New("it is not of the image that was scanned: give the scanner a layout with that image alone")
