package compose

import "testing"

func TestPortConflict(t *testing.T) {
	two := func(a, b string) string {
		return "services:\n  a:\n    image: a:1\n    ports: [" + a + "]\n  b:\n    image: b:1\n    ports: [" + b + "]\n"
	}
	judgeAll(t, portConflict, map[string]judgement{
		"same":        {two(`"80:8080"`, `"80:80"`), []string{"MEDIUM compose.yaml:7:13: service b publishes port 80 of the machine, which a publishes as well"}},
		"one address": {two(`"80:8080"`, `"127.0.0.1:80:80"`), []string{"MEDIUM compose.yaml:7:13: port 80"}},
		"range":       {two(`"8000-8010:8000-8010"`, `{target: 80, published: "8005"}`), []string{"MEDIUM compose.yaml:7:13: port 8005"}},
		"override":    {"-- compose.yaml --\n" + two(`"80:80"`, `"81:80"`) + "-- compose.override.yaml --\nservices:\n  b:\n    ports: [\"80:80\"]\n", []string{"MEDIUM compose.override.yaml:3:13: which a publishes"}},

		"all addresses":       {two(`"0.0.0.0:80:80"`, `"127.0.0.1:80:80"`), []string{"MEDIUM compose.yaml:7:13: port 80"}},
		"all IPv6 addresses":  {two(`"[::]:80:80"`, `"[::1]:80:80"`), []string{"MEDIUM compose.yaml:7:13: port 80"}},
		"no address and IPv6": {two(`"80:80"`, `"[::1]:80:80"`), []string{"MEDIUM compose.yaml:7:13: port 80"}},

		"other families":  {text: two(`"0.0.0.0:80:80"`, `"[::]:80:80"`)},
		"other family":    {text: two(`"0.0.0.0:80:80"`, `"[::1]:80:80"`)},
		"other ports":     {text: two(`"80:80"`, `"81:80"`)},
		"protocol":        {text: two(`"53:53"`, `"53:53/udp"`)},
		"other addresses": {text: two(`"127.0.0.1:80:80"`, `"192.0.2.1:80:80"`)},
		"free ports":      {text: two(`"80"`, `"80"`)},
		"one of a range":  {text: two(`"8000-8010:80"`, `"8000-8010:80"`)},
		"variables":       {text: two(`"$A:80"`, `"$A:80"`)},
		"profiles":        {text: "services:\n  a: {image: a, profiles: [x], ports: [\"80:80\"]}\n  b: {image: b, profiles: [y], ports: [\"80:80\"]}\n"},
		"moved away":      {text: "-- compose.yaml --\n" + two(`"80:80"`, `"81:80"`) + "-- compose.override.yaml --\nservices:\n  b:\n    ports: !override [\"82:80\"]\n"},
		"two files":       {text: "-- compose.yaml --\n" + two(`"80:80"`, `"81:80"`) + "-- compose.prod.yaml --\n" + two(`"80:80"`, `"81:80"`)},
	})
}
