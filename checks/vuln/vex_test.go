package vuln

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// openvex returns a document of statements.
func openvex(statements string) string {
	return `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "a", "timestamp": "2026-11-20T12:00:00Z", "version": 1, "statements": [` + statements + `]}`
}

func statements(t *testing.T, document string) []Statement {
	t.Helper()
	list, err := DecodeVEX(strings.NewReader(document), "app.vex.json")
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return list
}

// lodash is the vulnerability that the statements of these tests are about.
func lodash() *Scan {
	s := scan(&Report{Scanner: Scanner{Name: "Trivy"}, Packages: 3, Vulnerabilities: []Vulnerability{{
		ID: "CVE-2021-23337", Aliases: []string{"GHSA-35jh-r3h4-6jhm"}, Package: "lodash", Installed: "4.17.20", Fixed: "4.17.21",
		PURL: "pkg:npm/lodash@4.17.20", Severity: checks.High,
	}}})
	s.Digest = "sha256:aa"
	return s
}

func TestVEX(t *testing.T) {
	of := func(products, rest string) string {
		return openvex(`{"vulnerability": {"name": "CVE-2021-23337"}, "products": [` + products + `], "status": ` + rest + `}`)
	}
	const never = `"not_affected", "justification": "vulnerable_code_not_in_execute_path"`
	cdx := func(analysis, affects string) string {
		return `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "x", "components": [{"bom-ref": "ref-1", "purl": "pkg:npm/lodash@4.17.20"}]}],
			"vulnerabilities": [{"id": "GHSA-0000-0000-0000", "references": [{"id": "CVE-2021-23337"}], "analysis": {` + analysis + `}, "affects": [` + affects + `]}]}`
	}
	const blocked = "fail HIGH : CVE-2021-23337 lodash@4.17.20: HIGH in lodash 4.17.20, fixed in 4.17.21\n"
	const waived = "waived HIGH : CVE-2021-23337 lodash@4.17.20: HIGH in lodash 4.17.20, fixed in 4.17.21\n"
	for name, test := range map[string]struct {
		document string
		products []string
		want     string
		reason   string // of the waiver, or of what vuln/vex has against the statement
	}{
		"package":                {of(`{"@id": "pkg:npm/lodash@4.17.20"}`, never), nil, waived, "not affected (vulnerable_code_not_in_execute_path), says app.vex.json"},
		"package in any version": {of(`{"@id": "pkg:npm/lodash"}`, never), nil, waived, ""},
		"package by identifier":  {of(`{"@id": "x", "identifiers": {"purl": "pkg:npm/lodash"}}`, never), nil, waived, ""},
		"own words":              {of(`{"@id": "pkg:npm/lodash"}`, `"not_affected", "impact_statement": "We call no template."`), nil, waived, "not affected: We call no template, says app.vex.json"},
		"fixed":                  {of(`{"@id": "pkg:npm/lodash"}`, `"fixed"`), nil, waived, "fixed, says app.vex.json"},
		"image by digest":        {of(`{"@id": "pkg:oci/app@sha256%3Aaa"}`, never), nil, waived, ""},
		"image and its part":     {of(`{"@id": "pkg:oci/app@sha256%3Aaa", "subcomponents": [{"@id": "pkg:npm/lodash"}]}`, never), nil, waived, ""},
		"image and another part": {of(`{"@id": "pkg:oci/app@sha256%3Aaa", "subcomponents": [{"@id": "pkg:npm/other"}]}`, never), nil, blocked, "none of its products (pkg:oci/app@sha256%3Aaa with pkg:npm/other) is the image"},
		"image by name":          {of(`{"@id": "pkg:oci/app"}`, never), []string{"pkg:oci/app"}, waived, ""},
		"image by its own name":  {of(`{"@id": "our-app"}`, never), []string{"our-app"}, waived, ""},
		"name without consent":   {of(`{"@id": "pkg:oci/app"}`, never), nil, blocked, "is the image or the package"},
		"another digest":         {of(`{"@id": "pkg:oci/app@sha256%3Abb"}`, never), []string{"pkg:oci/app"}, blocked, "is the image or the package"},
		"another version":        {of(`{"@id": "pkg:npm/lodash@4.17.19"}`, never), nil, blocked, "is the image or the package"},
		"package in a package":   {of(`{"@id": "pkg:npm/app", "subcomponents": [{"@id": "pkg:npm/lodash"}]}`, never), nil, blocked, "pkg:npm/app with pkg:npm/lodash"},
		"affected":               {of(`{"@id": "pkg:npm/lodash"}`, `"affected", "action_statement": "upgrade"`), nil, blocked, ""},
		"under investigation":    {of(`{"@id": "pkg:npm/lodash"}`, `"under_investigation"`), nil, blocked, ""},
		"another vulnerability":  {openvex(`{"vulnerability": {"name": "CVE-2021-0001"}, "products": [{"@id": "pkg:npm/lodash"}], "status": "fixed"}`), nil, blocked, "no scanner finds it in the image"},
		"alias":                  {openvex(`{"vulnerability": {"name": "VENDOR-1", "aliases": ["ghsa-35jh-r3h4-6jhm"]}, "products": [{"@id": "pkg:npm/lodash"}], "status": "fixed"}`), nil, waived, ""},
		"later it is affected":   {openvex(`{"vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": "pkg:npm/lodash"}], "status": "affected", "timestamp": "2026-11-21T12:00:00Z"}, {"vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": "pkg:npm/lodash"}], "status": "fixed"}`), nil, blocked, "a later statement says otherwise"},
		"CycloneDX by reference": {cdx(`"state": "not_affected", "justification": "code_not_reachable", "detail": "No template."`, `{"ref": "ref-1"}`), nil, waived, "not affected (code_not_reachable): No template, says app.vex.json"},
		"CycloneDX by link":      {cdx(`"state": "resolved"`, `{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/lodash@4.17.20"}`), nil, waived, "fixed, says app.vex.json"},
		"CycloneDX, not there":   {cdx(`"state": "false_positive"`, `{"ref": "pkg:npm/lodash", "versions": [{"version": "4.17.20", "status": "affected"}]}`), nil, waived, "not affected (false_positive), says app.vex.json"},
		"CycloneDX, not our one": {cdx(`"state": "resolved"`, `{"ref": "pkg:npm/lodash", "versions": [{"version": "4.17.19"}]}`), nil, blocked, "is the image or the package"},
		"CycloneDX, exploitable": {cdx(`"state": "exploitable"`, `{"ref": "ref-1"}`), nil, blocked, ""},
		"CycloneDX, looked into": {cdx(`"state": "in_triage"`, `{"ref": "ref-1"}`), nil, blocked, ""},
	} {
		s := lodash()
		s.Statements, s.Products = statements(t, test.document), test.products
		if got := lines(vulnerability, s); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		f := judgeVulnerability(s).Findings[0]
		said := judgeVEX(s)
		switch {
		case test.want == waived:
			if !strings.Contains(f.Reason, test.reason) || len(f.AcceptedBy) != 1 || f.AcceptedBy[0].Path != "app.vex.json" {
				t.Errorf("%s: reason %q of %v, want %q", name, f.Reason, f.AcceptedBy, test.reason)
			}
			if len(said.Findings) > 0 {
				t.Errorf("%s: vuln/vex says %+v", name, said.Findings)
			}
		case test.reason == "":
			if len(said.Findings) > 0 {
				t.Errorf("%s: vuln/vex says %+v", name, said.Findings)
			}
		case len(said.Findings) != 1 || !strings.Contains(said.Findings[0].Message, test.reason):
			t.Errorf("%s: vuln/vex says %+v, want %q", name, said, test.reason)
		}
	}
}

func TestStatementTime(t *testing.T) {
	got := statements(t, openvex(`{"vulnerability": {"name": "a"}, "products": [{"@id": "b"}], "status": "fixed"}, {"vulnerability": {"name": "a"}, "products": [{"@id": "b"}], "status": "fixed", "timestamp": "2026-11-21T13:00:00+01:00"}`))
	if want := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC); !got[0].At.Equal(want) || !got[1].At.Equal(want.AddDate(0, 0, 1)) {
		t.Errorf("%s, %s", got[0].At, got[1].At)
	}
}

func TestDecodeVEXErrors(t *testing.T) {
	cdx := func(vulnerability string) string {
		return `{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [` + vulnerability + `]}`
	}
	for text, want := range map[string]string{
		"":                                       "app.vex.json: it is empty",
		"{":                                      "it is cut short",
		"{}":                                     "neither OpenVEX",
		`{"@context": "https://openvex.dev/ns"}`: `@context "https://openvex.dev/ns" is not known`,
		openvex(""):                              "it has no statement",
		openvex("") + "x":                        "something follows",
		openvex(`{"status": "fixed"}`):           "statements[0]: it names no vulnerability",
		openvex(`{"vulnerability": {"name": "a"}, "status": "fixed"}`):                                                                 "a is stated of no product",
		openvex(`{"vulnerability": {"name": "a"}, "status": "fixed", "products": [{}]}`):                                               "neither @id nor purl",
		openvex(`{"vulnerability": {"name": "a"}, "status": "fixed", "products": [{"@id": "b", "subcomponents": [{}]}]}`):              "neither @id nor purl",
		openvex(`{"vulnerability": {"name": "a"}, "status": "mended", "products": [{"@id": "b"}]}`):                                    `the status "mended" of a is not known`,
		openvex(`{"vulnerability": {"name": "a"}, "status": "not_affected", "products": [{"@id": "b"}]}`):                              "without a justification",
		openvex(`{"vulnerability": {"name": "a"}, "status": "not_affected", "justification": "trust_us", "products": [{"@id": "b"}]}`): `the justification "trust_us" of a is not one`,
		openvex(`{"vulnerability": {"name": "a"}, "status": "fixed", "product": [{"@id": "b"}]}`):                                      `unknown field "product"`,
		cdx(""):            "none of its vulnerabilities has an analysis.state",
		cdx(`{"id": "a"}`): "none of its vulnerabilities has an analysis.state",
		cdx(`{"analysis": {"state": "resolved"}}`):                                                                               "vulnerabilities[0]: it has no id",
		cdx(`{"id": "a", "analysis": {"state": "fine"}}`):                                                                        `the state "fine" of a is not known`,
		cdx(`{"id": "a", "analysis": {"state": "not_affected"}}`):                                                                "without a justification or a detail",
		cdx(`{"id": "a", "analysis": {"state": "resolved"}}`):                                                                    "a affects nothing",
		cdx(`{"id": "a", "analysis": {"state": "resolved"}, "affects": [{}]}`):                                                   "what a affects has no ref",
		cdx(`{"id": "a", "analysis": {"state": "resolved"}, "affects": [{"ref": "b", "versions": [{"range": "vers:npm/<2"}]}]}`): `the range "vers:npm/<2" of versions`,
	} {
		if list, err := DecodeVEX(strings.NewReader(text), "app.vex.json"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, error %v, want one with %q", text, list, err, want)
		}
	}
}

func FuzzDecodeVEX(f *testing.F) {
	for _, text := range []string{
		openvex(`{"vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:npm/lodash"}]}], "status": "not_affected", "impact_statement": "x"}`),
		`{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"id": "CVE-2021-23337", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/lodash"}]}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		list, err := DecodeVEX(bytes.NewReader(document), "app.vex.json")
		if (len(list) == 0) == (err == nil) {
			t.Fatalf("statements %v, error %v", list, err)
		}
		if err != nil {
			return
		}
		s := lodash()
		s.Statements, s.Products = list, []string{"pkg:oci/app"}
		judgedCleanly(t, s)
	})
}
