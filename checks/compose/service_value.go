package compose

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The values that Compose reads by itself: for the schema they are text.
var (
	durationValue = regexp.MustCompile(`^(0|[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+)$`)
	sizeValue     = regexp.MustCompile(`^(-1|[0-9]+(\.[0-9]+)? ?([kKmMgGtTpP]?[bB]?|[kKmMgGtTpP][iI][bB]))$`)
)

// durations and sizes are the settings of a service that are such values.
var (
	durations = [][]string{
		{"stop_grace_period"}, {"healthcheck", "interval"}, {"healthcheck", "timeout"}, {"healthcheck", "start_period"}, {"healthcheck", "start_interval"},
	}
	sizes = [][]string{
		{"mem_limit"}, {"mem_reservation"}, {"memswap_limit"}, {"shm_size"}, {"build", "shm_size"},
		{"deploy", "resources", "limits", "memory"}, {"deploy", "resources", "reservations", "memory"},
	}
)

// checkValues looks for settings of a service that Compose cannot read, or that
// exclude each other.
func (s *Stack) checkValues(service *Service) {
	for _, keys := range durations {
		if n := service.Get(keys...); n.says() && !durationValue.MatchString(n.Text().Text) {
			s.fault(n.Location, "service %s has the %s %s, which is no duration, as in 1m30s", service.Name, strings.Join(keys, "."), n.Text().Text)
		}
	}
	for _, keys := range sizes {
		if n := service.Get(keys...); n.says() && !sizeValue.MatchString(n.Text().Text) {
			s.fault(n.Location, "service %s has the %s %s, which is no size, as in 512m", service.Name, strings.Join(keys, "."), n.Text().Text)
		}
	}
	for _, list := range service.values("ports") {
		for _, item := range list.Items() {
			if item.says() && !isPort(item.Text().Text) {
				s.fault(item.Location, "service %s has the port %s, which Compose cannot read: it is to be [[address:]port:]port, with numbers from 1 to 65535", service.Name, item.Text().Text)
			}
		}
	}
	if test := service.Get("healthcheck", "test"); test != nil && test.shape == sequence && len(test.items) > 0 {
		if first := test.items[0]; first.shape == scalar && first.Text().Known && !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, first.Text().Text) {
			s.fault(first.Location, "service %s has a list for healthcheck.test that begins with %s: the first entry is to be CMD, CMD-SHELL or NONE", service.Name, first.Text().Text)
		}
	}
	if n := service.Get("build", "dockerfile"); n.says() && service.Get("build", "dockerfile_inline").says() {
		s.fault(n.Location, "service %s has both build.dockerfile and build.dockerfile_inline", service.Name)
	}
	if n := service.Get("network_mode"); n.says() && !n.Text().Default && service.networked() {
		s.fault(n.Location, "service %s has both network_mode and networks", service.Name)
	}
	scale, replicas := service.Get("scale"), service.Get("deploy", "replicas")
	a, scaled := scale.number()
	b, replicated := replicas.number()
	if scaled && replicated && a != b {
		s.fault(scale.Location, "service %s has scale %d and deploy.replicas %d, which have to be the same", service.Name, a, b)
	}
	if n := service.Get("container_name"); n.says() && (a > 1 || b > 1 && !scaled) {
		s.fault(n.Location, "service %s has a container_name, which only one of its %d containers can have", service.Name, max(a, b))
	}
	for _, watch := range service.Get("develop", "watch").Items() {
		if action := watch.Get("action").Text(); strings.HasPrefix(action.Text, "sync") && watch.Get("target").isNull() {
			s.fault(watch.Get("action").Location, "service %s has %s under develop.watch without a target", service.Name, action.Text)
		}
	}
}

// says reports whether a value is a text that is known, and not empty.
func (n *Node) says() bool {
	t := n.Text()
	return t.Known && t.Text != ""
}

// number returns a whole number that is known.
func (n *Node) number() (int, bool) {
	t := n.Text()
	number, err := strconv.Atoi(t.Text)
	return number, t.Known && err == nil
}

// networked reports whether a service has networks of the file.
func (s *Service) networked() bool {
	return slices.ContainsFunc(s.values("networks"), func(n *Node) bool { return len(n.Items()) > 0 || len(n.Entries()) > 0 })
}

// isPort reports whether Compose reads a text as [[address:]port:]port[/protocol].
func isPort(text string) bool {
	spec, protocol, found := strings.Cut(text, "/")
	if found && !slices.Contains([]string{"tcp", "udp", "sctp"}, strings.ToLower(protocol)) {
		return false
	}
	published, target := "", spec
	if i := strings.LastIndexByte(spec, ':'); i >= 0 {
		published, target = spec[:i], spec[i+1:]
	}
	if i := strings.LastIndexByte(published, ':'); i >= 0 && !strings.HasSuffix(published, "]") {
		address := published[:i]
		if inner, ok := strings.CutPrefix(address, "["); ok {
			address = strings.TrimSuffix(inner, "]")
		}
		if _, err := netip.ParseAddr(address); address != "" && err != nil {
			return false
		}
		published = published[i+1:]
	}
	return isPortRange(target) && (published == "" || isPortRange(published))
}

// isPortRange reports whether a text is a port, or two with a dash between them.
func isPortRange(text string) bool {
	from, to, found := strings.Cut(text, "-")
	if !found {
		to = from
	}
	low, errLow := strconv.ParseUint(from, 10, 16)
	high, errHigh := strconv.ParseUint(to, 10, 16)
	return errLow == nil && errHigh == nil && low <= high
}
