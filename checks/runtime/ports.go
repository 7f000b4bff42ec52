package runtime

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var ports = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/ports",
		Title:     "the application listens on the ports that the image exposes, for others than itself",
		Severity:  checks.High,
		Why:       "EXPOSE is what people, docker run -P, proxies and generators of manifests take for the ports of an image: one on which nobody listens leads nowhere. What listens on a loopback address is reached from within the container only, so that its HEALTHCHECK passes and no request ever arrives.",
		Fix:       "let EXPOSE name the ports that the application listens on",
		Reference: "https://docs.docker.com/reference/dockerfile/#expose",
	},
	Good: `{"args": ["/app"], "sockets": [{"network": "tcp6", "address": "::", "port": 8080, "process": "app"}], "expected": {"exposed": ["8080/tcp"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "sockets": [{"network": "tcp", "address": "127.0.0.1", "port": 8080, "process": "app"}], "expected": {"exposed": ["8080/tcp"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		listening := listeners(o)
		exposed := exposedPorts(o.Expected.Exposed)
		var findings []checks.Finding
		for _, r := range unheard(exposed, listening) {
			f := checks.At(checks.Location{}, "%s is exposed, and nothing listens on it; the application listens on %s", r, listening)
			f.Subject, f.Severity = r, checks.Medium
			findings = append(findings, f)
		}
		for _, l := range listening {
			of := fmt.Sprintf("%s, at %s", line(l.process), strings.Join(l.addresses, " and "))
			switch {
			case slices.Contains(exposed, l.port) && !l.reachable:
				f := checks.At(checks.Location{}, "%s is exposed, and listened on for the container itself only (%s): nobody outside of it can connect", l.port, of)
				f.Subject, f.Fix = l.port.String(), "listen on all addresses, 0.0.0.0 or ::, instead of 127.0.0.1, ::1 or localhost"
				findings = append(findings, f)
			case slices.Contains(exposed, l.port):
			case l.reachable:
				f := checks.At(checks.Location{}, "%s is listened on (%s), and not exposed", l.port, of)
				f.Subject, f.Severity = l.port.String(), checks.Low
				f.Fix = fmt.Sprintf("add EXPOSE %s if others are to connect; if not, listen on 127.0.0.1 only", l.port)
				findings = append(findings, f)
			case len(exposed) == 0 && !slices.ContainsFunc(listening, func(l listener) bool { return l.reachable }):
				f := checks.At(checks.Location{}, "%s is listened on for the container itself only (%s), and the image exposes no port: nobody outside of it can connect", l.port, of)
				f.Subject, f.Severity = l.port.String(), checks.Low
				f.Fix = fmt.Sprintf("if others are to connect, listen on all addresses, 0.0.0.0 or ::, and add EXPOSE %s", l.port)
				findings = append(findings, f)
			}
		}
		switch {
		case len(findings) > 0:
			return checks.Found(findings...)
		case len(listening) == 0:
			return checks.Passed("listens on no port, and exposes none")
		}
		return checks.Passed("listens on %s", listening)
	},
}

// port is one of TCP or UDP, as in 8080/tcp.
type port struct {
	number   int
	protocol string
}

func (p port) String() string { return fmt.Sprintf("%d/%s", p.number, p.protocol) }

func comparePorts(a, b port) int {
	return cmp.Or(cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.number, b.number))
}

// exposedPorts returns the ports that an image exposes, sorted; those of SCTP,
// whose sockets the probe does not see, are left out.
func exposedPorts(exposed []string) []port {
	set := map[port]bool{}
	for _, text := range exposed {
		number, protocol, _ := strings.Cut(text, "/")
		protocol = cmp.Or(strings.ToLower(protocol), "tcp")
		if protocol != "tcp" && protocol != "udp" {
			continue
		}
		from, to, isRange := strings.Cut(number, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 16)
		if err != nil {
			continue
		}
		last, err := strconv.ParseUint(to, 10, 16)
		if err != nil {
			continue
		}
		for n := first; n <= last; n++ {
			set[port{int(n), protocol}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), comparePorts)
}

// listener is who listens on a port.
type listener struct {
	port      port
	addresses []string
	process   string
	// reachable is whether others than the container itself can connect.
	reachable bool
}

type listenerList []listener

func (list listenerList) String() string {
	if len(list) == 0 {
		return "no port"
	}
	texts := make([]string, len(list))
	for i, l := range list {
		texts[i] = l.port.String()
	}
	return strings.Join(texts, ", ")
}

// The range that Linux takes a port from where none is asked for.
const firstEphemeral, lastEphemeral = 32768, 60999

// listeners returns who listens, sorted by port. A UDP socket on an ephemeral port
// that the image does not expose is left out: a client's, as of a resolver or of
// statsd, looks the same.
func listeners(o *Run) listenerList {
	exposed := exposedPorts(o.Expected.Exposed)
	byPort := map[port]*listener{}
	for _, s := range o.Sockets {
		p := port{s.Port, strings.TrimSuffix(s.Network, "6")}
		if p.protocol == "udp" && p.number >= firstEphemeral && p.number <= lastEphemeral && !slices.Contains(exposed, p) {
			continue
		}
		l := byPort[p]
		if l == nil {
			l = &listener{port: p, process: s.Process}
			byPort[p] = l
		}
		l.addresses = append(l.addresses, line(s.Address))
		l.reachable = l.reachable || !isLoopback(s.Address)
	}
	var all listenerList
	for _, l := range byPort {
		slices.Sort(l.addresses)
		l.addresses = slices.Compact(l.addresses)
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b listener) int { return comparePorts(a.port, b.port) })
	return all
}

func isLoopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.Unmap().IsLoopback()
}

// unheard returns the exposed ports on which nobody listens, neighbours as a range,
// as in 10000-10100/udp.
func unheard(exposed []port, listening listenerList) []string {
	heard := map[port]bool{}
	for _, l := range listening {
		heard[l.port] = true
	}
	var ranges []string
	for i := 0; i < len(exposed); i++ {
		first := exposed[i]
		if heard[first] {
			continue
		}
		last := first
		for i+1 < len(exposed) && exposed[i+1] == (port{last.number + 1, last.protocol}) && !heard[exposed[i+1]] {
			i++
			last = exposed[i]
		}
		if last == first {
			ranges = append(ranges, first.String())
		} else {
			ranges = append(ranges, fmt.Sprintf("%d-%s", first.number, last))
		}
	}
	return ranges
}
