package vuln

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Statement is what a VEX document says of a vulnerability: whether products are
// affected by it. It takes effect only where it says that they are not, or not
// any more.
type Statement struct {
	// Document is the file that it stands in, as the user named it.
	Document      string
	Vulnerability string   // "CVE-2021-23337"
	Aliases       []string // other ids of it
	Products      []Product
	Status        string // not_affected, affected, fixed or under_investigation
	// Justification is the label that the format has for the reason, and Detail the
	// author's own words; one of them may be empty.
	Justification string
	Detail        string
	// At is when it was made: a later statement counts for more.
	At time.Time
}

// Product is what a statement is about.
type Product struct {
	// ID is the URL of a package, as in pkg:npm/lodash@4.17.20, that of the image,
	// as in pkg:oci/app@sha256:…, or another name.
	ID string
	// Parts are the packages in the product, by URL, that the statement is limited
	// to; empty is all of it.
	Parts []string
	// Versions are those of the package that the statement is limited to, besides
	// that of the ID; empty is any.
	Versions []string
}

// Accepted is the id of the check whose findings statements accept.
const Accepted = "vuln/vulnerability"

// The states of a statement.
const (
	notAffected        = "not_affected"
	affected           = "affected"
	fixed              = "fixed"
	underInvestigation = "under_investigation"
)

// DecodeVEX decodes a VEX document: OpenVEX 0.2, or CycloneDX in JSON with
// vulnerabilities. name is what the statements and errors call it.
func DecodeVEX(r io.Reader, name string) ([]Statement, error) {
	document, err := io.ReadAll(io.LimitReader(r, maxVEX+1))
	if err != nil {
		return nil, fmt.Errorf("read VEX document %s: %w", name, err)
	}
	if len(document) > maxVEX {
		return nil, fmt.Errorf("read VEX document %s: more than %d bytes", name, maxVEX)
	}
	var statements []Statement
	switch kind, err := vexKind(document); {
	case err != nil:
		return nil, fmt.Errorf("decoding VEX document %s: %w", name, err)
	case kind == openVEX:
		statements, err = decodeOpenVEX(document)
		if err != nil {
			return nil, fmt.Errorf("reading OpenVEX document %s: %w", name, err)
		}
	default:
		statements, err = decodeCycloneDX(document)
		if err != nil {
			return nil, fmt.Errorf("reading CycloneDX document %s: %w", name, err)
		}
	}
	for i := range statements {
		statements[i].Document = name
	}
	return statements, nil
}

// accepts reports whether the statement takes effect where it applies.
func (st *Statement) accepts() bool { return st.Status == notAffected || st.Status == fixed }

// names reports whether the statement is of the vulnerability, whatever the product.
func (st *Statement) names(v Vulnerability) bool {
	ids := append([]string{v.ID}, v.Aliases...)
	return slices.ContainsFunc(append([]string{st.Vulnerability}, st.Aliases...), func(id string) bool {
		return slices.ContainsFunc(ids, func(other string) bool { return strings.EqualFold(id, other) })
	})
}

// reason says why a finding is accepted, and where that stands.
func (st *Statement) reason() string {
	text := "not affected"
	if st.Status == fixed {
		text = "fixed"
	}
	if st.Justification != "" {
		text += " (" + st.Justification + ")"
	}
	if st.Detail != "" {
		text += ": " + strings.TrimRight(st.Detail, ".")
	}
	return text + ", says " + st.Document
}

func (st *Statement) productNames() string {
	var names []string
	for _, p := range st.Products {
		names = append(names, strings.Join(append([]string{p.ID}, p.Parts...), " with "))
	}
	if more := len(names) - maxIDs; more > 0 {
		names = append(names[:maxIDs], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// statement returns the one by which a vulnerability is accepted: the latest of
// those about it, if that says so; of several of the same time the last. It is
// nil if there is none.
func (s *Scan) statement(v Vulnerability) *Statement {
	var latest *Statement
	for i := range s.Statements {
		st := &s.Statements[i]
		if st.names(v) && s.concerns(st, v) && (latest == nil || !st.At.Before(latest.At)) {
			latest = st
		}
	}
	if latest == nil || !latest.accepts() {
		return nil
	}
	return latest
}

// concerns reports whether one of the statement's products is the package that
// has the vulnerability, in this image. That of a package which contains others
// says nothing of them here: which of the packages that have it the scanner has
// found is not known.
func (s *Scan) concerns(st *Statement, v Vulnerability) bool {
	has, err := parsePURL(v.PURL)
	known := err == nil
	return slices.ContainsFunc(st.Products, func(p Product) bool {
		if len(p.Versions) > 0 && !slices.Contains(p.Versions, v.Installed) {
			return false
		}
		if s.isImage(p.ID) {
			return len(p.Parts) == 0 || known && slices.ContainsFunc(p.Parts, func(part string) bool {
				of, err := parsePURL(part)
				return err == nil && of.covers(has)
			})
		}
		of, err := parsePURL(p.ID)
		return err == nil && known && len(p.Parts) == 0 && of.kind != "oci" && of.covers(has)
	})
}

// isImage reports whether a product is the image that was scanned: by its digest
// or by a name that the user has given it.
func (s *Scan) isImage(product string) bool {
	if slices.Contains(s.Products, product) {
		return true
	}
	of, err := parsePURL(product)
	if err != nil || of.kind != "oci" {
		return false
	}
	if of.version != "" && of.version == s.Digest {
		return true
	}
	return slices.ContainsFunc(s.Products, func(name string) bool {
		given, err := parsePURL(name)
		return err == nil && given.covers(of) && (of.version == "" || given.version != "")
	})
}
