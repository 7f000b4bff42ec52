package vuln

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/imagegate/imagegate/checks"
)

// maxReport is the size in bytes up to which a report is read. One of an image
// with thousands of vulnerable packages has some 50 MB.
const maxReport = 512 << 20

// The versions of Trivy's report and database that are known. Each has been the
// only one for years.
const (
	trivyReport   = 2
	trivyDatabase = 2
)

// trivyDocument is the part of Trivy's JSON that is decoded. In particular
// Metadata.ImageConfig is not, which has the image's environment in clear, nor
// are Match and Code of a secret, which show what is around it.
type trivyDocument struct {
	SchemaVersion int
	Trivy         struct{ Version string }
	ArtifactName  string
	ArtifactType  string
	Metadata      struct {
		ImageID string
		DiffIDs []string
		OS      *struct {
			Family string
			Name   string
			EOSL   bool
		}
	}
	Results []trivyResult
}

type trivyResult struct {
	Target            string
	Class             string
	Packages          []struct{}
	Vulnerabilities   []trivyVulnerability
	MisconfSummary    struct{ Successes, Failures int }
	Misconfigurations []struct {
		ID         string
		Title      string
		Message    string
		Severity   checks.Severity
		Resolution string
		PrimaryURL string
		Status     string
	}
	Secrets []struct {
		RuleID    string
		Severity  checks.Severity
		Title     string
		StartLine int
		Layer     trivyLayer
	}
	Licenses []struct {
		PkgName  string
		FilePath string
		Name     string
	}
}

type trivyLayer struct{ DiffID string }

type trivyVulnerability struct {
	VulnerabilityID  string
	VendorIDs        []string
	PkgName          string
	PkgPath          string
	PkgIdentifier    struct{ PURL string }
	InstalledVersion string
	FixedVersion     string
	Status           string
	Layer            trivyLayer
	Severity         checks.Severity
	Title            string
	PrimaryURL       string
	PublishedDate    time.Time
}

// DecodeTrivy decodes the report that "trivy image --format json" writes. What
// does not read as the report of one whole scan of an image is an error.
func DecodeTrivy(r io.Reader) (*Report, error) {
	var doc trivyDocument
	if err := decode(r, &doc); err != nil {
		return nil, fmt.Errorf("decoding Trivy's report: %w", err)
	}
	report, err := doc.report()
	if err != nil {
		return nil, fmt.Errorf("reading Trivy's report: %w", err)
	}
	return report, nil
}

// decode decodes the one JSON document that there must be.
func decode(r io.Reader, doc any) error {
	limited := &io.LimitedReader{R: r, N: maxReport}
	decoder := json.NewDecoder(limited)
	err := decoder.Decode(doc)
	switch {
	case limited.N == 0:
		return fmt.Errorf("more than %d bytes", maxReport)
	case errors.Is(err, io.EOF):
		return errors.New("it is empty: what was to write it says why in its own output")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut short: what was to write it says why in its own output")
	case err != nil:
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document: a file has to hold one alone")
	}
	return nil
}

// report checks the document, and returns what of it is judged.
func (doc *trivyDocument) report() (*Report, error) {
	if doc.SchemaVersion != trivyReport {
		return nil, fmt.Errorf("schema version %d; only %d is known: write it with trivy image --format json, of a Trivy that has it", doc.SchemaVersion, trivyReport)
	}
	if doc.ArtifactType != "container_image" || doc.ArtifactName == "" {
		return nil, fmt.Errorf("it is of %q of type %q, not of a container image; scan with trivy image", line(doc.ArtifactName), line(doc.ArtifactType))
	}
	report := &Report{Scanner: Scanner{Name: "Trivy", Version: line(doc.Trivy.Version)}, ImageID: line(doc.Metadata.ImageID), Content: &Content{}}
	layers := map[string]int{}
	for i, id := range doc.Metadata.DiffIDs {
		layers[id] = i + 1
	}
	system := false // whether packages of the distribution were looked up
	for _, result := range doc.Results {
		report.Packages += len(result.Packages)
		if result.Class == "os-pkgs" && len(result.Packages)+len(result.Vulnerabilities) > 0 {
			system = true
		}
		for _, v := range result.Vulnerabilities {
			found, err := v.vulnerability(result, layers)
			if err != nil {
				return nil, fmt.Errorf("in %s: %w", line(result.Target), err)
			}
			report.Vulnerabilities = append(report.Vulnerabilities, found)
		}
		if err := report.Content.add(result, layers); err != nil {
			return nil, fmt.Errorf("in %s: %w", line(result.Target), err)
		}
	}
	if os := doc.Metadata.OS; os != nil && os.Family != "" && os.Family != "none" {
		report.OS, report.EndOfLife = strings.TrimSpace(line(os.Family)+" "+line(os.Name)), os.EOSL
		if !system {
			return nil, fmt.Errorf("the image is recognised as %s, but no package of it was looked up; scan with --pkg-types os,library and --list-all-pkgs, and keep the distribution's package database in the image", report.OS)
		}
	}
	report.Vulnerabilities = sorted(report.Vulnerabilities)
	return report, nil
}

func (v trivyVulnerability) vulnerability(result trivyResult, layers map[string]int) (Vulnerability, error) {
	if v.VulnerabilityID == "" || v.PkgName == "" {
		return Vulnerability{}, errors.New("a vulnerability without an id or without a package")
	}
	if err := known(v.VulnerabilityID, v.Severity); err != nil {
		return Vulnerability{}, err
	}
	ids := []string{line(v.VulnerabilityID)}
	for _, id := range v.VendorIDs {
		ids = append(ids, line(id))
	}
	found := Vulnerability{
		Package:   line(v.PkgName),
		Installed: line(v.InstalledVersion),
		PURL:      line(v.PkgIdentifier.PURL),
		Fixed:     line(v.FixedVersion),
		Status:    line(v.Status),
		Severity:  v.Severity,
		Path:      inImage(v.PkgPath),
		Layer:     layers[v.Layer.DiffID],
		Published: v.PublishedDate.UTC(),
		Title:     line(v.Title),
		URL:       line(v.PrimaryURL),
	}
	found.ID, found.Aliases, found.Advisories = identifiers(ids)
	if found.Path == "" && result.Class == "lang-pkgs" {
		found.Path = inImage(result.Target)
	}
	return found, nil
}

// add adds what a result has beyond packages.
func (c *Content) add(result trivyResult, layers map[string]int) error {
	for _, s := range result.Secrets {
		if s.RuleID == "" {
			return errors.New("a secret without the rule that it was found by")
		}
		if err := known(s.RuleID, s.Severity); err != nil {
			return err
		}
		found := Secret{Rule: line(s.RuleID), Title: cmp.Or(line(s.Title), line(s.RuleID)), Severity: s.Severity, Path: inImage(result.Target), Line: max(0, s.StartLine), Layer: layers[s.Layer.DiffID]}
		// What is of no layer is in the image's configuration, whose lines are none that
		// anybody wrote.
		if s.Layer.DiffID == "" {
			found.Path, found.Line = "", 0
		}
		c.Secrets = append(c.Secrets, found)
	}
	if result.Class == "config" {
		c.Rules += max(0, result.MisconfSummary.Successes) + max(0, result.MisconfSummary.Failures)
	}
	for _, m := range result.Misconfigurations {
		if m.ID == "" {
			return errors.New("a misconfiguration without the rule that is broken")
		}
		if err := known(m.ID, m.Severity); err != nil {
			return err
		}
		if m.Status == "PASS" {
			continue
		}
		c.Misconfigurations = append(c.Misconfigurations, Misconfiguration{
			ID: line(m.ID), Severity: m.Severity, Message: cmp.Or(line(m.Message), line(m.Title), line(m.ID)), Resolution: line(m.Resolution), URL: line(m.PrimaryURL),
		})
	}
	if result.Class == "license" || result.Class == "license-file" {
		if c.Licenses == nil {
			c.Licenses = []License{}
		}
		for _, l := range result.Licenses {
			c.Licenses = append(c.Licenses, License{Name: line(l.Name), Package: cmp.Or(line(l.PkgName), inImage(l.FilePath)), Path: inImage(l.FilePath)})
		}
	}
	return nil
}

// known returns an error where a severity of a thing is none that is known.
func known(of string, s checks.Severity) error {
	switch s {
	case checks.Unknown, checks.Low, checks.Medium, checks.High, checks.Critical:
		return nil
	}
	return fmt.Errorf("%s has the unknown severity %q", line(of), line(string(s)))
}

// inImage returns the path of a file in an image, which may be written without
// the slash at its start; empty for none.
func inImage(name string) string {
	if name = line(name); name == "" {
		return ""
	}
	return path.Join("/", name)
}

// sorted returns vulnerabilities in the order that reports have them in, each once.
func sorted(list []Vulnerability) []Vulnerability {
	slices.SortFunc(list, func(a, b Vulnerability) int {
		return cmp.Or(
			comparePackages(a.pkg(), b.pkg()),
			cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Fixed, b.Fixed),
			cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Layer, b.Layer),
			cmp.Compare(a.PURL, b.PURL),
		)
	})
	return slices.CompactFunc(list, func(a, b Vulnerability) bool {
		return a.ID == b.ID && a.pkg() == b.pkg() && a.Path == b.Path && a.Fixed == b.Fixed && a.Status == b.Status && a.Severity == b.Severity
	})
}

// line returns text that others wrote as one line that a terminal shows as it is.
func line(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	return strings.Join(strings.Fields(printable), " ")
}

// trivyMetadata is the metadata.json beside Trivy's database.
type trivyMetadata struct {
	Version    int
	UpdatedAt  time.Time
	NextUpdate time.Time
}

// DecodeDatabase decodes the metadata.json that Trivy keeps beside its
// database; source says where the database came from. Metadata that does not
// tell the database's schema and age is an error.
func DecodeDatabase(r io.Reader, source string) (Database, error) {
	var doc trivyMetadata
	if err := decode(r, &doc); err != nil {
		return Database{}, fmt.Errorf("decoding metadata.json of Trivy's database: %w", err)
	}
	db, err := doc.database(source)
	if err != nil {
		return Database{}, fmt.Errorf("reading metadata.json of Trivy's database: %w", err)
	}
	return db, nil
}

func (m trivyMetadata) database(source string) (Database, error) {
	if m.Version != trivyDatabase {
		return Database{}, fmt.Errorf("database of schema version %d; only %d is known: download it again, or give one made for this Trivy", m.Version, trivyDatabase)
	}
	if m.UpdatedAt.IsZero() {
		return Database{}, errors.New("the database does not say when it was updated; download it again")
	}
	return Database{Source: source, Version: strconv.Itoa(m.Version), UpdatedAt: m.UpdatedAt.UTC(), NextUpdate: m.NextUpdate.UTC()}, nil
}
