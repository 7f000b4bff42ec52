package source

import (
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/health"
)

var healthcheckBounds = Check{
	Rule: checks.Rule{
		ID:        "source/healthcheck-bounds",
		Title:     "The HEALTHCHECK finds a dead container in time",
		Severity:  checks.Medium,
		Why:       "A check that waits too long leaves requests with a container that is dead; one that is too brief takes an ordinary pause for a death, and one that runs too often is a load of its own.",
		Fix:       "Write HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3, and change these by what the application needs: an interval from 1s to 5m, a timeout from 1s to 60s and not above the interval, at most 10 retries.",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `
FROM nginx:1.27.3-alpine
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 CMD wget --spider http://localhost/ || exit 1
`,
	Bad: `
FROM nginx:1.27.3-alpine
HEALTHCHECK --interval=1h --timeout=5m --retries=100 CMD wget --spider http://localhost/ || exit 1
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		in := healthTest(s)
		if in == nil {
			return checks.Outcome{}
		}
		set := in.Command.(*instructions.HealthCheckCommand).Health
		h := health.Check{
			Interval: set.Interval, Timeout: set.Timeout, Retries: set.Retries,
			StartPeriod: set.StartPeriod, StartInterval: set.StartInterval,
		}
		faults := h.Faults()
		severe := slices.ContainsFunc(faults, func(f health.Fault) bool { return f.Severe })
		var findings []checks.Finding
		for _, fault := range faults {
			if severe && !fault.Severe {
				continue // what follows from it
			}
			flag := healthFlags[fault.Field]
			f := checks.At(flagLocation(in, flag), "%s: %s", flag, fault.Message)
			f.Subject = flag
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

var healthFlags = map[string]string{
	"Interval": "--interval", "Timeout": "--timeout", "Retries": "--retries", "StartPeriod": "--start-period", "StartInterval": "--start-interval",
}

// healthTest returns the HEALTHCHECK of the image; nil if the Dockerfile has none,
// or it is turned off.
func healthTest(s *dockerfile.Source) *dockerfile.Instruction {
	in := s.Final.Config.Healthcheck
	if in == nil || len(in.Command.(*instructions.HealthCheckCommand).Health.Test) < 2 {
		return nil
	}
	return in
}

// flagLocation returns the place of a flag of an instruction, or of the whole
// instruction if it does not have it.
func flagLocation(in *dockerfile.Instruction, flag string) checks.Location {
	word := regexp.MustCompile(regexp.QuoteMeta(flag) + `=\S+`).FindString(strings.Join(in.Text(), "\n"))
	return in.Find(word)
}
