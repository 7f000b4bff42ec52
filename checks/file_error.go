package checks

// FileError is why a file of the source cannot be read: what an Error is about.
type FileError struct {
	// Location is the file, and the place in it if it is known.
	Location Location
	Err      error
	// Fix says what to do about it; empty where the rule's says it.
	Fix string
}

// Error returns path:line:column: and the reason.
func (e *FileError) Error() string { return e.Location.String() + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }
