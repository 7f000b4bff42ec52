package vuln

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// example is the format of the examples of this package's checks.
type example struct {
	Now      time.Time       `json:"now"`
	MaxAge   string          `json:"maxAge"`
	Report   json.RawMessage `json:"report"`
	Database struct {
		Source     string    `json:"source"`
		Version    int       `json:"version"`
		UpdatedAt  time.Time `json:"updatedAt"`
		NextUpdate time.Time `json:"nextUpdate"`
	} `json:"database"`
}

// Example returns the scan that an example stands for: a JSON document with the
// keys now, maxAge (as in "168h"), database (source, version, updatedAt,
// nextUpdate) and report (Trivy's), all of them optional.
func Example(text string) (*Scan, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var doc example
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decoding example of a scan: %w", err)
	}
	scan := &Scan{Now: doc.Now, Database: Database(doc.Database)}
	var err error
	if doc.MaxAge != "" {
		if scan.MaxAge, err = time.ParseDuration(doc.MaxAge); err != nil {
			return nil, fmt.Errorf("maxAge of example: %w", err)
		}
	}
	if doc.Report != nil {
		if scan.Report, err = DecodeTrivy(bytes.NewReader(doc.Report)); err != nil {
			return nil, fmt.Errorf("report of example: %w", err)
		}
	}
	return scan, nil
}
