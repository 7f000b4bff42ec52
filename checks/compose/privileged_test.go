package compose

import "testing"

func TestPrivileged(t *testing.T) {
	app := func(settings string) string { return "services:\n  app:\n    build: .\n    " + settings + "\n" }
	judgeAll(t, privileged, map[string]judgement{
		"true":                     {app("privileged: true"), []string{"HIGH compose.yaml:4:17: service app is privileged"}},
		"text":                     {app("privileged: \"true\""), []string{"HIGH compose.yaml:4:17: privileged"}},
		"by default":               {app("privileged: ${P:-true}"), []string{"HIGH compose.yaml:4:17: privileged"}},
		"all capabilities":         {app("cap_add: [NET_ADMIN, ALL]"), []string{"HIGH compose.yaml:4:26: has all capabilities"}},
		"CAP_ALL":                  {app("cap_add: [CAP_ALL]"), []string{"HIGH compose.yaml:4:15: has all capabilities"}},
		"development":              {"-- compose.override.yaml --\n" + app("privileged: true"), []string{"MEDIUM compose.override.yaml:4:17: privileged"}},
		"a daemon":                 {"services:\n  docker: {image: \"docker:27.3.1-dind\", privileged: true}\n", []string{"MEDIUM compose.yaml:2:53: privileged"}},
		"anchor":                   {"x-a: &a\n  privileged: true\nservices:\n  b: {<<: *a, build: .}\n  c: {<<: *a, build: .}\n", []string{"HIGH compose.yaml:2:15: service b", "HIGH compose.yaml:2:15: service c"}},
		"nearly all":               {app("cap_add: [sys_admin]"), []string{"MEDIUM compose.yaml:4:15: the capability SYS_ADMIN"}},
		"system calls":             {app("security_opt: [\"no-new-privileges:true\", \"seccomp:unconfined\"]"), []string{"MEDIUM compose.yaml:4:46: runs without the filter of system calls, seccomp:unconfined"}},
		"system calls, other form": {app("security_opt: [seccomp=unconfined]"), []string{"MEDIUM compose.yaml:4:20: without the filter"}},
		"a debugger":               {"-- compose.override.yaml --\n" + app("cap_add: [SYS_PTRACE]\n    security_opt: [\"seccomp:unconfined\"]"), []string{"LOW compose.override.yaml:5:20: without the filter"}},

		"profile":      {text: app("security_opt: [\"seccomp:profile.json\"]")},
		"false":        {text: app("privileged: false")},
		"variable":     {text: app("privileged: $P")},
		"capabilities": {text: app("cap_add: [NET_ADMIN]")},
		"taken away":   {text: app("cap_drop: [ALL]")},
	})
}
