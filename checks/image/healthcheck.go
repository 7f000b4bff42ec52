package image

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// Healthcheck is the HEALTHCHECK of an image as its configuration has it; a
// zero value is one that Docker's default stands for.
type Healthcheck struct {
	// Test is {"NONE"}, {"CMD", program, arguments...} or {"CMD-SHELL", command}.
	Test []string
	// Interval is the time from the end of one check to the start of the next,
	// Timeout what one check may take.
	Interval, Timeout time.Duration
	// StartPeriod is how long after the start failures do not count, and
	// StartInterval what stands for Interval until then.
	StartPeriod, StartInterval time.Duration
	// Retries is how many checks in a row must fail.
	Retries int
}

// Effective returns the healthcheck with Docker's defaults for what is not set
// (docs.docker.com/reference/dockerfile/#healthcheck).
func (h Healthcheck) Effective() Healthcheck {
	h.Interval = cmp.Or(h.Interval, 30*time.Second)
	h.Timeout = cmp.Or(h.Timeout, 30*time.Second)
	h.StartInterval = cmp.Or(h.StartInterval, 5*time.Second)
	h.Retries = cmp.Or(h.Retries, 3)
	return h
}

// decodeHealthcheck returns the healthcheck of an image's configuration, nil if
// it has none.
func decodeHealthcheck(config []byte) (*Healthcheck, error) {
	var doc struct {
		Config struct{ Healthcheck *Healthcheck } `json:"config"`
	}
	if err := json.Unmarshal(config, &doc); err != nil {
		return nil, err
	}
	return doc.Config.Healthcheck, nil
}

// The bounds are those within which orchestrators do something sensible with a
// verdict. Docker's own defaults (30s, 30s, 0s, 3), Kubernetes' for probes
// (10s, 1s, 0s, 3) and ECS's allowed values (interval 5s to 300s, timeout 2s to
// 60s, start period 0s to 300s, retries 1 to 10) lie within them.
const (
	minInterval = time.Second // below, the checks themselves are a load
	maxInterval = 5 * time.Minute
	minTimeout  = time.Second // below, an ordinary pause is taken for a death
	maxTimeout  = time.Minute // what needs longer is no check
	maxRetries  = 10

	// A container that hangs serves errors until it is found dead. Beyond five
	// minutes that is longer than most alerts wait, beyond fifteen a person has
	// noticed first. The start period delays it just as much.
	slowDetection  = 5 * time.Minute
	maxDetection   = 15 * time.Minute
	slowStart      = 5 * time.Minute
	maxStartPeriod = 15 * time.Minute
)

var healthcheck = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/healthcheck",
		Title:     "The image has a healthcheck that finds a dead container in time",
		Severity:  checks.High,
		Why:       "Without a healthcheck a container that hangs still counts as running, so that nothing restarts it and traffic keeps going to it; one that waits too long or too briefly does little better.",
		Fix:       "write HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 CMD and a command that asks the application itself",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
		Aliases:   []string{"DS-0026", "CIS-DI-0006", "CIS-4.6", "CKV_DOCKER_2"},
	},
	Good: `{
  "image": {
    "os": "linux",
    "config": {
      "Healthcheck": {
        "Test": ["CMD-SHELL", "curl -f http://localhost:8000/health/live || exit 1"],
        "Interval": 30000000000,
        "Timeout": 10000000000,
        "StartPeriod": 5000000000,
        "Retries": 3
      }
    }
  }
}`,
	Bad: `{
  "image": {
    "os": "linux",
    "config": {
      "Healthcheck": {
        "Test": ["CMD-SHELL", "curl -f http://localhost:8000/health/live || exit 1"],
        "Interval": 3600000000000,
        "Timeout": 600000000000,
        "Retries": 100
      }
    }
  }
}`,
	Judge: judgeHealthcheck,
}

func judgeHealthcheck(img *Image) checks.Outcome {
	const field = "config.Healthcheck"
	whole := checks.Location{Path: field}
	if img.Healthcheck == nil || len(img.Healthcheck.Test) == 0 {
		return checks.Found(checks.At(whole, "the image has no healthcheck"))
	}
	set, h := *img.Healthcheck, img.Healthcheck.Effective()
	test := checks.Location{Path: field + ".Test"}
	switch kind, args := h.Test[0], h.Test[1:]; {
	case kind == "NONE":
		return checks.Found(checks.At(whole, "the healthcheck is switched off with NONE"))
	case kind != "CMD" && kind != "CMD-SHELL":
		return checks.Found(checks.At(test, "%q is neither CMD, CMD-SHELL nor NONE; no engine runs it", kind))
	case len(args) == 0 || strings.TrimSpace(args[0]) == "":
		return checks.Found(checks.At(test, "%s without a command", kind))
	}

	var findings []checks.Finding
	report := func(status checks.Status, name, format string, args ...any) {
		f := checks.At(checks.Location{Path: field + "." + name}, format, args...)
		f.Status = status
		findings = append(findings, f)
	}
	bound := func(name string, got, low, high time.Duration, fromDefault bool) {
		if got < low || got > high {
			report(checks.Fail, name, "%s is not between %s and %s", duration(got, fromDefault), low, high)
		}
	}
	bound("Interval", h.Interval, minInterval, maxInterval, set.Interval == 0)
	bound("Timeout", h.Timeout, minTimeout, maxTimeout, set.Timeout == 0)
	bound("StartPeriod", h.StartPeriod, 0, maxStartPeriod, false)
	if h.StartInterval < 0 {
		report(checks.Fail, "StartInterval", "%s is negative; Docker refuses to start the container", h.StartInterval)
	}
	if h.Retries < 1 || h.Retries > maxRetries {
		report(checks.Fail, "Retries", "%d is not between 1 and %d", h.Retries, maxRetries)
	}
	if len(findings) > 0 {
		return checks.Found(findings...)
	}

	// Docker waits for the interval and then for the check, one after the other.
	detection := time.Duration(h.Retries) * (h.Interval + h.Timeout)
	switch {
	case detection > maxDetection:
		report(checks.Fail, "Interval", "a dead container is found after up to %s (%d times %s and %s); at most %s", detection, h.Retries, h.Interval, h.Timeout, maxDetection)
	case detection > slowDetection:
		report(checks.Warn, "Interval", "a dead container is found only after up to %s (%d times %s and %s)", detection, h.Retries, h.Interval, h.Timeout)
	}
	if h.Timeout > h.Interval {
		report(checks.Warn, "Timeout", "%s is longer than the interval of %s", duration(h.Timeout, set.Timeout == 0), duration(h.Interval, set.Interval == 0))
	}
	if h.StartPeriod > slowStart {
		report(checks.Warn, "StartPeriod", "for the first %s no failure counts", h.StartPeriod)
	}
	out := checks.Found(findings...)
	out.Evidence = fmt.Sprintf("every %s, timeout %s, start period %s, %d retries: a dead container is found within %s", h.Interval, h.Timeout, h.StartPeriod, h.Retries, detection)
	return out
}

// duration writes a duration, and says if nobody has set it.
func duration(d time.Duration, fromDefault bool) string {
	if fromDefault {
		return fmt.Sprintf("%s (Docker's default)", d)
	}
	return d.String()
}
