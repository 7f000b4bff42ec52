package vuln

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// sarifDocument is the part of SARIF 2.1.0 that is decoded. Snippets of code are
// not, nor what the tool was called with: both may show secrets.
type sarifDocument struct {
	Version string
	Runs    []sarifRun
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Name            string
			SemanticVersion string
			Version         string
			Rules           []sarifRule
		}
		// Extensions are plugins of the tool, with rules of their own.
		Extensions []struct {
			Name  string
			Rules []sarifRule
		}
	}
	Invocations []struct{ ExecutionSuccessful *bool }
	Results     []sarifResult
	Properties  struct{ ImageID string }
}

type sarifRule struct {
	ID                   string
	HelpURI              string
	ShortDescription     struct{ Text string }
	Help                 struct{ Text string }
	DefaultConfiguration struct{ Level string }
	Properties           sarifProperties
}

type sarifProperties struct {
	// SecuritySeverity is a CVSS score, as text by the convention of GitHub.
	SecuritySeverity json.RawMessage `json:"security-severity"`
	// The others are Docker Scout's and Grype's.
	Severity     string          `json:"cvssV3_severity"`
	FixedVersion string          `json:"fixed_version"`
	PURL         string          `json:"purl"`
	PURLs        json.RawMessage `json:"purls"`
}

type sarifResult struct {
	RuleID    string
	RuleIndex *int
	Rule      struct {
		ID    string
		Index *int
		// ToolComponent is the extension that the rule is of.
		ToolComponent struct {
			Name  string
			Index *int
		}
	}
	Kind          string
	Level         string
	BaselineState string
	Message       struct{ Text string }
	Locations     []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
		}
	}
	Suppressions []struct {
		Status        string
		Justification string
	}
	Properties sarifProperties
}

// otherFormats says where a document that is no SARIF belongs.
const otherFormats = "let the tool write its report in that format; --vex takes VEX documents"

// DecodeSARIF decodes a report in SARIF 2.1.0, of any tool; name is what errors
// call it. A result is a vulnerability if its rule names one by CVE or GHSA, and
// it or its rule names the package: by URL, as those of Docker Scout and Grype
// do, or in the words of Trivy. Any other is an Other. There is a report for
// each run of a tool. A run that did not get to look is an error.
func DecodeSARIF(r io.Reader, name string) ([]*Report, error) {
	var doc sarifDocument
	var other *json.UnmarshalTypeError
	switch err := decode(r, &doc); {
	case errors.As(err, &other):
		return nil, fmt.Errorf("reading SARIF report %s: it is no SARIF 2.1.0, by its member %q; %s", name, line(other.Field), otherFormats)
	case err != nil:
		return nil, fmt.Errorf("decoding SARIF report %s: %w", name, err)
	}
	if doc.Version != "2.1.0" {
		return nil, fmt.Errorf("reading SARIF report %s: it is no SARIF 2.1.0, by its version %q; %s", name, line(doc.Version), otherFormats)
	}
	if len(doc.Runs) == 0 {
		return nil, fmt.Errorf("reading SARIF report %s: it has no run of a tool", name)
	}
	var reports []*Report
	for i, run := range doc.Runs {
		report, err := run.report()
		if err != nil {
			return nil, fmt.Errorf("reading SARIF report %s: runs[%d]: %w", name, i, err)
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func (run *sarifRun) report() (*Report, error) {
	driver := run.Tool.Driver
	if driver.Name == "" {
		return nil, errors.New("its tool has no name")
	}
	for _, invocation := range run.Invocations {
		if invocation.ExecutionSuccessful != nil && !*invocation.ExecutionSuccessful {
			return nil, fmt.Errorf("%s says that it did not succeed; run it again", line(driver.Name))
		}
	}
	if run.Results == nil {
		return nil, fmt.Errorf("%s has no list of results, so that it did not get to look; run it again", line(driver.Name))
	}
	report := &Report{
		Scanner: Scanner{Name: line(driver.Name), Version: line(cmp.Or(driver.SemanticVersion, driver.Version))},
		Given:   true, ImageID: line(run.Properties.ImageID), Packages: uncounted,
	}
	for i, result := range run.Results {
		rule, err := run.rule(result)
		if err != nil {
			return nil, fmt.Errorf("results[%d]: %w", i, err)
		}
		switch result.Kind {
		case "", "fail", "open", "review":
		case "pass", "notApplicable", "informational":
			continue
		default:
			return nil, fmt.Errorf("results[%d]: kind %q is not known", i, line(result.Kind))
		}
		if result.BaselineState == "absent" {
			continue
		}
		severity, err := result.severity(rule)
		if err != nil {
			return nil, fmt.Errorf("results[%d]: %w", i, err)
		}
		accepted := result.accepted()
		if found := result.vulnerabilities(rule, severity); len(found) > 0 && accepted == "" {
			report.Vulnerabilities = append(report.Vulnerabilities, found...)
			continue
		}
		report.Others = append(report.Others, Other{
			Rule: line(rule.ID), Severity: severity, Location: result.location(), URL: line(rule.HelpURI), Accepted: accepted,
			Message: cmp.Or(line(result.Message.Text), line(rule.ShortDescription.Text), line(rule.ID)),
		})
	}
	report.Vulnerabilities = sorted(report.Vulnerabilities)
	return report, nil
}

// rule returns the rule of a result, of the tool itself or of an extension of it; one
// with the id alone where nobody describes it.
func (run *sarifRun) rule(result sarifResult) (sarifRule, error) {
	id := cmp.Or(result.RuleID, result.Rule.ID)
	rules, err := run.rulesFor(result)
	if err != nil {
		return sarifRule{}, err
	}
	for _, index := range []*int{result.RuleIndex, result.Rule.Index} {
		if index == nil || *index == -1 {
			continue
		}
		if *index < 0 || *index >= len(rules) {
			return sarifRule{}, fmt.Errorf("it is of rule %d, and there are %d", *index, len(rules))
		}
		return rules[*index], nil
	}
	for _, rule := range rules {
		if rule.ID == id && id != "" {
			return rule, nil
		}
	}
	if id == "" {
		return sarifRule{}, errors.New("it names no rule")
	}
	return sarifRule{ID: id}, nil
}

// rulesFor returns the rules among which that of a result is.
func (run *sarifRun) rulesFor(result sarifResult) ([]sarifRule, error) {
	extensions, of := run.Tool.Extensions, result.Rule.ToolComponent
	if of.Index != nil && *of.Index != -1 {
		if *of.Index < 0 || *of.Index >= len(extensions) {
			return nil, fmt.Errorf("its rule is of extension %d of the tool, and there are %d", *of.Index, len(extensions))
		}
		return extensions[*of.Index].Rules, nil
	}
	for _, e := range extensions {
		if e.Name == of.Name && of.Name != "" {
			return e.Rules, nil
		}
	}
	rules := run.Tool.Driver.Rules
	if result.RuleIndex == nil && result.Rule.Index == nil {
		for _, e := range extensions { // the id alone tells
			rules = append(slices.Clip(rules), e.Rules...)
		}
	}
	return rules, nil
}

func (result sarifResult) severity(rule sarifRule) (checks.Severity, error) {
	for _, p := range []sarifProperties{result.Properties, rule.Properties} {
		switch s := checks.Severity(strings.ToUpper(p.Severity)); s {
		case "", "UNSPECIFIED", "NONE":
		default:
			return s, known(rule.ID, s)
		}
		if len(p.SecuritySeverity) == 0 || string(p.SecuritySeverity) == "null" {
			continue
		}
		score, err := strconv.ParseFloat(strings.Trim(string(p.SecuritySeverity), `" `), 64)
		if err != nil || !(score >= 0 && score <= 10) {
			return "", fmt.Errorf("security-severity %s is no score from 0 to 10", line(string(p.SecuritySeverity)))
		}
		return ofScore(score), nil
	}
	switch level := cmp.Or(result.Level, rule.DefaultConfiguration.Level, "warning"); level {
	case "error":
		return checks.High, nil
	case "warning":
		return checks.Medium, nil
	case "note":
		return checks.Low, nil
	case "none":
		return checks.Unknown, nil
	default:
		return "", fmt.Errorf("level %q is not known", line(level))
	}
}

// ofScore returns the severity of a score, in the bounds of
// https://www.first.org/cvss/v3.1/specification-document#Qualitative-Severity-Rating-Scale.
func ofScore(score float64) checks.Severity {
	switch {
	case score >= 9:
		return checks.Critical
	case score >= 7:
		return checks.High
	case score >= 4:
		return checks.Medium
	case score > 0:
		return checks.Low
	}
	return checks.Unknown
}

// accepted returns why a result was suppressed; empty if it was not, or if that
// is still to be reviewed.
func (result sarifResult) accepted() string {
	reason := ""
	for _, s := range result.Suppressions {
		if s.Status != "" && s.Status != "accepted" {
			return ""
		}
		reason = cmp.Or(reason, line(s.Justification))
	}
	if len(result.Suppressions) > 0 {
		return cmp.Or(reason, "suppressed where the tool was run, without a reason")
	}
	return ""
}

func (result sarifResult) location() checks.Location {
	if len(result.Locations) == 0 {
		return checks.Location{}
	}
	p := result.Locations[0].PhysicalLocation
	uri, err := url.PathUnescape(p.ArtifactLocation.URI)
	if err != nil {
		uri = p.ArtifactLocation.URI
	}
	where := checks.Location{Path: line(strings.TrimPrefix(uri, "file://"))}
	if p.Region.StartLine > 0 && where.Path != "" {
		where.Line, where.Column = p.Region.StartLine, max(0, p.Region.StartColumn)
		where.EndLine, where.EndColumn = max(0, p.Region.EndLine), max(0, p.Region.EndColumn)
	}
	return where
}

var (
	vulnerabilityID = regexp.MustCompile(`^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[0-9a-zA-Z]{4}){3})`)
	packageURL      = regexp.MustCompile(`pkg:[a-zA-Z0-9.+-]+/[^\s"'<>)\]]+`)
	fixedVersion    = regexp.MustCompile(`(?im)^[ \t]*fix(?:ed)? version[ \t]*:[ \t]*(.*?)[ \t]*$`)
	trivyPackage    = regexp.MustCompile(`^Package: (.+)\nInstalled Version: (.+)\n`)
)

// vulnerabilities returns what the result is of, once for each package; none if
// it is of none.
func (result sarifResult) vulnerabilities(rule sarifRule, severity checks.Severity) []Vulnerability {
	id := vulnerabilityID.FindString(rule.ID)
	if id == "" {
		return nil
	}
	v := Vulnerability{ID: id, Severity: severity, Title: sentence(rule.ShortDescription.Text), URL: line(rule.HelpURI)}
	if where := result.location().Path; path.IsAbs(where) {
		v.Path = inImage(where)
	}
	v.Fixed = line(rule.Properties.FixedVersion)
	v.FixUnknown = v.Fixed == ""
	for _, text := range []string{result.Message.Text, rule.Help.Text} { // Grype's help says it
		if match := fixedVersion.FindStringSubmatch(text); match != nil {
			v.Fixed, v.FixUnknown = line(match[1]), false
			break
		}
	}
	if strings.EqualFold(v.Fixed, "not fixed") {
		v.Fixed = ""
	}
	if match := trivyPackage.FindStringSubmatch(result.Message.Text); match != nil {
		v.Package, v.Installed = line(match[1]), line(match[2])
		return []Vulnerability{v}
	}
	urls := packageURL.FindAllString(result.Message.Text, -1)
	if len(urls) == 0 {
		urls = rule.Properties.urls()
	}
	var all []Vulnerability
	for _, text := range urls {
		p, err := parsePURL(text)
		if err != nil {
			continue
		}
		v.PURL, v.Package, v.Installed = line(text), line(p.packageName()), line(p.version)
		all = append(all, v)
	}
	return all
}

// urls returns the URLs of the packages of a rule. What is not in the form that
// is known is passed over: the result is shown as an Other then.
func (p sarifProperties) urls() []string {
	var urls []string
	if p.PURLs != nil {
		_ = json.Unmarshal(p.PURLs, &urls)
	}
	if p.PURL != "" {
		urls = append(urls, p.PURL)
	}
	return urls
}
