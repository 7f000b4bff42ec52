package compose

import "testing"

func TestHostNamespace(t *testing.T) {
	app := func(settings string) string { return "services:\n  app:\n    build: .\n    " + settings + "\n" }
	judgeAll(t, hostNamespace, map[string]judgement{
		"network":     {app("network_mode: host"), []string{"MEDIUM compose.yaml:4:19: service app shares the network of the machine (network_mode: host)"}},
		"two":         {app("pid: \"host\"\n    ipc: host"), []string{"MEDIUM compose.yaml:4:10: processes", "MEDIUM compose.yaml:5:10: memory"}},
		"development": {"-- compose.local.yaml --\n" + app("network_mode: host"), []string{"LOW compose.local.yaml:4:19: network"}},
		"override":    {"-- compose.yaml --\n" + app("network_mode: none") + "-- compose.override.yaml --\nservices:\n  app:\n    network_mode: host\n", []string{"LOW compose.override.yaml:3:19: network"}},

		"of a service": {text: app("network_mode: service:db\n    pid: service:db\n  db:\n    image: a")},
		"bridge":       {text: app("network_mode: bridge")},
		"variable":     {text: app("network_mode: $MODE")},
		"taken back":   {text: "-- compose.yaml --\n" + app("restart: always") + "-- compose.override.yaml --\nservices:\n  app:\n    network_mode: bridge\n"},
	})
}
