package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

const (
	// earlyWait is how long the answer must take to be under way when the
	// application is asked to stop.
	earlyWait = 500 * time.Millisecond
	// answerDelay is how long an answer that was sent before the end of the main
	// process may take to be read after it.
	answerDelay = 500 * time.Millisecond
	// connectEvery is the pause between attempts to connect.
	connectEvery = 20 * time.Millisecond
)

// inFlight is a request that the application has got, and not answered yet. All
// of its methods do nothing where there is none.
type inFlight struct {
	request Request
	conn    net.Conn
	at      netip.AddrPort
	sent    time.Time
	// answered is closed when the answer is there or can no more be; request says
	// how then.
	answered chan struct{}
	// over ends the attempts to connect, and connecting is closed when they have
	// ended; both are nil where there were none.
	over, connecting chan struct{}
	connections      Connections
}

// request sends a request for the specification's slow path, and waits for as
// long as its answer should take at least. It returns nil where no path is
// named, or the main process has ended.
func (a *application) request(sockets []Socket) *inFlight {
	if a.spec.SlowPath == "" || a.endsWithin(0) {
		return nil
	}
	f := &inFlight{request: Request{Path: a.spec.SlowPath}, answered: make(chan struct{}), sent: time.Now()}
	if err := f.send(sockets, a.spec.Ports); err != nil {
		f.request.Early, f.request.Error = true, err.Error()
		close(f.answered)
		return f
	}
	go f.receive()
	early := time.NewTimer(earlyWait)
	defer early.Stop()
	select {
	case <-f.answered:
	case <-a.ended:
	case <-early.C:
	}
	return f
}

func (f *inFlight) send(sockets []Socket, ports []int) error {
	port, addresses, err := endpoint(sockets, ports)
	if err != nil {
		return err
	}
	f.request.Port = port
	f.conn, f.at, err = dial(addresses)
	if err != nil {
		return err
	}
	if err := f.conn.SetWriteDeadline(time.Now().Add(dialWait)); err != nil {
		return fmt.Errorf("send the request: %w", cause(err))
	}
	return send(f.conn, f.request.Path, "*/*")
}

func (f *inFlight) receive() {
	got, err := receive(f.conn)
	f.request.Took, f.request.Status = time.Since(f.sent), got.status
	if err != nil {
		f.request.Error = err.Error()
	}
	close(f.answered)
}

// signalled is called once the stop signal was sent, at the given time since the
// start: from then on new connections are made, unless there was an answer by then.
func (f *inFlight) signalled(a *application, at time.Duration) {
	if f == nil {
		return
	}
	sent := a.began.Add(at)
	select {
	case <-f.answered:
		if f.request.Early || f.sent.Add(f.request.Took).Before(sent) {
			f.request.Early = true
			return
		}
	default:
	}
	f.over, f.connecting = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(f.connecting)
		f.connections = connect(f.at, sent, a.ended, f.over)
	}()
}

// connect connects again and again until the main process has ended, or the wait
// for that is over, and closes each connection at once, so that nothing waits for
// it.
func connect(to netip.AddrPort, since time.Time, ended, over <-chan struct{}) Connections {
	var c Connections
	again := time.NewTicker(connectEvery)
	defer again.Stop()
	for {
		conn, err := net.DialTimeout("tcp", to.String(), dialWait)
		if err == nil {
			c.Accepted++
			c.LastAccepted = time.Since(since)
			conn.Close()
		}
		select {
		case <-ended:
		case <-over:
		case <-again.C:
		}
		// The kernel closes the sockets of what ends before it says that it has: an
		// attempt that is refused then was not refused by the application.
		select {
		case <-ended:
			return c
		default:
		}
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
			c.Refused++
		}
		select {
		case <-over:
			return c
		default:
		}
	}
}

// end is called when the main process has ended, or has had the time to. It
// returns what became of the request, and of connections.
func (f *inFlight) end(a *application) (*Request, *Connections) {
	if f == nil {
		return nil, nil
	}
	if f.conn != nil {
		late := time.NewTimer(answerDelay)
		defer late.Stop()
		select {
		case <-f.answered:
			f.conn.Close()
		case <-late.C:
			f.conn.Close()
			<-f.answered
			f.request.Status, f.request.Error = 0, "no answer before the main process had ended"
			if !a.endsWithin(0) {
				f.request.Error = fmt.Sprintf("no answer within the grace period of %s", a.spec.GracePeriod)
			}
		}
	}
	if f.connecting == nil {
		return &f.request, nil
	}
	close(f.over)
	<-f.connecting
	return &f.request, &f.connections
}
