package suppress

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/policy"
)

var waiver = Check{
	Rule: checks.Rule{
		ID:        "suppress/waiver",
		Title:     "Waivers in imagegate.yaml give a reason that still holds",
		Severity:  checks.High,
		Why:       "A waiver without a reason, past its day, or of a check that does not exist, hides a risk that nobody decided on; one that accepts nothing hides the next finding.",
		Fix:       "Give each waiver a reason: and, if it ends one day, expires: YYYY-MM-DD. Remove what is of no use any more.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- Dockerfile --
FROM scratch
COPY convert /
USER 65534:65534
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
-- imagegate.yaml --
waivers:
  - check: source/healthcheck
    path: Dockerfile
    reason: it converts one file, and ends
`,
	Bad: `
-- Dockerfile --
FROM scratch
COPY convert /
USER 65534:65534
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
-- imagegate.yaml --
waivers:
  - check: source/healthcheck
    path: Dockerfile
`,
	Judge: func(r *Review) checks.Outcome {
		if r.policyErr != nil {
			return checks.Broken(r.policyErr)
		}
		return outcome(r.waivers)
	},
}

// Policy is the policy of a source. Its zero value stands for the file at the root of
// the source.
type Policy struct {
	// Files is the directory that has the policy file.
	Files fs.FS
	// Source is the path of the source in that directory.
	Source string
	// Judged are the Dockerfiles that are judged by the same policy, besides this
	// source, and the build contexts whose Compose files are, as paths in Files. A
	// waiver that is of no use here may be of use there: the caller, who judges
	// them, finds out by AcceptedBy.
	Judged []string
	// Read is the policy as it was read, laid over that of the organisation, and Err
	// why it could not be. Where both are nil, Load reads it.
	Read *policy.Policy
	Err  error
}

// Load returns the policy of a source with what its file says, if it was not read
// before.
func (p Policy) Load(source fs.FS) Policy {
	if p.Files == nil {
		p.Files = source
	}
	p.Source = path.Clean(p.Source)
	if p.Read != nil || p.Err != nil {
		return p
	}
	read, _, err := policy.Load(p.Files, policy.File)
	if p.Err = err; err == nil {
		p.Read = &read
	}
	return p
}

// addPolicy adds the waivers of the policy.
func (r *Review) addPolicy(in Input, files []file, now time.Time) {
	where := in.Policy
	report := func(severity checks.Severity) func(checks.Finding) {
		return func(f checks.Finding) {
			f.Severity = severity
			add(&r.waivers, f)
		}
	}
	if _, err := fs.Stat(where.Files, policy.Misnamed); err == nil {
		f := checks.At(where.locate(checks.Location{Path: policy.Misnamed}), "the file is not read: the policy is called %s", policy.File)
		f.Fix = "Rename it to " + policy.File
		report(checks.Medium)(f)
	}
	if where.Err != nil {
		r.policyErr = fmt.Errorf("read the policy: %w", where.locateError(where.Err))
		return
	}
	for _, f := range where.Read.UnknownNames(in.AllNames) {
		f.Location = where.locate(f.Location)
		f.Fix = "Write the id of a check, as in source/user, or the name that another tool gives it, as in DL3002"
		report(checks.High)(f)
	}
	paths := sync.OnceValue(func() []string { return dockerfile.Walk(where.Files) })
	for _, w := range where.Read.Waivers {
		// The policy gate judges those that are for checks of other gates.
		all := in.AllNames.Find(w.Check)
		others := slices.ContainsFunc(all, func(id string) bool { return !slices.Contains(r.rules.Find(w.Check), id) })
		if others && len(r.rules.Find(w.Check)) == 0 {
			continue
		}
		covers := func(at checks.Location) bool {
			at.Path = where.path(at.Path)
			return w.Covers(at)
		}
		ofFile := func(name string) bool {
			return w.Covers(checks.Location{Path: where.path(name), Line: w.Line})
		}
		here := slices.ContainsFunc(files, func(f file) bool { return ofFile(f.path) })
		term, f := w.Term(now)
		f.Location = where.locate(f.Location)
		switch {
		case term == policy.NoReason:
			report(checks.High)(f)
			continue
		case term == policy.Expired && w.Organisation: // the project may not need it
			report(checks.Low)(f)
			continue
		case term == policy.Expired:
			report(checks.High)(f)
			continue
		case term == policy.Expiring && !w.Organisation:
			report(checks.Low)(f)
		}
		if w.Literal() && !here && !others && !w.Organisation && !exists(where.Files, w.Path) {
			f := checks.At(where.locate(w.Location), "the waiver is for %s, and there is no such file: it accepts nothing", w.Path)
			f.Subject = w.Path
			f.Fix = "Write the path as it is from the directory of " + policy.File + ", or a pattern"
			report(checks.Medium)(f)
			continue
		}
		options := in.Options
		r.resolve(&acceptance{
			ids:    []identifier{{text: w.Check, where: where.locate(w.CheckLocation)}},
			accept: w.Accept,
			where:  where.locate(w.Location),
			covers: covers,
			about:  w.About,
			own:    !w.Organisation,
			locks:  w.Organisation,
			// A waiver for another file than those here is used where that is judged, and
			// one for checks of other gates may be used there.
			judged: here && !others && len(options.BuildArgs) == 0 && options.Target == "",
			elsewhere: func(rules []string) bool {
				ofCompose := !slices.ContainsFunc(rules, func(rule string) bool { return !strings.HasPrefix(rule, "compose/") })
				return slices.ContainsFunc(paths(), func(name string) bool {
					here := slices.ContainsFunc(files, func(f file) bool { return where.path(f.path) == name })
					if here || !w.Covers(checks.Location{Path: name, Line: w.Line}) {
						return false
					}
					if ofCompose {
						return compose.IsFile(name) && !slices.Contains(where.Judged, path.Dir(name))
					}
					return dockerfile.IsFile(name) && !slices.Contains(where.Judged, name)
				})
			},
			report:  report(checks.Medium),
			unknown: report(checks.High),
			kind:    "waiver",
		})
	}
}

func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, path.Clean(name))
	return err == nil
}

// path returns the path of a file of the source as the policy has it.
func (p Policy) path(name string) string {
	if name == "" && p.Source == "." {
		return ""
	}
	return path.Join(p.Source, name)
}

// locate returns the place in the policy as it is from the source.
func (p Policy) locate(at checks.Location) checks.Location {
	if p.Source != "." && (at.Path == policy.File || at.Path == policy.Misnamed) {
		at.Path = strings.Repeat("../", strings.Count(p.Source, "/")+1) + at.Path
	}
	return at
}

func (p Policy) locateError(err error) error {
	var located *checks.FileError
	if !errors.As(err, &located) {
		return err
	}
	return &checks.FileError{Location: p.locate(located.Location), Err: located.Err, Fix: located.Fix}
}

// Results judges what accepts findings, by the checks of a profile.
func (r *Review) Results(p checks.Profile) []checks.Result {
	return checks.Run(checks.Select(All(), p), r)
}
