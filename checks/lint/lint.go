// Package lint judges the source of an image by every check that needs no build:
// the lint gate of the Dagger module and the imagegate command are this package.
package lint

import (
	"fmt"
	"io/fs"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

// Options say how the image is built from the source, and how strictly it is
// judged. The zero value is what "docker build ." does, and the default profile.
type Options struct {
	dockerfile.Options
	Profile checks.Profile
}

// Run judges the source by every check of the profile. A source that cannot be
// read is an Error of each.
func Run(files fs.FS, o Options) []checks.Result {
	list := checks.Select(source.All(), o.Profile)
	s, err := dockerfile.Load(files, o.Options)
	if err != nil {
		return checks.Errors(list, fmt.Errorf("read the source: %w", err))
	}
	var results []checks.Result
	for _, res := range checks.Run(list, s) {
		results = append(results, o.Profile.Apply(res))
	}
	return results
}

// Errors returns an Error for every check of the profile: what a caller reports
// that could not get at the source.
func Errors(err error, p checks.Profile) []checks.Result {
	return checks.Errors(checks.Select(source.All(), p), err)
}
