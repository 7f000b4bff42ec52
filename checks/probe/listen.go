package probe

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// openSocket is a line of /proc/net/tcp, udp or unix: a socket that others may
// reach its owner by.
type openSocket struct {
	Socket
	inode string
	// uid is the user that made it; -1 where the kernel does not say.
	uid int
}

const unixNetwork = "unix"

// openSockets returns all of the network namespace's: the engine listens there
// too.
func openSockets() []openSocket {
	var open []openSocket
	for _, network := range []string{"tcp", "tcp6", "udp", "udp6", unixNetwork} {
		text, _ := os.ReadFile("/proc/net/" + network) // absent where the kernel lacks the protocol
		if network == unixNetwork {
			open = append(open, parseUnix(string(text))...)
		} else {
			open = append(open, parseInternet(network, string(text))...)
		}
	}
	return open
}

// foreignSockets returns a function that says which there are now, as the links of
// /proc/PID/fd name them. They are read while the application is started, and the
// listening ones come first: before it has any.
func foreignSockets() func() map[string]bool {
	foreign := sync.OnceValue(func() map[string]bool {
		links := map[string]bool{}
		for _, s := range openSockets() {
			links[s.link()] = true
		}
		return links
	})
	go foreign()
	return foreign
}

const socketLink = "socket:["

func (s openSocket) link() string { return socketLink + s.inode + "]" }

// held returns the sockets that the processes hold, each with the name of the
// first process that does.
//
// The kernel does not show the descriptors of a process that changed its user, or
// has more rights than the probe. Where there is one, a socket that was not there
// before the application, and that nobody else holds, is taken for its own if it
// was made by a user that the application ran as.
func (a *application) held(found []process) []openSocket {
	holders := map[string]string{}
	var hidden []process
	for _, p := range found {
		links, ok := descriptors(p.pid)
		for _, link := range links {
			if _, ok := holders[link]; !ok && strings.HasPrefix(link, socketLink) {
				holders[link] = p.name
			}
		}
		if !ok {
			hidden = append(hidden, p)
		}
	}
	// The kernel takes milliseconds to go through all that could be connections.
	if len(holders) == 0 && len(hidden) == 0 {
		return nil
	}
	names := a.hiddenNames(hidden)
	var held []openSocket
	for _, s := range openSockets() {
		name, ok := holders[s.link()]
		if !ok && len(hidden) > 0 && !a.foreign()[s.link()] {
			name, ok = names[s.uid]
		}
		if ok {
			s.Process = name
			held = append(held, s)
		}
	}
	return held
}

// hiddenNames returns, by the user that the application ran as, the name of a
// process whose descriptors are hidden: one of that user, or else the first. It is
// empty where there is none. The user -1 stands for any.
func (a *application) hiddenNames(hidden []process) map[int]string {
	names := map[int]string{}
	if len(hidden) == 0 {
		return names
	}
	for _, p := range hidden {
		id, ok := identity(p.pid)
		if !ok {
			continue
		}
		for _, uid := range id.UIDs {
			if _, ok := names[uid]; !ok {
				names[uid] = p.name
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range a.identities {
		for _, uid := range id.UIDs {
			if _, ok := names[uid]; !ok {
				names[uid] = hidden[0].name
			}
		}
	}
	names[-1] = hidden[0].name
	return names
}

// descriptors returns what the open descriptors of a process are; false if the
// kernel does not show all of them.
func descriptors(pid int) ([]string, bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, !os.IsPermission(err)
	}
	var links []string
	shown := true
	for _, e := range entries {
		link, err := os.Readlink(dir + "/" + e.Name())
		switch {
		case err == nil:
			links = append(links, link)
		case os.IsPermission(err):
			shown = false
		}
	}
	return links, shown
}

// listens reports whether one of the processes has a socket that accepts
// connections, and notes when that was first seen.
func (a *application) listens(found []process) bool {
	accepts := slices.ContainsFunc(a.held(found), func(s openSocket) bool { return !strings.HasPrefix(s.Network, "udp") })
	if accepts {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.listenAt = cmp.Or(a.listenAt, time.Since(a.began))
	}
	return accepts
}

// noteListening is listens for as long as that was not seen, and as often as it
// takes no more than a small part of the time.
func (a *application) noteListening(found []process) {
	const part = 10
	a.mu.Lock()
	due := a.listenAt == 0 && !time.Now().Before(a.lookAgain)
	a.mu.Unlock()
	if !due {
		return
	}
	began := time.Now()
	a.listens(found)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lookAgain = time.Now().Add(part * time.Since(began))
}

// sockets returns those that the application may be reached by over a network.
func (a *application) sockets() []Socket {
	var sockets []Socket
	for _, s := range a.held(a.processes()) {
		if s.Network != unixNetwork {
			sockets = append(sockets, s.Socket)
		}
	}
	return sorted(sockets)
}

// sorted sorts sockets and leaves out those of the same address: several
// processes may share one (SO_REUSEPORT).
func sorted(sockets []Socket) []Socket {
	order := func(a, b Socket) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Network, b.Network), cmp.Compare(a.Address, b.Address))
	}
	slices.SortStableFunc(sockets, order)
	return slices.CompactFunc(sockets, func(a, b Socket) bool { return order(a, b) == 0 })
}

// The states of sockets in /proc/net: those of TCP, which UDP borrows.
const (
	stateListen = "0A"
	stateClose  = "07"
)

// parseInternet returns the sockets of the text of /proc/net/tcp, tcp6, udp or
// udp6 that anybody may send to: listening ones, or bound and not connected ones.
// An IPv4 address of an IPv6 socket is of IPv4, as it is reached by nothing else.
func parseInternet(network, text string) []openSocket {
	const local, remote, state, uid, inode = 1, 2, 3, 7, 9
	want := stateListen
	if strings.HasPrefix(network, "udp") {
		want = stateClose
	}
	var open []openSocket
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) <= inode || fields[state] != want {
			continue
		}
		at, ok := parseAddress(fields[local])
		from, known := parseAddress(fields[remote])
		if !ok || !known || at.Port() == 0 || from.Port() != 0 {
			continue
		}
		s := openSocket{Socket: Socket{Network: network, Port: int(at.Port())}, inode: fields[inode], uid: -1}
		if n, err := strconv.Atoi(fields[uid]); err == nil {
			s.uid = n
		}
		if at.Addr().Is4In6() {
			s.Network = strings.TrimSuffix(network, "6")
		}
		s.Address = at.Addr().Unmap().String()
		open = append(open, s)
	}
	return open
}

// parseAddress reads an address and a port as the kernel writes them: each word of
// 32 bits of the address as the number that it is to this machine.
func parseAddress(text string) (netip.AddrPort, bool) {
	const word = 8 // digits
	digits, port, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	var address []byte
	for ; len(digits) >= word; digits = digits[word:] {
		w, err := strconv.ParseUint(digits[:word], 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		address = binary.NativeEndian.AppendUint32(address, uint32(w))
	}
	ip, ok := netip.AddrFromSlice(address)
	return netip.AddrPortFrom(ip, uint16(n)), ok && digits == ""
}

// parseUnix returns the listening sockets of the text of /proc/net/unix.
func parseUnix(text string) []openSocket {
	const flags, inode, accepts = 3, 6, 1 << 16
	var open []openSocket
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) <= inode {
			continue
		}
		if bits, err := strconv.ParseUint(fields[flags], 16, 64); err == nil && bits&accepts != 0 {
			open = append(open, openSocket{Socket: Socket{Network: unixNetwork}, inode: fields[inode], uid: -1})
		}
	}
	return open
}
