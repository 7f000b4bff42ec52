package report

import (
	"encoding/json"
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

// SchemaVersion is the version of the JSON document; it changes where a reader
// of the one before would misread it.
const SchemaVersion = 1

type document struct {
	SchemaVersion int           `json:"schemaVersion"`
	Verdict       string        `json:"verdict"`
	Status        checks.Status `json:"status"`
	Blocked       []string      `json:"blocked"`
	Image         *Image        `json:"image,omitempty"`
	Gates         []gate        `json:"gates"`
	Timing        []timing      `json:"timing"`
}

type gate struct {
	Gate
	Verdict string        `json:"verdict"`
	Status  checks.Status `json:"status"`
}

type timing struct {
	Gate         string `json:"gate"`
	Platform     string `json:"platform,omitempty"`
	Milliseconds int64  `json:"milliseconds"`
}

// JSON returns the report as a document of SchemaVersion: the verdict ("passed"
// or "blocked"), the image's digest, and every result with its findings. All
// but the member "timing" is the same for the same input.
func JSON(r Report) ([]byte, error) {
	doc := document{
		SchemaVersion: SchemaVersion, Verdict: r.Verdict(), Status: r.Status(),
		Blocked: append([]string{}, r.Blocked()...), Image: r.Image,
	}
	for _, g := range r.Gates {
		doc.Gates = append(doc.Gates, gate{g, g.Verdict(), g.Status()})
		doc.Timing = append(doc.Timing, timing{g.Name, g.Platform, g.Time.Milliseconds()})
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	return append(b, '\n'), nil
}
