package probe

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

func TestReceive(t *testing.T) {
	long := strings.Repeat("x", keptBody)
	for name, c := range map[string]struct {
		text string
		want answer
	}{
		"length":           {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello, more", answer{200, "text/plain", body{[]byte("hello"), false}}},
		"until closed":     {"HTTP/1.0 404 Not Found\r\n\r\nnone", answer{404, "", body{[]byte("none"), false}}},
		"no reason":        {"HTTP/1.1 200\ncontent-length: 0\n\n", answer{200, "", body{}}},
		"chunks":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n", answer{200, "", body{[]byte("abc0123456789"), false}}},
		"chunks and both":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n", answer{200, "", body{[]byte("a"), false}}},
		"no content":       {"HTTP/1.1 204 No Content\r\n\r\nnot the body", answer{204, "", body{}}},
		"early hints":      {"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", answer{503, "", body{}}},
		"as long as kept":  {"HTTP/1.1 200 OK\r\n\r\n" + long, answer{200, "", body{[]byte(long), false}}},
		"longer than kept": {"HTTP/1.1 200 OK\r\n\r\n" + long + "y", answer{200, "", body{[]byte(long), true}}},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := receive(r)
			if err != nil || got.status != c.want.status || got.contentType != c.want.contentType || string(got.body.text) != string(c.want.body.text) || got.body.cut != c.want.body.cut {
				t.Errorf("%s: got %d, %q, %d bytes and %v", name, got.status, got.contentType, len(got.body.text), err)
			}
		}
	}
}

func TestReceiveErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "connection closed before the answer",
		"HTTP/1.1":                             "connection closed in the answer's header",
		"HTTP/1.1 200 OK\r\nContent-Length: 9": "connection closed in the answer's header",
		"SSH-2.0-OpenSSH_9.9\r\n":              "the answer is not HTTP/1",
		"HTTP/2 200\r\n\r\n":                   "the answer is not HTTP/1",
		"HTTP/1.1 20 OK\r\n\r\n":               "the answer is not HTTP/1",
		"HTTP/1.1 2000 OK\r\n\r\n":             "the answer is not HTTP/1",
		"HTTP/1.1 099 OK\r\n\r\n":              "the answer is not HTTP/1",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader):              "the answer's header is longer than 65536 bytes",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHeader):          "the answer's header is longer than 65536 bytes",
		"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n":                      `the answer's Content-Length is "five"`,
		"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n":                        `the answer's Content-Length is "-5"`,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n":          `the answer's body is encoded as "gzip, chunked", which was not asked for`,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell":                     "connection closed before the end of the answer of status 200",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell":       "connection closed before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello":      "connection closed before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n":  "connection closed before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n":           "connection closed before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n":           "chunk of a wrong size before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n":          "chunk of a wrong size before the end of the answer of status 201",
		"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r": "chunk longer than its size before the end of the answer of status 201",
	} {
		got, err := receive(strings.NewReader(text))
		if err == nil || err.Error() != want || got.status != 0 {
			t.Errorf("%.80q: got %+v and %v, want %s", text, got.status, err, want)
		}
	}
	for _, c := range []struct {
		before string
		err    error
		want   string
	}{
		{"", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "connection reset by peer before the answer"},
		{"HTTP/1.1 200 OK\r\n\r\nhalf", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "connection reset by peer before the end of the answer of status 200"},
		{"", errors.New("broken"), "broken before the answer"},
	} {
		_, err := receive(io.MultiReader(strings.NewReader(c.before), iotest.ErrReader(c.err)))
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	sockets := []Socket{
		{"udp", "0.0.0.0", 53, ""}, {"tcp", "0.0.0.0", 8080, ""}, {"tcp6", "::", 8081, ""}, {"tcp", "127.0.0.1", 9090, ""}, {"tcp6", "::1", 9090, ""}, {"tcp6", "2001:db8::1", 9091, ""},
	}
	for name, c := range map[string]struct {
		sockets []Socket
		ports   []int
		want    string
	}{
		"lowest":             {sockets, nil, "8080 [127.0.0.1:8080]"},
		"first that listens": {sockets, []int{3000, 9090, 8080}, "9090 [127.0.0.1:9090 [::1]:9090]"},
		"any of both":        {sockets, []int{8081}, "8081 [127.0.0.1:8081 [::1]:8081]"},
		"only there":         {sockets, []int{9091}, "9091 [[2001:db8::1]:9091]"},
		"none listens":       {sockets, []int{53, 3000}, "the application listens on none of the TCP ports 53, 3000, but on 8080, 8081, 9090, 9091"},
		"nothing listens":    {sockets[:1], nil, "the application listens on no TCP port"},
	} {
		port, to, err := endpoint(c.sockets, c.ports)
		got := fmt.Sprint(port, " ", to)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	good := netip.MustParseAddrPort(l.Addr().String())
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bad := netip.MustParseAddrPort(other.Addr().String())
	other.Close()
	conn, to, err := dial([]netip.AddrPort{bad, good})
	if err != nil || to != good {
		t.Fatalf("got %v and %v, want %v", to, err, good)
	}
	conn.Close()
	l.Close()
	if _, _, err := dial([]netip.AddrPort{bad, good}); err == nil || err.Error() != fmt.Sprintf("connect to %s: connection refused", bad) {
		t.Errorf("got %v", err)
	}
}

func TestSendPaths(t *testing.T) {
	for _, path := range []string{"", "metrics", "/a b", "/a\r\nX: y", "/\x7f"} {
		if err := send(nil, path, "*/*"); err == nil || !strings.Contains(err.Error(), "is not the path of a URL") {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := receive(strings.NewReader(string(text)))
		if (err == nil) != (got.status >= 200) || len(got.body.text) > len(text) {
			t.Errorf("got %d, %d bytes and %v", got.status, len(got.body.text), err)
		}
	})
}
