package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

var (
	tcp     = flag.String("tcp", "", "addresses to listen on, separated by commas")
	udp     = flag.String("udp", "", "addresses to bind to, separated by commas")
	connect = flag.String("connect-udp", "", "address to connect to, as a client does")
	http    = flag.String("http", "", "address to answer HTTP requests on: /metrics, /slow")
	metrics = flag.String("metrics", "up 1\n", "the answer to /metrics")
	repeat  = flag.Int("metrics-repeated", 1, "how many times that is")
	framing = flag.String("framing", "chunked", "of answers: chunked, length, close")
	slow    = flag.String("slow", "finish", "what becomes of /slow on SIGTERM: finish, drain (go on accepting meanwhile), drop, reset, half, never; or early, at once")
)

// serve does what the flags of this file say, and returns what is to be done on
// SIGTERM.
func serve() (stop func()) {
	for _, address := range list(*tcp) {
		_, err := net.Listen("tcp"+version(address), address)
		must(err)
	}
	for _, address := range list(*udp) {
		_, err := net.ListenPacket("udp"+version(address), address)
		must(err)
	}
	if *connect != "" {
		_, err := net.Dial("udp", *connect)
		must(err)
	}
	if *http == "" {
		return func() {}
	}
	l, err := net.Listen("tcp", *http)
	must(err)
	s := &server{listener: l, stopping: make(chan struct{})}
	go func() {
		for {
			if conn, err := l.Accept(); err == nil {
				go s.answer(conn)
			}
		}
	}()
	return s.stop
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// version is that of the Internet protocol of an address, where Go would take both.
func version(address string) string {
	if strings.HasPrefix(address, "[") {
		return "6"
	}
	return "4"
}

type server struct {
	listener net.Listener
	stopping chan struct{}
	pending  sync.WaitGroup
}

// stop does what is to be done with pending requests, and waits for them.
func (s *server) stop() {
	if *slow != "drain" {
		s.listener.Close()
	}
	close(s.stopping)
	s.pending.Wait()
	if *slow == "never" {
		time.Sleep(time.Hour)
	}
}

func (s *server) answer(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	first, err := in.ReadString('\n')
	if err != nil {
		return
	}
	for line := first; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
	}
	path := strings.Fields(first)[1]
	switch path {
	case "/metrics":
		text := strings.Repeat(*metrics, *repeat)
		write(conn, "200 OK", "text/plain; version=0.0.4", text, len(text))
	case "/slow":
		const text = "it took long"
		if *slow == "early" {
			write(conn, "200 OK", "text/plain", text, len(text))
			return
		}
		s.pending.Add(1)
		defer s.pending.Done()
		<-s.stopping
		switch *slow {
		case "finish", "drain":
			time.Sleep(300 * time.Millisecond) // while others try to connect
			write(conn, "201 Created", "text/plain", text, len(text))
		case "half":
			write(conn, "200 OK", "text/plain", text, len(text)/2)
		case "reset":
			must(conn.(*net.TCPConn).SetLinger(0))
		}
	default:
		write(conn, "404 Not Found", "text/html", "<p>", 3)
	}
}

// write writes an answer, and only the first bytes of its body.
func write(conn net.Conn, status, contentType, text string, n int) {
	header := "HTTP/1.1 " + status + "\r\nContent-Type: " + contentType + "\r\nConnection: close\r\n"
	switch *framing {
	case "chunked":
		fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n", header)
		fmt.Fprintf(conn, "%x\r\n%s", len(text), text[:n])
		if n == len(text) {
			fmt.Fprint(conn, "\r\n0\r\n\r\n")
		}
	case "length":
		fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", header, len(text), text[:n])
	case "close":
		fmt.Fprintf(conn, "%s\r\n%s", header, text[:n])
	}
}

// bringUpLoopback makes 127.0.0.1 and ::1 of a new network namespace reachable.
func bringUpLoopback() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return os.NewSyscallError("bring up the loopback interface", errno)
	}
	return nil
}

// dropPtrace takes away the right to look into any process, as container runtimes
// do.
func dropPtrace() error {
	const capPtrace = 19
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, syscall.PR_CAPBSET_DROP, capPtrace, 0); errno != 0 {
		return os.NewSyscallError("drop CAP_SYS_PTRACE", errno)
	}
	return nil
}
