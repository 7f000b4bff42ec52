// Package distconsts holds the fixed names that the Dagger engine and CLI
// share. Hand-written stand-in: only the values (facts of v0.21.7) that the
// packages that are built here ask for.
package distconsts

const (
	// Where the engine listens unless told otherwise, and what it is called.
	EngineContainerName   = "dagger-engine.dev"
	DefaultEngineSockAddr = "unix:///run/dagger/engine.sock"

	// Fixed paths in the engine's file system.
	RuncPath                         = "/usr/local/bin/runc"
	DaggerInitPath                   = "/usr/local/bin/dagger-init"
	EngineDefaultStateDir            = "/var/lib/dagger"
	EngineContainerBuiltinContentDir = "/usr/local/share/dagger/content"
	EngineCustomCACertsDir           = "/usr/local/share/ca-certificates"

	// Environment variables that name the built-in SDK images.
	GoSDKManifestDigestEnvName         = "DAGGER_GO_SDK_MANIFEST_DIGEST"
	PythonSDKManifestDigestEnvName     = "DAGGER_PYTHON_SDK_MANIFEST_DIGEST"
	TypescriptSDKManifestDigestEnvName = "DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST"

	// Images that the engine's own code refers to.
	AlpineImage  = "alpine:3.22.1"
	BusyboxImage = "busybox:1.37.0"
	GolangImage  = "golang:1.26-alpine"

	OCIVersionAnnotation = "org.opencontainers.image.version"
)
