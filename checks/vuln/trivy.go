package vuln

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
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
// Metadata.ImageConfig is not: it has the image's environment in clear.
type trivyDocument struct {
	SchemaVersion int
	Trivy         struct{ Version string }
	ArtifactName  string
	ArtifactType  string
	Metadata      struct {
		ImageID string
		OS      *struct {
			Family string
			Name   string
			EOSL   bool
		}
	}
	Results []struct {
		Target          string
		Class           string
		Packages        []struct{}
		Vulnerabilities []struct {
			VulnerabilityID  string
			PkgName          string
			PkgPath          string
			InstalledVersion string
			FixedVersion     string
			Status           string
			Severity         checks.Severity
			Title            string
			PrimaryURL       string
		}
	}
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
		return errors.New("it is empty; the scanner's own output says why it wrote nothing")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut short; the scanner's own output says why it stopped")
	case err != nil:
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document; give the scanner a file of its own to write to")
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
	report := &Report{Scanner: Scanner{Name: "Trivy", Version: line(doc.Trivy.Version)}, ImageID: line(doc.Metadata.ImageID)}
	system := false // whether packages of the distribution were looked up
	for _, result := range doc.Results {
		if result.Class != "os-pkgs" && result.Class != "lang-pkgs" {
			continue
		}
		report.Packages += len(result.Packages)
		if result.Class == "os-pkgs" && len(result.Packages)+len(result.Vulnerabilities) > 0 {
			system = true
		}
		for _, v := range result.Vulnerabilities {
			if v.VulnerabilityID == "" || v.PkgName == "" {
				return nil, fmt.Errorf("in %s: a vulnerability without an id or without a package", line(result.Target))
			}
			if !slices.Contains([]checks.Severity{checks.Unknown, checks.Low, checks.Medium, checks.High, checks.Critical}, v.Severity) {
				return nil, fmt.Errorf("in %s: %s has the unknown severity %q", line(result.Target), line(v.VulnerabilityID), line(string(v.Severity)))
			}
			where := v.PkgPath
			if where == "" && result.Class == "lang-pkgs" {
				where = result.Target
			}
			if where != "" {
				where = path.Join("/", line(where))
			}
			report.Vulnerabilities = append(report.Vulnerabilities, Vulnerability{
				ID:        line(v.VulnerabilityID),
				Package:   line(v.PkgName),
				Installed: line(v.InstalledVersion),
				Fixed:     line(v.FixedVersion),
				Status:    line(v.Status),
				Severity:  v.Severity,
				Path:      where,
				Title:     line(v.Title),
				URL:       line(v.PrimaryURL),
			})
		}
	}
	if os := doc.Metadata.OS; os != nil && os.Family != "" && os.Family != "none" {
		report.OS, report.EndOfLife = strings.TrimSpace(line(os.Family)+" "+line(os.Name)), os.EOSL
		if !system {
			return nil, fmt.Errorf("the image is recognised as %s, but no package of it was looked up; scan with --pkg-types os,library and --list-all-pkgs, and keep the distribution's package database in the image", report.OS)
		}
	}
	slices.SortFunc(report.Vulnerabilities, func(a, b Vulnerability) int {
		return cmp.Or(
			cmp.Compare(a.Package, b.Package),
			cmp.Compare(a.Installed, b.Installed),
			cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Fixed, b.Fixed),
			cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Severity, b.Severity),
		)
	})
	report.Vulnerabilities = slices.Compact(report.Vulnerabilities)
	return report, nil
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
	return Database{Source: source, Version: m.Version, UpdatedAt: m.UpdatedAt.UTC(), NextUpdate: m.NextUpdate.UTC()}, nil
}
