package image

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/health"
)

// Healthcheck is the HEALTHCHECK of an image as its configuration has it.
type Healthcheck = health.Check

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

	faults := set.Faults()
	severe := slices.ContainsFunc(faults, func(f health.Fault) bool { return f.Severe })
	var findings []checks.Finding
	for _, fault := range faults {
		if severe && !fault.Severe {
			continue
		}
		f := checks.At(checks.Location{Path: field + "." + fault.Field}, "%s", fault.Message)
		if f.Status = checks.Warn; fault.Severe {
			f.Status = checks.Fail
		}
		findings = append(findings, f)
	}
	out := checks.Found(findings...)
	if !severe {
		out.Evidence = fmt.Sprintf("every %s, timeout %s, start period %s, %d retries: a dead container is found within %s", h.Interval, h.Timeout, h.StartPeriod, h.Retries, set.Detection())
	}
	return out
}
