package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestParseAddress(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the texts are those of a little-endian machine")
	}
	for text, want := range map[string]string{
		"00000000:0000":                         "0.0.0.0:0",
		"0100007F:1F90":                         "127.0.0.1:8080",
		"0400A8C0:FFFF":                         "192.168.0.4:65535",
		"00000000000000000000000000000000:0050": "[::]:80",
		"00000000000000000000000001000000:0035": "[::1]:53",
		"B80D0120000000000000000001000000:01BB": "[2001:db8::1]:443",
		"0000000000000000FFFF00000100007F:1F90": "[::ffff:127.0.0.1]:8080",
	} {
		if got, ok := parseAddress(text); !ok || got.String() != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", ":", "0100007F", "0100007F:", ":1F90", "0100007:1F90", "0100007F00:1F90", "0100007F:1F90F", "0100007G:1F90", "0100007F:-1", "0100007F0100007F:1F90"} {
		if got, ok := parseAddress(text); ok {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// hex writes an address as the kernel of this machine does.
func hex(address string) string {
	at := netip.MustParseAddrPort(address)
	text := ""
	for bytes := at.Addr().AsSlice(); len(bytes) > 0; bytes = bytes[4:] {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(bytes))
	}
	return fmt.Sprintf("%s:%04X", text, at.Port())
}

func TestParseInternet(t *testing.T) {
	line := func(local, remote, state string, inode int) string {
		return fmt.Sprintf("  37: %s %s %s 00000000:00000000 00:00000000 00000000  1001        0 %d 2 0000000000000000 100 0 0 10 0\n", hex(local), hex(remote), state, inode)
	}
	const title = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	for name, c := range map[string]struct {
		network, text string
		want          []openSocket
	}{
		"tcp": {"tcp", title +
			line("127.0.0.1:8080", "0.0.0.0:0", "0A", 4711) + // listens
			line("127.0.0.1:8080", "127.0.0.1:40000", "01", 4712) + // accepted
			"   2: cut short 0A\n",
			[]openSocket{{Socket{Network: "tcp", Address: "127.0.0.1", Port: 8080}, "4711", 1001}}},
		"tcp6": {"tcp6", title +
			line("[::]:443", "[::]:0", "0A", 1) +
			line("[::ffff:10.0.0.1]:80", "[::]:0", "0A", 2) +
			line("[::1]:5432", "[::]:0", "0A", 3),
			[]openSocket{
				{Socket{Network: "tcp6", Address: "::", Port: 443}, "1", 1001},
				{Socket{Network: "tcp", Address: "10.0.0.1", Port: 80}, "2", 1001},
				{Socket{Network: "tcp6", Address: "::1", Port: 5432}, "3", 1001},
			}},
		"udp": {"udp", title +
			line("0.0.0.0:53", "0.0.0.0:0", "07", 5) + // bound
			line("10.0.0.1:40001", "10.0.0.53:53", "01", 6), // connected
			[]openSocket{{Socket{Network: "udp", Address: "0.0.0.0", Port: 53}, "5", 1001}}},
		"nothing": {"udp6", "", nil},
	} {
		if got := parseInternet(c.network, c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestParseUnix(t *testing.T) {
	const text = `Num       RefCount Protocol Flags    Type St Inode Path
0000: 00000002 00000000 00010000 0001 01  101 /run/app socket
0000: 00000003 00000000 00000000 0001 03  102
0000: 00000002 00000000 00010000 0005 01  103
0000: cut short
`
	want := []openSocket{{Socket{Network: "unix"}, "101", -1}, {Socket{Network: "unix"}, "103", -1}}
	if got := parseUnix(text); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSorted(t *testing.T) {
	got := sorted([]Socket{
		{"udp", "0.0.0.0", 53, "dns"}, {"tcp6", "::", 80, "web"}, {"tcp", "127.0.0.1", 80, "web"}, {"tcp", "0.0.0.0", 80, "first"},
		{"tcp", "0.0.0.0", 80, "second"}, {"tcp", "0.0.0.0", 53, "dns"},
	})
	want := []Socket{
		{"tcp", "0.0.0.0", 53, "dns"}, {"udp", "0.0.0.0", 53, "dns"}, {"tcp", "0.0.0.0", 80, "first"}, {"tcp", "127.0.0.1", 80, "web"}, {"tcp6", "::", 80, "web"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The parsers know what the kernel of this machine writes, of sockets of this
// process.
func TestOpenSockets(t *testing.T) {
	var want []Socket
	listen := func(network, version, address string) {
		var at net.Addr
		if network == "udp" {
			c, err := net.ListenPacket(network+version, address)
			if err != nil {
				t.Skipf("no %s%s here: %v", network, version, err)
			}
			t.Cleanup(func() { c.Close() })
			at = c.LocalAddr()
		} else {
			l, err := net.Listen(network+version, address)
			if err != nil {
				t.Skipf("no %s%s here: %v", network, version, err)
			}
			t.Cleanup(func() { l.Close() })
			at = l.Addr()
		}
		to := netip.MustParseAddrPort(at.String())
		want = append(want, Socket{network + strings.Trim(version, "4"), to.Addr().String(), int(to.Port()), "self"})
	}
	listen("tcp", "4", "127.0.0.1:0")
	listen("udp", "4", "0.0.0.0:0")
	listen("tcp", "6", "[::1]:0")
	listen("udp", "6", "[::]:0")
	var a application
	var got []Socket
	for _, s := range a.held([]process{{pid: os.Getpid(), name: "self"}}) {
		got = append(got, s.Socket)
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			t.Errorf("%+v is not in %+v", s, got)
		}
	}
	for _, s := range a.held([]process{{pid: 1 << 30, name: "none"}}) {
		t.Errorf("a process that is not there holds %+v", s)
	}
}

// network is a network namespace in which somebody else listens, as the engine
// does: the function runs on a thread that is in it.
func network(t *testing.T, address string, run func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("to make a network, run the tests as root")
	}
	done := make(chan error, 1)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		if syscall.Gettid() == os.Getpid() {
			// The first thread cannot end, and /proc/net is of its network: another one.
			network(t, address, run)
			return
		}
		done <- func() error {
			if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
				return err
			}
			// The interface is up for whoever binds to it.
			if out, err := exec.Command(app, "loopback").CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			l, err := net.Listen("tcp", address)
			if err != nil {
				return err
			}
			defer l.Close()
			run()
			return nil
		}()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Of all sockets of the container's network, only those of the application are its
// own; and all of them, also those of a process that the kernel hides from the
// probe as it changed its user.
func TestSockets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		uid   int
		first string
	}{
		"as a user":           {65532, ""},
		"as root":             {0, ""},
		"as one that changes": {0, "drop"},
	} {
		var o Observation
		network(t, "127.0.0.1:7777", func() {
			spec := Spec{
				Args:        []string{"/app/app", "-first=" + c.first, "-on-stop=0", "-tcp=0.0.0.0:8080,127.0.0.1:9090,[::1]:9090,[::]:8081", "-udp=127.0.0.1:5300,[::1]:5301", "-connect-udp=127.0.0.1:5300"},
				GracePeriod: patient, Settle: patient,
			}
			o = decode(t, container(t, 0, c.uid, map[string]string{}, spec), "", spec)
		})
		want := []Socket{
			{"udp", "127.0.0.1", 5300, "app"}, {"udp6", "::1", 5301, "app"}, {"tcp", "0.0.0.0", 8080, "app"}, {"tcp6", "::", 8081, "app"}, {"tcp", "127.0.0.1", 9090, "app"}, {"tcp6", "::1", 9090, "app"},
		}
		if got := verdict(o); got != "exit 0" || !slices.Equal(o.Sockets, want) {
			t.Errorf("%s: got %q and %+v, want %+v", name, got, o.Sockets, want)
		}
		if o.ListenAt <= 0 {
			t.Errorf("%s: it was not seen to listen: %+v", name, o)
		}
	}
}

// One that listens for others on the machine accepts connections, but is not
// reached over a network; one that does not listen is never seen to.
func TestListenAt(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{Args: []string{app, "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient})
	if got := verdict(o); got != "exit 0" || o.ListenAt <= 0 || len(o.Sockets) > 0 {
		t.Errorf("got %q: %+v", got, o)
	}
	o = observe(t, Spec{Args: []string{"sleep", "3600"}, GracePeriod: patient, Settle: 1})
	if o.ListenAt != 0 || len(o.Sockets) > 0 {
		t.Errorf("got %+v", o)
	}
}

func TestHiddenNames(t *testing.T) {
	a := application{identities: []Identity{{UIDs: [4]int{0, 7, 0, 0}}}}
	if got := a.hiddenNames(nil); len(got) > 0 {
		t.Errorf("got %v without a hidden process", got)
	}
	uid := os.Getuid()
	want := map[int]string{-1: "first", 0: "first", 7: "first", uid: "self"}
	if got := a.hiddenNames([]process{{pid: 1 << 30, name: "first"}, {pid: os.Getpid(), name: "self"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDescriptors(t *testing.T) {
	links, shown := descriptors(os.Getpid())
	if !shown || len(links) == 0 {
		t.Errorf("got %q and %v of the own process", links, shown)
	}
	if links, shown := descriptors(1 << 30); !shown || len(links) > 0 {
		t.Errorf("got %q and %v of no process", links, shown)
	}
	if errors.Is(syscall.Kill(1, 0), syscall.EPERM) {
		if _, shown := descriptors(1); shown {
			t.Error("another user's process shows its descriptors")
		}
	}
}
