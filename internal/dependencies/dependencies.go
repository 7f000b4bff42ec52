//go:build dependencies

// Package dependencies keeps in go.mod what only the imagegate command and its
// tests import: Dagger loads the module without cmd, and runs go mod tidy there.
package dependencies

import (
	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	_ "github.com/rogpeppe/go-internal/testscript"
)
