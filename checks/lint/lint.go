// Package lint judges the source of an image by every check that needs no build:
// the lint gate of the Dagger module and the imagegate command are this package.
package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
	"github.com/imagegate/imagegate/checks/suppress"
)

// Options say how the image is built from the source, and how strictly it is
// judged. The zero value is what "docker build ." does, and the default profile.
type Options struct {
	dockerfile.Options
	Profile checks.Profile
	// Now is when what accepts findings may have expired; the current time if zero.
	Now time.Time
}

// Run judges the source by every check of the profile. A source that cannot be
// read is an Error of each.
func Run(files fs.FS, o Options) []checks.Result {
	results, err := Judge(files, o)
	if err != nil {
		return Errors(fmt.Errorf("read the source: %w", err), o.Profile)
	}
	return results
}

// Judge judges the source by every check of the profile. It fails where the
// source cannot be read.
func Judge(files fs.FS, o Options) ([]checks.Result, error) {
	s, err := dockerfile.Load(files, o.Options)
	if err != nil {
		return nil, err
	}
	list := source.All()
	found := checks.Run(checks.Select(list, o.Profile), s)
	review := suppress.Read(s, checks.Rules(list), cmp.Or(o.Now, time.Now()))
	results := review.Apply(found)
	results = append(results, review.Results(o.Profile)...)
	for i, res := range results {
		results[i] = o.Profile.Apply(res)
	}
	return results, nil
}

// Rules returns the rules of every check, in whichever profile.
func Rules() []checks.Rule {
	return slices.Concat(checks.Rules(source.All()), checks.Rules(suppress.All()))
}

// Errors returns an Error for every check of the profile: what a caller reports
// that could not get at the source.
func Errors(err error, p checks.Profile) []checks.Result {
	return slices.Concat(
		checks.Errors(checks.Select(source.All(), p), err),
		checks.Errors(checks.Select(suppress.All(), p), err),
	)
}
