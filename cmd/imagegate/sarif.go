package main

import (
	"io"
	"net/url"
	"path"
	"path/filepath"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/lint"
	"github.com/imagegate/imagegate/checks/policy"
)

// writeSARIF writes the findings as SARIF 2.1.0, with every check as a rule.
func writeSARIF(w io.Writer, r *report) error {
	run := sarif.NewRunWithInformationURI("imagegate", "https://github.com/imagegate/imagegate")
	run.WithColumnKind("unicodeCodePoints")
	index := map[string]int{}
	found := map[string]bool{lint.Unreadable: true} // a policy may have another profile
	for _, f := range r.findings {
		found[f.Check] = true
	}
	for _, rule := range ownRules() {
		if !r.profile.Judges(rule) && !found[rule.ID] {
			continue
		}
		index[rule.ID] = len(index)
		run.AddRule(rule.ID).
			WithShortDescription(described(rule.Title)).
			WithFullDescription(described(rule.Why)).
			WithHelp(described(rule.Fix)).
			WithHelpURI(pages + rule.Page()).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(level(rule.Severity.Status())))
	}
	invocation := sarif.NewInvocation().WithExecutionSuccessful(len(r.errors)+len(r.unusable) == 0)
	for _, err := range r.unusable {
		invocation.AddToolExecutionNotification(sarif.NewNotification().
			WithLevel("error").WithMessage(sarif.NewTextMessage(err.Error())))
	}
	for _, f := range r.findings {
		location := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri(f.File)))
		if f.Line > 0 {
			region := sarif.NewRegion().WithStartLine(f.Line)
			if f.Column > 0 {
				region.WithStartColumn(f.Column)
			}
			if f.EndLine > 0 {
				region.WithEndLine(f.EndLine)
			}
			if f.EndColumn > 0 {
				region.WithEndColumn(f.EndColumn)
			}
			location.WithRegion(region)
		}
		locations := []*sarif.Location{sarif.NewLocationWithPhysicalLocation(location)}
		if f.Status == checks.Error {
			invocation.AddToolExecutionNotification(sarif.NewNotification().
				WithLevel("error").WithMessage(sarif.NewTextMessage(f.Message)).WithLocations(locations))
			continue
		}
		result := sarif.NewRuleResult(f.Check).
			WithLevel(level(f.Status)).
			WithMessage(sarif.NewTextMessage(f.Message + ". " + f.Fix)).
			WithLocations(locations)
		if i, ok := index[f.Check]; ok {
			result.WithRuleIndex(i)
		}
		if f.Status == checks.Waived {
			result.WithLevel(level(f.Severity.Status()))
			result.WithSuppressions([]*sarif.Suppression{sarif.NewSuppression().WithKind(suppressionKind(f)).WithJustification(f.accepted())})
		}
		run.AddResult(result)
	}
	run.AddInvocation(invocation)
	report := sarif.NewReport()
	report.AddRun(run)
	return report.PrettyWrite(w)
}

func described(text string) *sarif.MultiformatMessageString {
	return sarif.NewMultiformatMessageString().WithText(text)
}

func level(s checks.Status) string {
	if s.Blocks() {
		return "error"
	}
	return "warning"
}

// suppressionKind says whether a finding is accepted by a comment or by the policy.
func suppressionKind(f finding) string {
	if len(f.acceptedBy) > 0 {
		switch path.Base(f.acceptedBy[0].Path) {
		case policy.File, policy.BaselineFile:
			return "external"
		}
	}
	return "inSource"
}

// uri returns a path as a reference of a URI, relative where the path is.
func uri(name string) string {
	u := url.URL{Path: name}
	if filepath.IsAbs(filepath.FromSlash(name)) {
		u.Scheme = "file"
	}
	return u.String()
}
