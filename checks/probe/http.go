package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The HTTP/1.1 that a request without a body and one answer take. Package net/http
// is a hundred times as much, and it hides when a connection was closed.

const (
	// dialWait bounds the time that connecting may take.
	dialWait = 2 * time.Second
	// answerWait is how long the whole answer to a request for metrics may take.
	answerWait = 10 * time.Second
	// maxHeader is how many bytes of an answer there may be before its body.
	maxHeader = 64 << 10
	// keptBody is how many bytes of an answer's body are kept.
	keptBody = 1 << 20
)

// answer is one to an HTTP request.
type answer struct {
	status      int
	contentType string
	body        body
}

// body keeps the beginning of what is written to it.
type body struct {
	text []byte
	// cut is whether there was more.
	cut bool
}

func (b *body) Write(p []byte) (int, error) {
	n := min(len(p), keptBody-len(b.text))
	b.text = append(b.text, p[:n]...)
	b.cut = b.cut || n < len(p)
	return len(p), nil
}

// endpoint returns the TCP port that requests go to, and the addresses that it may
// be reached at: of the ports that may be, the first that the application listens
// on; its lowest if none are named.
func endpoint(sockets []Socket, ports []int) (int, []netip.AddrPort, error) {
	at := map[int][]netip.AddrPort{}
	var listening []int
	for _, s := range sockets {
		ip, err := netip.ParseAddr(s.Address)
		if err != nil || !strings.HasPrefix(s.Network, "tcp") {
			continue
		}
		addresses := []netip.Addr{ip}
		if ip.IsUnspecified() {
			// IPv4 comes in over :: as well, and IPv6 may be off where it does.
			addresses = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
			if ip.Is6() {
				addresses = append(addresses, netip.IPv6Loopback())
			}
		}
		if len(at[s.Port]) == 0 {
			listening = append(listening, s.Port)
		}
		for _, ip := range addresses {
			if to := netip.AddrPortFrom(ip, uint16(s.Port)); !slices.Contains(at[s.Port], to) {
				at[s.Port] = append(at[s.Port], to)
			}
		}
	}
	if len(listening) == 0 {
		return 0, nil, errors.New("the application listens on no TCP port")
	}
	if len(ports) == 0 {
		ports = []int{slices.Min(listening)}
	}
	for _, port := range ports {
		if to := at[port]; len(to) > 0 {
			return port, to, nil
		}
	}
	return 0, nil, fmt.Errorf("the application listens on none of the TCP ports %s, but on %s", numbers(ports), numbers(listening))
}

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// dial connects to the first of the addresses that lets it. The error is the
// first's.
func dial(addresses []netip.AddrPort) (net.Conn, netip.AddrPort, error) {
	var first error
	for _, to := range addresses {
		conn, err := net.DialTimeout("tcp", to.String(), dialWait)
		if err == nil {
			return conn, to, nil
		}
		if first == nil {
			first = fmt.Errorf("connect to %s: %w", to, cause(err))
		}
	}
	return nil, netip.AddrPort{}, first
}

// cause returns the kernel's error where there is one: what is around it repeats
// addresses that differ from run to run.
func cause(err error) error {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("timed out")
	}
	return err
}

// send writes a request for a path.
func send(conn net.Conn, path, accept string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("%q is not the path of a URL: it has to begin with / and to have blanks as %%20", path)
	}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: imagegate\r\nAccept: %s\r\nConnection: close\r\n\r\n", path, accept)
	if err != nil {
		return fmt.Errorf("send the request: %w", cause(err))
	}
	return nil
}

var errClosed = errors.New("connection closed")

// receive reads the answer to a request, with its whole body.
func receive(r io.Reader) (answer, error) {
	in := bufio.NewReaderSize(r, maxHeader)
	if _, err := in.Peek(1); err != nil {
		return answer{}, fmt.Errorf("%w before the answer", lost(err))
	}
	for {
		a, length, err := receiveHeader(in)
		if err != nil {
			return answer{}, err
		}
		if a.status < 200 {
			continue // the answer is yet to come
		}
		if err := receiveBody(in, &a.body, length); err != nil {
			return answer{}, fmt.Errorf("%w of status %d", err, a.status)
		}
		return a, nil
	}
}

// lost says what became of a connection that gave no more.
func lost(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errClosed
	}
	return cause(err)
}

// What a body's length is where it is not a number.
const (
	untilClosed = -1
	inChunks    = -2
)

// receiveHeader reads the status line and the header, and returns the length of
// the body.
func receiveHeader(in *bufio.Reader) (answer, int64, error) {
	left := maxHeader
	line := func() (string, error) {
		text, err := in.ReadSlice('\n')
		if left -= len(text); err == bufio.ErrBufferFull || left < 0 {
			return "", fmt.Errorf("the answer's header is longer than %d bytes", maxHeader)
		}
		if err != nil {
			return "", fmt.Errorf("%w in the answer's header", lost(err))
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	first, err := line()
	if err != nil {
		return answer{}, 0, err
	}
	version, rest, _ := strings.Cut(first, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(code, 10, 16)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil || len(code) != 3 || status < 100 {
		return answer{}, 0, errors.New("the answer is not HTTP/1")
	}
	a, length := answer{status: int(status)}, int64(untilClosed)
	for {
		field, err := line()
		if err != nil {
			return answer{}, 0, err
		}
		if field == "" {
			break
		}
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-type":
			a.contentType = value
		case "transfer-encoding":
			if !strings.EqualFold(value, "chunked") {
				return answer{}, 0, fmt.Errorf("the answer's body is encoded as %s, which was not asked for", quoted(value))
			}
			length = inChunks
		case "content-length":
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil {
				return answer{}, 0, fmt.Errorf("the answer's Content-Length is %s", quoted(value))
			}
			if length != inChunks {
				length = int64(n)
			}
		}
	}
	if a.status == 204 || a.status == 304 {
		length = 0
	}
	return a, length, nil
}

func receiveBody(in *bufio.Reader, to *body, length int64) error {
	var err error
	switch length {
	case inChunks:
		err = receiveChunks(in, to)
	case untilClosed:
		_, err = io.Copy(to, in)
	default:
		_, err = io.CopyN(to, in, length)
	}
	if err != nil {
		return fmt.Errorf("%w before the end of the answer", lost(err))
	}
	return nil
}

func receiveChunks(in *bufio.Reader, to *body) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 63)
		if err != nil {
			return fmt.Errorf("chunk of a wrong size")
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(to, in, int64(n)); err != nil {
			return err
		}
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return fmt.Errorf("chunk longer than its size")
		}
	}
	for trailer := 0; trailer < maxHeader; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		trailer += len(line)
	}
	return fmt.Errorf("trailer without end")
}

// quoted quotes a word of the application's, unless it is too long to be read.
func quoted(word string) string {
	const most = 100
	if len(word) > most {
		return fmt.Sprintf("a word of %d bytes", len(word))
	}
	return strconv.Quote(word)
}
