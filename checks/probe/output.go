package probe

import (
	"os"
	"strings"
	"sync"
	"time"
)

// capture keeps the beginning and the end of what is written to a pipe, and
// drops what is between, so that a program may write as much as it likes.
type capture struct {
	mu         sync.Mutex
	max        int
	head, tail []byte
	bytes      int64
	// ended is closed when all writers have closed the pipe.
	ended chan struct{}
}

// newCapture returns a capture of at most max bytes of beginning and end each,
// and the pipe's end to write to.
func newCapture(max int) (*capture, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	c := &capture{max: max, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		defer r.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := r.Read(buffer)
			c.add(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	return c, w, nil
}

func (c *capture) add(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += int64(len(b))
	if room := c.max - len(c.head); room > 0 {
		n := min(room, len(b))
		c.head = append(c.head, b[:n]...)
		b = b[n:]
	}
	c.tail = append(c.tail, b...)
	if over := len(c.tail) - c.max; over > 0 {
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
}

// drain waits until all writers have closed the pipe, but not longer than d.
func (c *capture) drain(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
	}
}

// output returns what was written so far, as valid UTF-8.
func (c *capture) output() Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Output{Bytes: c.bytes, Head: strings.ToValidUTF8(string(c.head), "?"), Tail: strings.ToValidUTF8(string(c.tail), "?")}
}
