package dockerfile

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// exposed is a port as EXPOSE may name it: [ip:][host port:]port[/protocol].
type exposed struct {
	ip, hostPort, port string
	// protocol is as written; empty without one.
	protocol string
}

// parseExposed splits a port. The error is BuildKit's for one without a port, or
// with a protocol that it does not know.
func parseExposed(word string) (exposed, error) {
	var e exposed
	rest := word
	if at := strings.LastIndex(rest, ":"); at >= 0 {
		rest, e.hostPort = rest[at+1:], rest[:at]
		if at := strings.LastIndex(e.hostPort, ":"); at >= 0 {
			e.ip, e.hostPort = e.hostPort[:at], e.hostPort[at+1:]
		}
	}
	e.port, e.protocol, _ = strings.Cut(rest, "/")
	if e.port == "" {
		return e, fmt.Errorf("invalid port: %q: no port specified", word)
	}
	switch strings.ToLower(e.protocol) {
	case "", "tcp", "udp", "sctp":
		return e, nil
	}
	return e, fmt.Errorf("invalid port: %q: invalid proto: %s", word, e.protocol)
}

// validate returns BuildKit's error for an address or ports that cannot be.
func (e exposed) validate() error {
	ip := e.ip
	if strings.HasPrefix(ip, "[") {
		bare, _, err := net.SplitHostPort(ip + ":")
		if err != nil {
			return fmt.Errorf("invalid IP address %v: %w", ip, err)
		}
		ip = bare
	}
	if ip != "" && net.ParseIP(ip) == nil {
		return errors.New("invalid IP address: " + ip)
	}
	ports, ok := portRange(e.port)
	if !ok {
		return errors.New("invalid containerPort: " + e.port)
	}
	if e.hostPort == "" {
		return nil
	}
	hostPorts, ok := portRange(e.hostPort)
	if !ok {
		return errors.New("invalid hostPort: " + e.hostPort)
	}
	if ports > 1 && ports != hostPorts {
		return fmt.Errorf("invalid ranges specified for container and host Ports: %s and %s", e.port, e.hostPort)
	}
	return nil
}

// portRange returns how many ports a port or a range of them names; false if it is
// none.
func portRange(ports string) (int, bool) {
	first, last, ok := strings.Cut(ports, "-")
	if !ok || first == last {
		last = first
	}
	start, err := strconv.Atoi(first)
	if err != nil {
		return 0, false
	}
	end, err := strconv.Atoi(last)
	if err != nil || start < 0 || end > 65535 || end < start {
		return 0, false
	}
	return end - start + 1, true
}
