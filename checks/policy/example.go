package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/report"
)

// exampleDay is the day of an example that names none.
const exampleDay = "2027-01-20"

// Example reviews what stands in a txtar archive by the policy in it: found.txt has a
// line for each finding, with its check and its subject, today.txt the day. The
// checks of the rules are those that there are.
func Example(text string, rules []checks.Rule) ([]report.Gate, error) {
	files, err := txtar.FS(txtar.Parse([]byte(text)))
	if err != nil {
		return nil, fmt.Errorf("read the example: %w", err)
	}
	read := func(name, otherwise string) string {
		b, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			return otherwise
		}
		return strings.TrimSpace(string(b))
	}
	in := Input{Rules: rules}
	if in.Now, err = time.Parse(time.DateOnly, read("today.txt", exampleDay)); err != nil {
		return nil, fmt.Errorf("read the example: %w", err)
	}
	in.Image = dockerfile.DefaultDockerfile
	if in.Policy, _, in.Err = Load(files, File); in.Err == nil {
		in.Baseline, in.Err = LoadBaseline(files, BaselineFile)
	}
	var results []checks.Result
	for _, r := range rules {
		results = append(results, checks.Result{Check: r.ID, Status: checks.Pass})
	}
	for line := range strings.Lines(read("found.txt", "")) {
		check, subject, _ := strings.Cut(strings.TrimSpace(line), " ")
		i := slices.IndexFunc(results, func(res checks.Result) bool { return res.Check == check })
		if i < 0 {
			return nil, fmt.Errorf("read the example: there is no check %s", check)
		}
		results[i].Status = checks.Fail
		results[i].Findings = append(results[i].Findings, checks.Finding{Status: checks.Fail, Severity: checks.High, Subject: subject, Message: "found"})
	}
	return Review([]report.Gate{{Name: "scan", Results: results}}, in), nil
}
