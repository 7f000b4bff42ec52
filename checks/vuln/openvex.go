package vuln

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxVEX is the size in bytes up to which a VEX document is read.
const maxVEX = 64 << 20

// openVEXContext is that of the one version of OpenVEX that is known.
const openVEXContext = "https://openvex.dev/ns/v0.2.0"

type vexFormat int

const (
	openVEX vexFormat = iota
	cycloneDX
)

// vexKind tells the format of a document by the members that only it has.
func vexKind(document []byte) (vexFormat, error) {
	var doc struct {
		Context   string `json:"@context"`
		BOMFormat string `json:"bomFormat"`
	}
	switch err := decode(bytes.NewReader(document), &doc); {
	case err != nil:
		return 0, err
	case doc.BOMFormat == "CycloneDX":
		return cycloneDX, nil
	case doc.Context == openVEXContext:
		return openVEX, nil
	case doc.Context != "":
		return 0, fmt.Errorf("@context %q is not known: write it by OpenVEX 0.2.0, as %q", line(doc.Context), openVEXContext)
	}
	return 0, errors.New("it is neither OpenVEX, which has a @context, nor CycloneDX in JSON, which has a bomFormat")
}

// openVEXDocument has every member of
// https://github.com/openvex/spec/blob/main/openvex_json_schema.json: another is
// an error, since a misspelt one would be passed over.
type openVEXDocument struct {
	Context     string             `json:"@context"`
	ID          string             `json:"@id"`
	Author      string             `json:"author"`
	Role        string             `json:"role"`
	Timestamp   *time.Time         `json:"timestamp"`
	LastUpdated *time.Time         `json:"last_updated"`
	Version     json.RawMessage    `json:"version"`
	Tooling     string             `json:"tooling"`
	Statements  []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	ID            string          `json:"@id"`
	Version       json.RawMessage `json:"version"`
	Vulnerability struct {
		ID          string   `json:"@id"`
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Aliases     []string `json:"aliases"`
	} `json:"vulnerability"`
	Timestamp   *time.Time `json:"timestamp"`
	LastUpdated *time.Time `json:"last_updated"`
	Products    []struct {
		openVEXComponent
		Subcomponents []openVEXComponent `json:"subcomponents"`
	} `json:"products"`
	Status          string     `json:"status"`
	Supplier        string     `json:"supplier"`
	StatusNotes     string     `json:"status_notes"`
	Justification   string     `json:"justification"`
	ImpactStatement string     `json:"impact_statement"`
	ImpactTime      *time.Time `json:"impact_statement_timestamp"`
	ActionStatement string     `json:"action_statement"`
	ActionTime      *time.Time `json:"action_statement_timestamp"`
}

type openVEXComponent struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL  string `json:"purl"`
		CPE22 string `json:"cpe22"`
		CPE23 string `json:"cpe23"`
	} `json:"identifiers"`
	Hashes json.RawMessage `json:"hashes"`
}

func (c openVEXComponent) name() string {
	if c.Identifiers.PURL != "" {
		return line(c.Identifiers.PURL)
	}
	return line(c.ID)
}

// openVEXJustifications are the labels that the specification has.
var openVEXJustifications = []string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

func decodeOpenVEX(document []byte) ([]Statement, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	var doc openVEXDocument
	if err := decoder.Decode(&doc); err != nil {
		return nil, err
	}
	if len(doc.Statements) == 0 {
		return nil, errors.New("it has no statement")
	}
	var statements []Statement
	for i, s := range doc.Statements {
		statement, err := s.statement(doc)
		if err != nil {
			return nil, fmt.Errorf("statements[%d]: %w", i, err)
		}
		statements = append(statements, statement)
	}
	return statements, nil
}

func (s openVEXStatement) statement(doc openVEXDocument) (Statement, error) {
	st := Statement{
		Vulnerability: line(s.Vulnerability.Name), Status: s.Status,
		Justification: line(s.Justification), Detail: line(s.ImpactStatement),
	}
	for _, alias := range s.Vulnerability.Aliases {
		st.Aliases = append(st.Aliases, line(alias))
	}
	for _, at := range []*time.Time{doc.Timestamp, doc.LastUpdated, s.Timestamp, s.LastUpdated} {
		if at != nil {
			st.At = at.UTC()
		}
	}
	if st.Vulnerability == "" {
		return st, errors.New("it names no vulnerability")
	}
	for _, p := range s.Products {
		product := Product{ID: p.name()}
		for _, part := range p.Subcomponents {
			product.Parts = append(product.Parts, part.name())
		}
		if product.ID == "" || slices.Contains(product.Parts, "") {
			return st, fmt.Errorf("a product of %s has neither @id nor purl", st.Vulnerability)
		}
		st.Products = append(st.Products, product)
	}
	if len(st.Products) == 0 {
		return st, fmt.Errorf("%s is stated of no product", st.Vulnerability)
	}
	switch s.Status {
	case notAffected:
		if s.Justification == "" && st.Detail == "" {
			return st, fmt.Errorf("%s is stated to be not_affected without a justification or an impact_statement", st.Vulnerability)
		}
		if s.Justification != "" && !slices.Contains(openVEXJustifications, s.Justification) {
			return st, fmt.Errorf("the justification %q of %s is not one that OpenVEX has", line(s.Justification), st.Vulnerability)
		}
	case affected, fixed, underInvestigation:
	default:
		return st, fmt.Errorf("the status %q of %s is not known: it is %s, %s, %s or %s", line(s.Status), st.Vulnerability, notAffected, affected, fixed, underInvestigation)
	}
	return st, nil
}
