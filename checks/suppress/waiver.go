package suppress

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/policy"
)

var waiver = Check{
	Rule: checks.Rule{
		ID:        "suppress/waiver",
		Title:     "Waivers in imagegate.yaml give a reason that still holds",
		Severity:  checks.Medium,
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

// Policy is where a policy file is that is not at the root of the source.
type Policy struct {
	// Files is the directory that has it.
	Files fs.FS
	// Source is the path of the source in that directory.
	Source string
	// Judged are the Dockerfiles that are judged by the same policy, besides this
	// source, and the build contexts whose Compose files are, as paths in Files. A
	// waiver that is of no use here may be of use there: the caller, who judges
	// them, finds out by AcceptedBy.
	Judged []string
}

// addPolicy adds the waivers of the policy file, if there is one.
func (r *Review) addPolicy(in Input, files []file, today string) {
	where := in.Policy
	if where.Files == nil {
		where.Files = in.Files
	}
	where.Source = path.Clean(where.Source)
	report := func(f checks.Finding) { add(&r.waivers, f) }
	if _, err := fs.Stat(where.Files, policy.Misnamed); err == nil {
		f := checks.At(where.locate(checks.Location{Path: policy.Misnamed}), "the file is not read: the policy is called %s", policy.File)
		f.Fix = "Rename it to " + policy.File
		report(f)
	}
	text, err := dockerfile.ReadFile(where.Files, policy.File)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var p policy.Policy
	if err == nil {
		p, err = policy.Parse(text)
	}
	if err != nil {
		r.policyErr = fmt.Errorf("read the policy: %w", where.locateError(err))
		return
	}
	paths := sync.OnceValue(func() []string { return dockerfile.Walk(where.Files) })
	for _, w := range p.Waivers {
		at := where.locate(w.Location)
		covers := func(name string) bool { return w.Covers(where.path(name)) }
		here := slices.ContainsFunc(files, func(f file) bool { return covers(f.path) })
		switch {
		case w.Reason == "":
			f := checks.At(at, "the waiver gives no reason to accept %s, so that it accepts nothing", w.Check)
			f.Fix = "Add reason: and why it is accepted"
			report(f)
			continue
		case expired(w.Expires, today):
			f := checks.At(at, "the waiver accepted %s until %s", w.Check, w.Expires)
			f.Fix = "Mend what it accepted and remove it, or give it a later day and say why"
			report(f)
			continue
		case w.Literal() && !here && !exists(where.Files, w.Path):
			f := checks.At(at, "the waiver is for %s, and there is no such file: it accepts nothing", w.Path)
			f.Subject = w.Path
			f.Fix = "Write the path as it is from the directory of " + policy.File + ", or a pattern"
			report(f)
			continue
		}
		options := in.Options
		r.resolve(&acceptance{
			ids:    []identifier{{text: w.Check, where: where.locate(w.CheckLocation)}},
			reason: w.Reason,
			where:  at,
			covers: func(at checks.Location) bool { return covers(at.Path) },
			own:    true,
			// A waiver for another file than those here is used where that is judged.
			judged: here && len(options.BuildArgs) == 0 && options.Target == "",
			elsewhere: func(rules []string) bool {
				ofCompose := !slices.ContainsFunc(rules, func(rule string) bool { return !strings.HasPrefix(rule, "compose/") })
				return slices.ContainsFunc(paths(), func(name string) bool {
					here := slices.ContainsFunc(files, func(f file) bool { return where.path(f.path) == name })
					if here || !w.Covers(name) {
						return false
					}
					if ofCompose {
						return compose.IsFile(name) && !slices.Contains(where.Judged, path.Dir(name))
					}
					return dockerfile.IsFile(name) && !slices.Contains(where.Judged, name)
				})
			},
			report: report,
			kind:   "waiver",
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
	if p.Source != "." {
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

// Results judges what accepts findings, by the checks of a profile. A policy
// that cannot be read is an Error in every profile.
func (r *Review) Results(p checks.Profile) []checks.Result {
	list := checks.Select(All(), p)
	if r.policyErr != nil && !p.Judges(waiver.Rule) {
		list = append(list, waiver)
	}
	return checks.Run(list, r)
}
