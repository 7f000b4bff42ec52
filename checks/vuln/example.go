package vuln

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// example is the format of the examples of this package's checks.
type example struct {
	Now    time.Time `json:"now"`
	Policy struct {
		Threshold      checks.Severity `json:"threshold"`
		IgnoreUnfixed  bool            `json:"ignoreUnfixed"`
		DeniedLicenses []string        `json:"deniedLicenses"`
		MaxAge         string          `json:"maxAge"`
	} `json:"policy"`
	BaseLayers int             `json:"baseLayers"`
	Report     json.RawMessage `json:"report"`
	Database   *struct {
		Source     string    `json:"source"`
		Version    string    `json:"version"`
		UpdatedAt  time.Time `json:"updatedAt"`
		NextUpdate time.Time `json:"nextUpdate"`
	} `json:"database"`
	Grype    json.RawMessage `json:"grype"`
	SARIF    json.RawMessage `json:"sarif"`
	VEX      json.RawMessage `json:"vex"`
	Failures []string        `json:"failures"`
}

// Example returns the scan that an example stands for: a JSON document with the
// keys now, policy (threshold, ignoreUnfixed, deniedLicenses, maxAge as in
// "168h"), baseLayers, database (source, version, updatedAt, nextUpdate) and
// report (both Trivy's), grype (its report), sarif (a report in that format), vex
// (a document), and failures (of scanners), all of them optional.
func Example(text string) (*Scan, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var doc example
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decoding example of a scan: %w", err)
	}
	scan := &Scan{BaseLeast: doc.BaseLayers, BaseMost: doc.BaseLayers, Policy: Policy{
		Now: doc.Now, Threshold: doc.Policy.Threshold, IgnoreUnfixed: doc.Policy.IgnoreUnfixed, DeniedLicenses: doc.Policy.DeniedLicenses,
	}}
	var err error
	if doc.Policy.MaxAge != "" {
		if scan.Policy.MaxAge, err = time.ParseDuration(doc.Policy.MaxAge); err != nil {
			return nil, fmt.Errorf("maxAge of example: %w", err)
		}
	}
	if doc.Report != nil {
		report, err := DecodeTrivy(bytes.NewReader(doc.Report))
		if err != nil {
			return nil, fmt.Errorf("report of example: %w", err)
		}
		if doc.Database != nil {
			report.Database = (*Database)(doc.Database)
		}
		scan.Reports = append(scan.Reports, report)
	}
	if doc.Grype != nil {
		report, err := DecodeGrype(bytes.NewReader(doc.Grype))
		if err != nil {
			return nil, fmt.Errorf("grype of example: %w", err)
		}
		scan.Reports = append(scan.Reports, report)
	}
	if doc.SARIF != nil {
		reports, err := DecodeSARIF(bytes.NewReader(doc.SARIF), "report.sarif")
		if err != nil {
			return nil, fmt.Errorf("sarif of example: %w", err)
		}
		scan.Reports = append(scan.Reports, reports...)
	}
	if doc.VEX != nil {
		if scan.Statements, err = DecodeVEX(bytes.NewReader(doc.VEX), "app.openvex.json"); err != nil {
			return nil, fmt.Errorf("vex of example: %w", err)
		}
	}
	for _, failure := range doc.Failures {
		scan.Failures = append(scan.Failures, errors.New(failure))
	}
	return scan, nil
}
