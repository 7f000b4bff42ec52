package vuln

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// cycloneDXDocument is the part of CycloneDX that states what is affected:
// https://cyclonedx.org/docs/1.6/json/#vulnerabilities.
type cycloneDXDocument struct {
	SpecVersion string
	Metadata    struct {
		Timestamp *time.Time
		Component cycloneDXComponent
	}
	Components      []cycloneDXComponent
	Vulnerabilities []cycloneDXVulnerability
}

type cycloneDXComponent struct {
	Ref        string `json:"bom-ref"`
	PURL       string
	Components []cycloneDXComponent
}

type cycloneDXVulnerability struct {
	ID         string
	References []struct{ ID string }
	Analysis   *struct {
		State         string
		Justification string
		Detail        string
		FirstIssued   *time.Time
		LastUpdated   *time.Time
	}
	Affects []struct {
		Ref      string
		Versions []struct{ Version, Range, Status string }
	}
}

// cycloneDXStates are the states of an analysis, by what they are here.
var cycloneDXStates = map[string]string{
	"resolved": fixed, "resolved_with_pedigree": fixed, "not_affected": notAffected, "false_positive": notAffected,
	"exploitable": affected, "in_triage": underInvestigation,
}

func decodeCycloneDX(document []byte) ([]Statement, error) {
	var doc cycloneDXDocument
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	urls := map[string]string{}
	doc.Metadata.Component.collect(urls)
	for _, c := range doc.Components {
		c.collect(urls)
	}
	var statements []Statement
	for i, v := range doc.Vulnerabilities {
		if v.Analysis == nil || v.Analysis.State == "" {
			continue // it is only listed
		}
		st, err := v.statement(urls)
		if err != nil {
			return nil, fmt.Errorf("vulnerabilities[%d]: %w", i, err)
		}
		for _, at := range []*time.Time{doc.Metadata.Timestamp, v.Analysis.FirstIssued, v.Analysis.LastUpdated} {
			if at != nil {
				st.At = at.UTC()
			}
		}
		statements = append(statements, st)
	}
	if len(statements) == 0 {
		return nil, errors.New("none of its vulnerabilities has an analysis.state")
	}
	return statements, nil
}

// collect adds the package URLs of a component and its parts by their bom-ref.
func (c cycloneDXComponent) collect(urls map[string]string) {
	if c.Ref != "" && c.PURL != "" {
		urls[c.Ref] = c.PURL
	}
	for _, part := range c.Components {
		part.collect(urls)
	}
}

func (v cycloneDXVulnerability) statement(urls map[string]string) (Statement, error) {
	st := Statement{Vulnerability: line(v.ID), Justification: line(v.Analysis.Justification), Detail: line(v.Analysis.Detail)}
	if st.Vulnerability == "" {
		return st, errors.New("it has no id")
	}
	status, ok := cycloneDXStates[v.Analysis.State]
	if !ok {
		return st, fmt.Errorf("the state %q of %s is not known", line(v.Analysis.State), st.Vulnerability)
	}
	st.Status = status
	if v.Analysis.State == "false_positive" {
		st.Justification = cmp.Or(st.Justification, "false_positive")
	}
	if status == notAffected && st.Justification == "" && st.Detail == "" {
		return st, fmt.Errorf("%s is stated to be %s without a justification or a detail", st.Vulnerability, line(v.Analysis.State))
	}
	for _, r := range v.References {
		if r.ID != "" {
			st.Aliases = append(st.Aliases, line(r.ID))
		}
	}
	for _, a := range v.Affects {
		// A reference into another document is urn:cdx:serial/version#bom-ref.
		ref := a.Ref
		if rest, ok := strings.CutPrefix(ref, "urn:cdx:"); ok {
			_, ref, _ = strings.Cut(rest, "#")
		}
		product := Product{ID: line(cmp.Or(urls[ref], ref, a.Ref))}
		if product.ID == "" {
			return st, fmt.Errorf("what %s affects has no ref", st.Vulnerability)
		}
		for _, version := range a.Versions {
			if version.Version == "" {
				return st, fmt.Errorf("%s is limited to the range %q of versions: list the versions one by one", st.Vulnerability, line(version.Range))
			}
			product.Versions = append(product.Versions, line(version.Version))
		}
		st.Products = append(st.Products, product)
	}
	if len(st.Products) == 0 {
		return st, fmt.Errorf("%s affects nothing: name the package by its ref", st.Vulnerability)
	}
	return st, nil
}
