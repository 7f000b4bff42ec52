// Package lint judges the source of an image by every check that needs no build:
// the lint gate of the Dagger module and the imagegate command are this package.
package lint

import (
	"fmt"
	"io/fs"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

// Options say how the image is built from the source, and how strictly it is
// judged. The zero value is what "docker build ." does, and the default profile.
type Options struct {
	dockerfile.Options
	Profile checks.Profile
}

// Run judges the source by every check of the profile. A Dockerfile that cannot be
// read is an Error of each that judges it; the Compose files are judged all the
// same.
func Run(files fs.FS, o Options) []checks.Result {
	results := judge(files, o)
	results = append(results, compose.Run(checks.Select(compose.All(), o.Profile), files, o.Options)...)
	for i, res := range results {
		results[i] = o.Profile.Apply(res)
	}
	return results
}

// judge judges what the image is built from.
func judge(files fs.FS, o Options) []checks.Result {
	list := checks.Select(source.All(), o.Profile)
	s, err := dockerfile.Load(files, o.Options)
	if err != nil {
		return checks.Errors(list, fmt.Errorf("read the source: %w", err))
	}
	return checks.Run(list, s)
}

// Errors returns an Error for every check of the profile: what a caller reports
// that could not get at the source.
func Errors(err error, p checks.Profile) []checks.Result {
	results := checks.Errors(checks.Select(source.All(), p), err)
	return append(results, checks.Errors(checks.Select(compose.All(), p), err)...)
}
