package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
)

const day = 24 * time.Hour

var database = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/database",
		Title:     "The vulnerability database is recent",
		Severity:  checks.High,
		Why:       "A scanner finds only what its database knows: one of last month calls an image clean that has been attacked for weeks.",
		Fix:       "let the scanner download its database, or refresh the one that is given to it",
		Reference: "https://trivy.dev/latest/docs/configuration/db/",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "database": {"source": "ghcr.io/aquasecurity/trivy-db:2", "version": "2", "updatedAt": "2026-11-22T06:00:00Z"},
  "report": {"SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "image.tar", "ArtifactType": "container_image"}
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "database": {"source": "ghcr.io/aquasecurity/trivy-db:2", "version": "2", "updatedAt": "2026-10-01T06:00:00Z"},
  "report": {"SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "image.tar", "ArtifactType": "container_image"}
}`,
	Judge: judgeDatabase,
}

func judgeDatabase(s *Scan) checks.Outcome {
	maxAge := cmp.Or(s.Policy.MaxAge, DefaultMaxAge)
	switch {
	case s.Policy.Now.IsZero():
		return checks.Broken(errors.New("the time of the scan is not known"))
	case maxAge < 0:
		return checks.Broken(fmt.Errorf("a database may be %s old; give an age above 0", maxAge))
	case len(s.Reports) == 0:
		return checks.Broken(errors.New("there is no report of a scanner"))
	}
	var seen, wrong []string
	for _, r := range s.Reports {
		if !r.looked() {
			continue
		}
		if r.Database == nil {
			seen = append(seen, fmt.Sprintf("%s does not say how old its database is", r.Scanner))
			continue
		}
		if err := r.Database.judge(s.Policy.Now, maxAge); err != nil {
			wrong = append(wrong, err.Error())
		}
		seen = append(seen, r.Database.describe(s.Policy.Now))
	}
	if len(wrong) > 0 {
		return checks.Broken(errors.New(strings.Join(wrong, "; ")))
	}
	if len(seen) == 0 {
		return checks.Skip("no scanner has looked at packages")
	}
	return checks.Passed("%s", strings.Join(seen, ", and "))
}

// judge returns what speaks against believing what is looked up in a database.
func (d Database) judge(now time.Time, maxAge time.Duration) error {
	age := now.Sub(d.UpdatedAt)
	switch {
	case d.UpdatedAt.IsZero():
		return fmt.Errorf("%s does not say when it was updated; download it again", d.name())
	case age < -day:
		return fmt.Errorf("%s is of %s, which is in the future; set the clock right", d.name(), d.UpdatedAt.UTC().Format(time.DateOnly))
	case age > maxAge:
		return fmt.Errorf("%s; it may be %s old: let the scanner download a newer one, or refresh the one that is given to it", d.describe(now), inDays(maxAge))
	}
	return nil
}

func (d Database) name() string { return cmp.Or(d.Source, "the vulnerability database") }

// describe says where a database came from, of which day and how old it is.
func (d Database) describe(now time.Time) string {
	if d.UpdatedAt.IsZero() {
		return d.name() + " of unknown age"
	}
	return fmt.Sprintf("%s of %s, %s old", d.name(), d.UpdatedAt.UTC().Format(time.DateOnly), inDays(now.Sub(d.UpdatedAt)))
}

// inDays writes a duration in whole days.
func inDays(d time.Duration) string {
	switch n := d / day; n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
