package probe

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// readAtOnce is how many bytes are read from a pipe at most: as many as it holds.
const readAtOnce = 64 << 10

// capture keeps the beginning and the end of what is written to a pipe, and
// drops what is between, so that a program may write as much as it likes. It
// counts the lines, and looks for secrets, in all of it.
type capture struct {
	mu      sync.Mutex
	max     int
	secrets *secrets
	// head and tail are longer than max by a secret, so that one of which a part is
	// kept is known.
	head, tail []byte
	bytes      int64
	lines      lines
	search     search
	// ended is closed when all writers have closed the pipe.
	ended chan struct{}
}

// newCapture returns a capture of at most max bytes of beginning and end each,
// and the pipe's end to write to.
func newCapture(max int, s *secrets) (*capture, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	c := &capture{max: max, secrets: s, search: s.search(), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		defer r.Close()
		c.read(r)
	}()
	return c, w, nil
}

// read adds what there is to read.
func (c *capture) read(r io.Reader) {
	// What was read stays in front of what is read next, for as long as it may be the
	// beginning of a secret.
	buffer := make([]byte, c.secrets.most+2*readAtOnce)
	end := 0
	for {
		if len(buffer)-end < readAtOnce {
			end = copy(buffer, buffer[end-c.secrets.most:end])
		}
		n, err := r.Read(buffer[end : end+readAtOnce])
		c.add(buffer[:end+n], end)
		end += n
		if err != nil {
			return
		}
	}
}

// add adds what is new of the data.
func (c *capture) add(data []byte, fresh int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := data[fresh:]
	c.bytes += int64(len(text))
	c.lines.read(text)
	c.search.read(data, fresh)
	keep := c.max + c.secrets.most
	c.head = append(c.head, text[:min(keep-len(c.head), len(text))]...)
	text = text[max(0, len(text)-keep):]
	if len(c.tail)+len(text) > 2*keep {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-(keep-len(text)):]...)
	}
	c.tail = append(c.tail, text...)
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

// output returns what was written so far, as valid UTF-8 and without secrets.
func (c *capture) output() Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	valid := func(text []byte) string { return strings.ToValidUTF8(string(text), "?") }
	out := Output{Bytes: c.bytes, Secrets: c.search.seen()}
	out.Lines, out.Structured = c.lines.total()
	out.Head = valid(c.secrets.redact(c.head, 0, min(c.max, len(c.head))))
	if after := c.bytes - int64(c.max); after > 0 {
		from := len(c.tail) - int(min(after, int64(c.max)))
		out.Tail = valid(c.secrets.redact(c.tail, from, len(c.tail)))
	}
	return out
}
