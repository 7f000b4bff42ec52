package runtime

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var capabilities = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/capabilities",
		Title:     "no process that is not root has capabilities",
		Severity:  checks.High,
		Why:       "A capability is a part of root's power: whoever takes over a process that has CAP_DAC_OVERRIDE or CAP_SETUID is as good as root in the container, whatever its uid. Where privileges cannot be gained (allowPrivilegeEscalation: false, no-new-privileges) a program with file capabilities does not even start.",
		Fix:       "take the file capabilities away from the program (setcap -r) in the Dockerfile, and start it without ambient capabilities",
		Reference: "https://man7.org/linux/man-pages/man7/capabilities.7.html",
	},
	Good: `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000000", "permitted": "0000000000000000", "ambient": "0000000000000000"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000082", "permitted": "0000000000000082", "ambient": "0000000000000000"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := seen(o); !ok {
			return out
		}
		var findings []checks.Finding
		reported := map[string]bool{}
		for _, id := range o.Identities {
			if isRoot(id) {
				continue // runtime/user says so
			}
			mask, err := heldCapabilities(id)
			if err != nil {
				return checks.Broken(fmt.Errorf("read the capabilities of %s: %w", process(id), err))
			}
			key := fmt.Sprint(id.UIDs[1], mask)
			if mask == 0 || reported[key] {
				continue
			}
			reported[key] = true
			names := capabilityNames(mask)
			f := checks.At(checks.Location{}, "%s runs as uid %d and has %s: effective, permitted and ambient sets are %s %s %s",
				process(id), id.UIDs[1], strings.Join(names, ", "), line(id.Effective), line(id.Permitted), line(id.Ambient))
			switch {
			case slices.Equal(names, []string{"CAP_NET_BIND_SERVICE"}):
				f.Severity, f.Fix = checks.Low, "listen on a port from 1024 on and publish it as another, and take the capability away (setcap -r)"
			case mask&rootlike == 0:
				f.Severity = checks.Medium
			}
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// heldCapabilities returns what a process may use at once or at its wish: ambient
// ones are permitted as well, unless what was read is of two moments.
func heldCapabilities(id probe.Identity) (uint64, error) {
	var held uint64
	for _, set := range []string{id.Effective, id.Permitted, id.Ambient} {
		if set == "" {
			continue
		}
		mask, err := strconv.ParseUint(set, 16, 64)
		if err != nil {
			return 0, err
		}
		held |= mask
	}
	return held, nil
}

// capabilityNames returns the names in a mask, in the kernel's order.
func capabilityNames(mask uint64) []string {
	var names []string
	for bit := range 64 {
		switch {
		case mask&(1<<bit) == 0:
		case bit < len(linuxCapabilities):
			names = append(names, "CAP_"+linuxCapabilities[bit])
		default:
			names = append(names, fmt.Sprintf("capability %d", bit))
		}
	}
	return names
}

// linuxCapabilities are the names by number, of include/uapi/linux/capability.h.
var linuxCapabilities = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
}

// rootlike are the capabilities with which a process can read or change what is
// not its own, or get the others.
const rootlike uint64 = 1<<0 | 1<<1 | 1<<2 | 1<<3 | // CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER
	1<<6 | 1<<7 | 1<<8 | 1<<12 | // SETGID, SETUID, SETPCAP, NET_ADMIN
	1<<16 | 1<<17 | 1<<19 | 1<<21 | // SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN
	1<<27 | 1<<31 | 1<<32 | 1<<33 | 1<<39 // MKNOD, SETFCAP, MAC_OVERRIDE, MAC_ADMIN, BPF
