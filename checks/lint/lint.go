// Package lint judges the source of an image by every check that needs no build:
// the lint gate of the Dagger module and the imagegate command are this package.
package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/source"
	"github.com/imagegate/imagegate/checks/suppress"
)

// Options say how the image is built from the source, and how strictly it is
// judged. The zero value is what "docker build ." does, and the default profile.
type Options struct {
	dockerfile.Options
	// Profile is the one of the policy if it is empty, and else the default one.
	Profile checks.Profile
	// Policy is that of the source; the file at its root if it is zero.
	Policy suppress.Policy
	// ComposeOnly is whether no image is built from the source itself: its Compose
	// files are judged, and no Dockerfile.
	ComposeOnly bool
	// Now is when what accepts findings may have expired; the current time if zero.
	Now time.Time
}

// Unreadable is the check that reports a Dockerfile that cannot be read. It is one
// of every profile.
const Unreadable = "source/valid"

// Run judges the source by every check of the profile. A Dockerfile that cannot be
// read is an Error of Unreadable, and the others that judge it are Skipped; the
// Compose files are judged all the same.
func Run(files fs.FS, o Options) []checks.Result {
	o = o.load(files)
	results, err := Judge(files, o)
	if err == nil {
		return results
	}
	var unreadable, others []source.Check
	for _, c := range o.selection().source {
		if c.ID == Unreadable {
			unreadable = append(unreadable, c)
		} else {
			others = append(others, c)
		}
	}
	const reason = "the Dockerfile cannot be read: " + Unreadable + " says why"
	return slices.Concat(
		checks.Errors(unreadable, fmt.Errorf("read the source: %w", err)),
		checks.Skips(others, reason),
		results,
	)
}

// Judge judges the source by every check of the profile. It fails where the
// Dockerfile cannot be read; the results are then those of the Compose files, and
// of what accepts findings in them.
func Judge(files fs.FS, o Options) ([]checks.Result, error) {
	o = o.load(files)
	by := o.selection()
	in := suppress.Input{Files: files, Options: o.Options, Policy: o.Policy, Names: names(), AllNames: allNames()}
	var found []checks.Result
	var unreadable error
	if !o.ComposeOnly {
		if in.Dockerfile, unreadable = dockerfile.Load(files, o.Options); unreadable == nil {
			found = checks.Run(by.source, in.Dockerfile)
		}
	}
	project, err := compose.Load(files, o.Options)
	if err == nil {
		in.Compose = project
	}
	found = append(found, compose.Judge(by.compose, project, err)...)
	review := suppress.Read(in, cmp.Or(o.Now, time.Now()))
	return o.apply(append(review.Apply(found), review.Results(o.Profile)...)), unreadable
}

// load returns the options with the policy as its file has it, and its profile.
func (o Options) load(files fs.FS) Options {
	o.Policy = o.Policy.Load(files)
	if o.Policy.Read != nil {
		o.Profile = cmp.Or(o.Profile, o.Policy.Read.Profile)
	}
	return o
}

// selection are the checks by which a source is judged.
type selection struct {
	source  []source.Check
	compose []compose.Check
}

// What each source is judged by is put together once: there may be many of them.
var (
	selections sync.Map // from checks.Profile to selection, where the policy has no say
	names      = sync.OnceValue(func() checks.Names {
		return checks.NamesOf(slices.Concat(checks.Rules(source.All()), checks.Rules(compose.All())))
	})
	allNames = sync.OnceValue(func() checks.Names { return checks.NamesOf(catalog.Rules()) })
)

func (o Options) selection() selection {
	if strictness, given := o.strictness(); given {
		return selectionOf(strictness, o.Profile)
	}
	known, ok := selections.Load(o.Profile)
	if !ok {
		known, _ = selections.LoadOrStore(o.Profile, selectionOf(policy.Strictness{}, o.Profile))
	}
	return known.(selection)
}

func selectionOf(s policy.Strictness, p checks.Profile) selection {
	return selection{policy.Select(source.All(), s, p), policy.Select(compose.All(), s, p)}
}

// strictness returns what the policy says of checks, if it says anything of those of a
// source: it gives some a severity.
func (o Options) strictness() (of policy.Strictness, given bool) {
	if o.Policy.Read == nil || len(o.Policy.Read.Severities) == 0 {
		return of, false
	}
	return o.Policy.Read.Strictness(allNames()), true
}

func (o Options) apply(results []checks.Result) []checks.Result {
	strictness, _ := o.strictness()
	return strictness.Apply(results, o.Profile)
}

// Rules returns the rules of every check, in whichever profile.
func Rules() []checks.Rule {
	return slices.Concat(checks.Rules(source.All()), checks.Rules(compose.All()), checks.Rules(suppress.All()))
}

// Errors returns an Error for every check of the profile: what a caller reports
// that could not get at the source.
func Errors(err error, p checks.Profile) []checks.Result {
	return slices.Concat(
		checks.Errors(checks.Select(source.All(), p), err),
		checks.Errors(checks.Select(compose.All(), p), err),
		checks.Errors(checks.Select(suppress.All(), p), err),
	)
}
