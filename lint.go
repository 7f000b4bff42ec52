package main

import (
	"context"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/lint"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/suppress"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Lint the Dockerfile, its ignore file and the Compose files.
//
// Prints one table of what was found, and ends non-zero where anything blocks.
// The flags that all functions share stand before the function's name.
//
// +check
// +cache="never"
func (m *Imagegate) Lint(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	// +defaultPath="/"
	source *dagger.Directory,
) (string, error) {
	m, by := m.under(ctx, source)
	return verdict(reviewed(nil, []report.Gate{m.lint(ctx, source, by)}, by))
}

func (m *Imagegate) lint(ctx context.Context, dir *dagger.Directory, by policy.Input) report.Gate {
	return timed(ctx, "lint", "", func(ctx context.Context) []checks.Result {
		// A policy that cannot be read is reported by the gate of the policy.
		options := lint.Options{Profile: checks.Profile(m.Profile), Policy: suppress.Policy{Read: &by.Policy}}
		var err error
		if options.Options, err = m.dockerfileOptions(); err != nil {
			return lint.Errors(err, options.Profile)
		}
		return lint.Run(newDirectoryFS(ctx, dir), options)
	})
}
