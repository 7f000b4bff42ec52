package image

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var entrypoint = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/entrypoint",
		Title:     "What the container starts is in the image, and can be executed there",
		Severity:  checks.High,
		Why:       "A program that is missing, that the user may not execute, or that is compiled for another architecture is found out by every container that starts: none does.",
		Fix:       "copy the program into the final stage, built for the image's platform, with an executable bit; a script needs its interpreter, a program that is linked dynamically its C library",
		Reference: "https://docs.docker.com/reference/dockerfile/#entrypoint",
	},
	Good: `{
  "image": {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/docker-entrypoint.sh"], "Cmd": ["server"]}},
  "files": {
    "/docker-entrypoint.sh": {"mode": "755", "content": "#!/bin/sh\nexec \"$@\"\n"},
    "/bin/sh": {"mode": "755", "elf": "amd64"}
  }
}`,
	Bad: `{
  "image": {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/docker-entrypoint.sh"], "Cmd": ["server"]}},
  "files": {
    "/docker-entrypoint.sh": {"mode": "755", "content": "#!/bin/bash\nexec \"$@\"\n"},
    "/bin/sh": {"mode": "755", "elf": "amd64"}
  }
}`,
	Judge: judgeEntrypoint,
}

func judgeEntrypoint(img *Image) checks.Outcome {
	if img.Config.OS == "windows" {
		return checks.Skip("a Windows image starts by rules of its own; build for Linux to have it judged")
	}
	field, args := "config.Entrypoint", slices.Concat(img.Config.Config.Entrypoint, img.Config.Config.Cmd)
	if len(img.Config.Config.Entrypoint) == 0 {
		field = "config.Cmd"
	}
	if len(args) == 0 {
		return checks.Found(checks.At(checks.Location{Path: field}, "the image has neither an entrypoint nor a command: a container has nothing to start"))
	}
	if reason := newStarter(img).faultOfCommand(args); reason != "" {
		f := checks.At(checks.Location{Path: field}, "%s; the container would not start", reason)
		f.Subject = args[0]
		return checks.Found(f)
	}
	return checks.Outcome{}
}
