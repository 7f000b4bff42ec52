package main

import (
	"context"

	"github.com/imagegate/imagegate/checks/report"
	"github.com/imagegate/imagegate/internal/dagger"
)

// Report is what the gates found, in the formats that people and programs read.
type Report struct {
	// What the run came to: "passed" or "blocked".
	Verdict string
	// +private
	TableText string
	// +private
	JSONText string
}

// Judge the image as verify does, but end zero, to keep the report.
//
// Write "table contents" or "json export --path=FILE" behind it.
// The flags that all functions share stand before the function's name.
//
// +cache="never"
func (m *Imagegate) Report(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
) (*Report, error) {
	r, _ := m.judge(ctx, source)
	document, err := report.JSON(r)
	if err != nil {
		return nil, err
	}
	return &Report{Verdict: r.Verdict(), TableText: report.Table(r), JSONText: string(document)}, nil
}

// The table that verify prints.
func (r *Report) Table() *dagger.File { return dag.File("imagegate.txt", r.TableText) }

// The verdict and every result, as a JSON document with a "schemaVersion".
func (r *Report) Json() *dagger.File { // Dagger would call JSON "j-son".
	return dag.File("imagegate.json", r.JSONText)
}
