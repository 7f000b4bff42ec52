package vuln

import (
	"regexp"
	"time"
)

// transient matches what scanners write where a download failed that may succeed
// if it is tried again: a registry that limits how often it is asked, one that
// is overloaded, a connection that broke.
var transient = regexp.MustCompile(`(?i)TOOMANYREQUESTS|too many requests|rate.?limit|\b429\b|(status|code|response|returned|error)[^\n]{0,40}\b50[0234]\b|\b50[0234] (internal server error|bad gateway|service unavailable|gateway time-?out)|connection reset|connection refused|unexpected EOF|i/o timeout|TLS handshake timeout|temporary failure in name resolution|context deadline exceeded`)

// Transient reports whether the output of a download that failed says that it
// may succeed later.
func Transient(output string) bool { return transient.MatchString(output) }

// Pauses are how long to wait before a download is tried again, one after the
// other: a minute in all, which registries' limits by the second and by the
// minute are over in.
var Pauses = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 40 * time.Second}
