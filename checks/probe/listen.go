package probe

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listens reports whether one of the processes has a socket that accepts
// connections. Sockets are told by who holds them: the engine listens in the
// container's network too.
func listens(found []process) bool {
	listening := map[string]bool{}
	for file, parse := range map[string]func(string) []string{
		"/proc/net/tcp": listeningTCP, "/proc/net/tcp6": listeningTCP, "/proc/net/unix": listeningUnix,
	} {
		text, _ := os.ReadFile(file) // absent where the kernel lacks the protocol
		for _, inode := range parse(string(text)) {
			listening["socket:["+inode+"]"] = true
		}
	}
	if len(listening) == 0 {
		return false
	}
	for _, p := range found {
		descriptors, _ := filepath.Glob("/proc/" + strconv.Itoa(p.pid) + "/fd/*")
		for _, d := range descriptors {
			if target, err := os.Readlink(d); err == nil && listening[target] {
				return true
			}
		}
	}
	return false
}

// listeningTCP returns the inodes of listening sockets in the text of
// /proc/net/tcp or tcp6.
func listeningTCP(text string) []string {
	const state, inode, listen = 3, 9, "0A"
	var inodes []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > inode && fields[state] == listen {
			inodes = append(inodes, fields[inode])
		}
	}
	return inodes
}

// listeningUnix returns the inodes of listening sockets in the text of
// /proc/net/unix.
func listeningUnix(text string) []string {
	const flags, inode, accepts = 3, 6, 1 << 16
	var inodes []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) <= inode {
			continue
		}
		if bits, err := strconv.ParseUint(fields[flags], 16, 64); err == nil && bits&accepts != 0 {
			inodes = append(inodes, fields[inode])
		}
	}
	return inodes
}
