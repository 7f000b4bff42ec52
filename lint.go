package main

import (
	"context"
	"fmt"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/checks/source"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Lint the application's Dockerfile and .dockerignore, and print one table of
// what was found; ends non-zero where anything blocks.
//
// +check
// +cache="never"
func (m *Imagegate) Lint(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	// +defaultPath="/"
	source *dagger.Directory,
) (string, error) {
	return verdict(report.Report{Gates: []report.Gate{m.lint(ctx, source)}})
}

func (m *Imagegate) lint(ctx context.Context, dir *dagger.Directory) report.Gate {
	return timed(ctx, "lint", "", func(ctx context.Context) []checks.Result {
		args, err := pairs("build-arg", m.BuildArgs)
		if err != nil {
			return checks.Errors(source.All(), err)
		}
		buildArgs := map[string]string{}
		for _, a := range args {
			buildArgs[a.name] = a.value
		}
		src, err := source.Load(directoryFS{ctx, dir}, source.Options{Dockerfile: m.Dockerfile, Target: m.Target, BuildArgs: buildArgs})
		if err != nil {
			return checks.Errors(source.All(), fmt.Errorf("read the source: %w", err))
		}
		return checks.Run(source.All(), src)
	})
}
