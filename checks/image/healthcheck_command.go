package image

import (
	"github.com/imagegate/imagegate/checks"
)

var healthcheckCommand = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/healthcheck-command",
		Title:     "What the healthcheck starts is in the image, and can be executed there",
		Severity:  checks.High,
		Why:       "Slim base images have no curl and often no wget, and some have no shell: a healthcheck that cannot start fails every time, and a healthy container is restarted forever.",
		Fix:       "ask with what the image has: a small program or subcommand of the application itself, or its language (node -e, python -c); else install the program in the final stage",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `{
  "image": {"os": "linux", "architecture": "amd64", "config": {"Healthcheck": {"Test": ["CMD", "/app/server", "health"]}}},
  "files": {"/app/server": {"mode": "755", "elf": "amd64"}}
}`,
	Bad: `{
  "image": {"os": "linux", "architecture": "amd64", "config": {"Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost:8000/health || exit 1"]}}},
  "files": {
    "/app/server": {"mode": "755", "elf": "amd64"},
    "/bin/sh": {"mode": "755", "elf": "amd64"}
  }
}`,
	Judge: judgeHealthcheckCommand,
}

func judgeHealthcheckCommand(img *Image) checks.Outcome {
	if img.Config.OS == "windows" {
		return checks.Skip("a Windows image starts by rules of its own; build for Linux to have it judged")
	}
	h := img.Healthcheck
	if h == nil || len(h.Test) < 2 || h.Test[1] == "" {
		return checks.Outcome{} // image/healthcheck says so
	}
	s := newStarter(img)
	var reason string
	switch h.Test[0] {
	case "CMD":
		reason = s.faultOfCommand(h.Test[1:])
	case "CMD-SHELL":
		shell := img.Config.Config.Shell
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		if reason = s.fault(shell[0]); reason == "" && isShell(shell[0]) {
			reason = s.faultOfScript(h.Test[1])
		} else if reason != "" {
			reason = "CMD-SHELL needs a shell: " + reason
		}
	}
	if reason == "" {
		return checks.Outcome{}
	}
	return checks.Found(checks.At(checks.Location{Path: "config.Healthcheck.Test"}, "%s; the container would never be healthy", reason))
}
