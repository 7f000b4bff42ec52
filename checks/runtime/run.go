package runtime

import "github.com/imagegate/imagegate/checks/probe"

// The labels of an image that name paths which its application answers: one
// whose answer takes a while, and one that has metrics.
const (
	SlowPathLabel    = "io.imagegate.slow-path"
	MetricsPathLabel = "io.imagegate.metrics-path"
)

// Run is all that is known of how one image behaves when it runs.
type Run struct {
	// Observation is of the start as in production.
	*probe.Observation
	// Expected is what the image, or the caller, says of it.
	Expected Expected `json:"expected"`
	// Refusals are the starts without a required variable, sorted by variable, unset
	// before empty.
	Refusals []Refusal `json:"refusals,omitempty"`
	// Changes are to the root file system, from before the start to after the end;
	// nil where they are not known, and then NoChanges says why.
	Changes   *Changes `json:"changes,omitempty"`
	NoChanges string   `json:"noChanges,omitempty"`
}

// Expected is what an image, or the caller, says of how it is run.
type Expected struct {
	// Exposed are the image's ports, as in 8080/tcp.
	Exposed []string `json:"exposed,omitempty"`
	// Writable are absolute paths that are not of the root file system in
	// production: the image's volumes, and what the caller mounts as tmpfs.
	Writable []string `json:"writable,omitempty"`
	// ComposeFile is the path of one that the source has, where the run did not use it.
	ComposeFile string `json:"composeFile,omitempty"`
	// MaxMemory, in bytes, and MaxProcesses are the limits that the run was given; 0 is none.
	MaxMemory    int64 `json:"maxMemory,omitempty"`
	MaxProcesses int   `json:"maxProcesses,omitempty"`
}

// Refusal is a start without one variable that is required.
type Refusal struct {
	Variable string `json:"variable"`
	// Empty is whether the variable was set, to nothing, instead of left unset.
	Empty       bool               `json:"empty"`
	Observation *probe.Observation `json:"observation"`
}

// Changes are paths of the root file system, absolute and sorted. Of what is modified,
// or only has another owner or mode, the directories above may be there, too; and what
// is added may be among it.
type Changes struct {
	Added    []string `json:"added,omitempty"`
	Modified []string `json:"modified,omitempty"`
	Removed  []string `json:"removed,omitempty"`
}
