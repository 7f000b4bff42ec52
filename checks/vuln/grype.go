package vuln

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// grypeDocument is the part of Grype's JSON that is decoded: of
// https://github.com/anchore/grype/tree/main/schema/grype. In particular the
// configuration of the image in source.target is not, which has its environment.
type grypeDocument struct {
	Matches []grypeMatch
	Source  *struct {
		Type   string
		Target json.RawMessage // an object for an image, and text for others
	}
	Distro          struct{ Name, Version string }
	AlertsByPackage []struct {
		Alerts []struct{ Type string }
	}
	Descriptor struct {
		Name    string
		Version string
		// DB has the members of its status itself in versions before 0.88.
		DB struct {
			grypeStatus
			Status grypeStatus
			// Providers are who the advisories are from; nil where it does not say.
			Providers map[string]struct{}
		}
	}
}

// grypeEndOfLife is the alert of a package whose distribution is at its end of life.
const grypeEndOfLife = "distro-eol"

type grypeStatus struct {
	SchemaVersion any // a number in versions before 0.88
	From          string
	Built         time.Time
	Error         any
}

type grypeTarget struct {
	ImageID string
	Layers  []struct{ Digest string }
}

type grypeMatch struct {
	Vulnerability struct {
		ID          string
		DataSource  string
		Severity    string
		Description string
		Fix         struct {
			Versions []string
			State    string
		}
		Advisories []struct{ ID string }
	}
	RelatedVulnerabilities []struct{ ID string }
	Artifact               struct {
		Name      string
		Version   string
		Type      string
		PURL      string
		Locations []grypeLocation
	}
}

type grypeLocation struct {
	Path, LayerID string
	Annotations   struct{ Evidence string }
}

// supporting reports whether a location only bears out that the package is at another.
func (l grypeLocation) supporting() bool { return l.Annotations.Evidence == "supporting" }

// grypeStates are what Grype calls the states of a fix, by what they are here.
var grypeStates = map[string]string{"": "", "fixed": "fixed", "not-fixed": "affected", "wont-fix": "will_not_fix", "unknown": "unknown"}

// grypeSystems are the types of packages that a distribution brings: the file
// that these are found by is its package database.
var grypeSystems = map[string]bool{"deb": true, "apk": true, "rpm": true, "alpm": true, "portage": true}

// DecodeGrype decodes the document that "grype --output json" writes. What does
// not read as the report of one whole scan of an image is an error.
func DecodeGrype(r io.Reader) (*Report, error) {
	var doc grypeDocument
	if err := decode(r, &doc); err != nil {
		return nil, fmt.Errorf("decoding Grype's report: %w", err)
	}
	report, err := doc.report()
	if err != nil {
		return nil, fmt.Errorf("reading Grype's report: %w", err)
	}
	return report, nil
}

func (doc *grypeDocument) report() (*Report, error) {
	switch {
	case doc.Descriptor.Name != "grype":
		return nil, fmt.Errorf("it is of the tool %q; write it with grype --output json", line(doc.Descriptor.Name))
	case doc.Matches == nil:
		return nil, errors.New("it has no list of matches, so that nothing was looked up; write it with grype --output json")
	case doc.Source == nil || doc.Source.Type != "image":
		return nil, errors.New("it is not of a container image; scan an archive of it, as in grype docker-archive:image.tar or oci-dir:layout")
	}
	var target grypeTarget
	if err := json.Unmarshal(doc.Source.Target, &target); err != nil {
		return nil, errors.New("its source.target is not that of an image")
	}
	report := &Report{Scanner: Scanner{Name: "Grype", Version: line(doc.Descriptor.Version)}, ImageID: line(target.ImageID), Packages: uncounted}
	if doc.Distro.Name != "" {
		report.OS = strings.TrimSpace(line(doc.Distro.Name) + " " + line(doc.Distro.Version))
		report.LifeUnknown = true // it is silent on point releases, as debian 10.13, whose release has ended
	}
	status := doc.Descriptor.DB.Status
	if status.Built.IsZero() {
		status = doc.Descriptor.DB.grypeStatus
	}
	if status.Built.IsZero() {
		return nil, errors.New("its database does not say when it was built; update it with grype db update")
	}
	report.Database = &Database{Source: cmp.Or(status.source(), "Grype's database"), UpdatedAt: status.Built.UTC()}
	if providers := doc.Descriptor.DB.Providers; providers != nil && len(providers) == 0 {
		return nil, errors.New("its database has advisories of nobody; update it with grype db update")
	}
	if status.SchemaVersion != nil {
		report.Database.Version = line(fmt.Sprint(status.SchemaVersion))
	}
	for _, p := range doc.AlertsByPackage {
		for _, alert := range p.Alerts {
			if alert.Type == grypeEndOfLife {
				report.OS = cmp.Or(report.OS, "the distribution of its packages")
				report.EndOfLife, report.LifeUnknown = true, false
			}
		}
	}
	layers := map[string]int{}
	for i, l := range target.Layers {
		layers[l.Digest] = i + 1
	}
	for _, m := range doc.Matches {
		found, err := m.vulnerabilities(layers)
		if err != nil {
			return nil, err
		}
		report.Vulnerabilities = append(report.Vulnerabilities, found...)
	}
	report.Vulnerabilities = sorted(report.Vulnerabilities)
	return report, nil
}

// source returns where the database is from, without the checksum that Grype has
// it downloaded with.
func (s grypeStatus) source() string {
	url, _, _ := strings.Cut(s.From, "?")
	return line(url)
}

// vulnerabilities returns the match once for each place of its package.
func (m grypeMatch) vulnerabilities(layers map[string]int) ([]Vulnerability, error) {
	v := m.Vulnerability
	if v.ID == "" || m.Artifact.Name == "" {
		return nil, errors.New("a match without a vulnerability or without a package")
	}
	severity := checks.Severity(strings.ToUpper(v.Severity))
	switch severity {
	case "NEGLIGIBLE":
		severity = checks.Low
	case "":
		severity = checks.Unknown
	}
	if err := known(v.ID, severity); err != nil {
		return nil, err
	}
	state, ok := grypeStates[v.Fix.State]
	if !ok {
		return nil, fmt.Errorf("%s has the unknown state of a fix %q", line(v.ID), line(v.Fix.State))
	}
	ids := []string{line(v.ID)}
	for _, related := range m.RelatedVulnerabilities {
		ids = append(ids, line(related.ID))
	}
	for _, advisory := range v.Advisories {
		ids = append(ids, line(advisory.ID))
	}
	found := Vulnerability{
		Package:    line(m.Artifact.Name),
		Installed:  line(m.Artifact.Version),
		PURL:       line(m.Artifact.PURL),
		Fixed:      line(strings.Join(v.Fix.Versions, ", ")),
		FixUnknown: len(v.Fix.Versions) == 0 && (state == "" || state == "unknown"),
		Status:     state,
		Severity:   severity,
		Title:      sentence(v.Description),
		URL:        line(v.DataSource),
	}
	found.ID, found.Aliases, found.Advisories = identifiers(ids)
	// The layer of a distribution's package database is the last one that installed
	// anything, not that of the package.
	if grypeSystems[m.Artifact.Type] || len(m.Artifact.Locations) == 0 {
		return []Vulnerability{found}, nil
	}
	var all []Vulnerability
	places := slices.DeleteFunc(slices.Clone(m.Artifact.Locations), grypeLocation.supporting)
	if len(places) == 0 {
		places = m.Artifact.Locations
	}
	for _, l := range places {
		found.Layer, found.Path = layers[l.LayerID], inImage(l.Path)
		all = append(all, found)
	}
	return all, nil
}

// maxTitle is how many characters of a description are a title.
const maxTitle = 120

// sentence returns the first sentence of a text, or as much of it as fits a title.
func sentence(text string) string {
	text = line(text)
	text, _, _ = strings.Cut(text, ". ")
	if runes := []rune(text); len(runes) > maxTitle {
		text = strings.TrimRight(string(runes[:maxTitle]), " ") + "…"
	}
	return text
}
