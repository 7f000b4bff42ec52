package runtime

import "testing"

func TestPorts(t *testing.T) {
	document := func(exposed, sockets string) string {
		return `{"args": ["/app"], "expected": {"exposed": [` + exposed + `]}, "sockets": [` + sockets + `], ` + stoppedWell
	}
	const (
		all      = `{"network": "tcp", "address": "0.0.0.0", "port": 8080, "process": "node"}`
		all6     = `{"network": "tcp6", "address": "::", "port": 8080, "process": "node"}`
		loop     = `{"network": "tcp", "address": "127.0.1.1", "port": 8080, "process": "node"}`
		loop6    = `{"network": "tcp6", "address": "::1", "port": 8080, "process": "node"}`
		mapped   = `{"network": "tcp6", "address": "::ffff:127.0.0.1", "port": 8080, "process": "node"}`
		inside   = `{"network": "tcp", "address": "127.0.0.1", "port": 9229, "process": "node"}`
		dns      = `{"network": "udp6", "address": "::", "port": 53, "process": "named"}`
		resolver = `{"network": "udp", "address": "0.0.0.0", "port": 43210, "process": "node"}`
	)
	testVerdicts(t, ports, map[string]verdict{
		"none":                {document(``, ``), "pass listens on no port, and exposes none"},
		"as exposed":          {document(`"8080/tcp"`, all), "pass listens on 8080/tcp"},
		"both families":       {document(`"8080"`, all+","+all6), "pass listens on 8080/tcp"},
		"also on loopback":    {document(`"8080/tcp"`, loop+","+all6), "pass listens on 8080/tcp"},
		"inner port":          {document(`"8080/tcp"`, all+","+inside), "pass listens on 8080/tcp, 9229/tcp"},
		"UDP":                 {document(`"53/udp"`, dns), "pass listens on 53/udp"},
		"UDP of a client":     {document(``, resolver), "pass listens on no port, and exposes none"},
		"UDP, high, exposed":  {document(`"43210/udp"`, resolver), "pass listens on 43210/udp"},
		"SCTP cannot be seen": {document(`"5000/sctp"`, ``), "pass listens on no port, and exposes none"},
		"no port":             {document(`"http/tcp", "70000/tcp", "1-x/tcp", ""`, ``), "pass listens on no port, and exposes none"},
		"nothing listens":     {document(`"8080/tcp"`, ``), "MEDIUM 8080/tcp is exposed, and nothing listens on it; the application listens on no port"},
		"other protocol": {document(`"53/tcp", "53/udp"`, dns),
			"MEDIUM 53/tcp is exposed, and nothing listens on it; the application listens on 53/udp"},
		"other port": {document(`"3000/tcp"`, all), "MEDIUM 3000/tcp is exposed, and nothing listens on it; the application listens on 8080/tcp\n" +
			"LOW 8080/tcp is listened on (node, at 0.0.0.0), and not exposed"},
		"range": {document(`"8078-8082/tcp"`, all), "MEDIUM 8078-8079/tcp is exposed, and nothing listens on it; the application listens on 8080/tcp\n" +
			"MEDIUM 8081-8082/tcp is exposed, and nothing listens on it; the application listens on 8080/tcp"},
		"loopback": {document(`"8080/tcp"`, loop+","+loop6),
			"HIGH 8080/tcp is exposed, and listened on for the container itself only (node, at 127.0.1.1 and ::1): nobody outside of it can connect"},
		"loopback, mapped": {document(`"8080/tcp"`, mapped),
			"HIGH 8080/tcp is exposed, and listened on for the container itself only (node, at ::ffff:127.0.0.1): nobody outside of it can connect"},
		"loopback alone": {document(``, loop),
			"LOW 8080/tcp is listened on for the container itself only (node, at 127.0.1.1), and the image exposes no port: nobody outside of it can connect"},
		"ended early": {`{"args": ["/app"], "early": {"code": 1}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
}
