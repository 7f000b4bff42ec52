package probe

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// metrics asks the application for its metrics; nil where none were asked for, or
// the main process has ended.
func (a *application) metrics(sockets []Socket) *Metrics {
	if a.spec.MetricsPath == "" || a.endsWithin(0) {
		return nil
	}
	m := &Metrics{Path: a.spec.MetricsPath}
	if err := m.ask(sockets, a.spec.Ports); err != nil {
		m.Error = err.Error()
	}
	return m
}

func (m *Metrics) ask(sockets []Socket, ports []int) error {
	port, addresses, err := endpoint(sockets, ports)
	if err != nil {
		return err
	}
	m.Port = port
	conn, _, err := dial(addresses)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return fmt.Errorf("bound the wait for the answer: %w", cause(err))
	}
	if err := send(conn, m.Path, "text/plain;version=0.0.4, */*;q=0.1"); err != nil {
		return err
	}
	got, err := receive(conn)
	if err != nil {
		return err
	}
	m.Status, m.ContentType = got.status, got.contentType
	if got.status != 200 {
		return nil // what it says is of the error
	}
	text := got.body.text
	if got.body.cut {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	m.Samples, err = parseMetrics(text)
	return err
}

// parseMetrics returns the number of samples in a text of Prometheus' format
// 0.0.4, or of as much of OpenMetrics as differs from it: exemplars, timestamps in
// seconds, more types. The error names the first line that is of neither; the
// samples are those before it.
//
// https://prometheus.io/docs/instrumenting/exposition_formats/ and
// https://prometheus.io/docs/specs/om/open_metrics_spec/
func parseMetrics(text []byte) (int, error) {
	samples := 0
	described := map[string]bool{} // by keyword and name
	sampled := map[string]bool{}
	ended := false
	for number := 1; len(text) > 0; number++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		if err := func() error {
			switch {
			case !whole:
				return errors.New("has no line feed at its end")
			case ended:
				return errors.New("comes after # EOF")
			case !utf8.Valid(line):
				return errors.New("is not UTF-8")
			}
			p := metricsLine{string(line)}
			p.blanks()
			switch {
			case p.rest == "":
				return nil
			case p.skip("#"):
				ended = p.rest == " EOF"
				return p.comment(described, sampled)
			}
			name, err := p.sample()
			if err != nil {
				return err
			}
			sampled[name] = true
			samples++
			return nil
		}(); err != nil {
			return samples, fmt.Errorf("line %d %w", number, err)
		}
	}
	return samples, nil
}

// metricsLine is what is left to be read of a line.
type metricsLine struct{ rest string }

func (p *metricsLine) blanks() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *metricsLine) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

// word returns what comes before the next blank, and skips the blanks after it.
func (p *metricsLine) word() string {
	end := strings.IndexAny(p.rest, " \t")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	p.blanks()
	return word
}

// name returns the name of a metric, which may have colons, or of a label; empty
// if there is none.
func (p *metricsLine) name(colons bool) string {
	end := 0
	for end < len(p.rest) {
		c := p.rest[end]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == ':' && colons
		if !letter && (end == 0 || c < '0' || c > '9') {
			break
		}
		end++
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

// comment reads what follows # in a line: anything at all unless it begins with a
// keyword.
func (p *metricsLine) comment(described, sampled map[string]bool) error {
	p.blanks()
	keyword := p.word()
	if keyword != "HELP" && keyword != "TYPE" {
		return nil
	}
	name := p.name(true)
	if name == "" || p.rest != "" && p.rest[0] != ' ' && p.rest[0] != '\t' {
		return fmt.Errorf("has no name of a metric after %s", keyword)
	}
	if described[keyword+name] {
		return fmt.Errorf("is a second %s of %s", keyword, quoted(name))
	}
	described[keyword+name] = true
	p.blanks()
	if keyword == "HELP" {
		_, err := p.escaped("", `\n`)
		return err
	}
	if sampled[name] {
		return fmt.Errorf("is the TYPE of %s after a sample of it", quoted(name))
	}
	switch kind := strings.TrimRight(p.rest, " \t"); kind {
	case "counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram":
		return nil
	default:
		return fmt.Errorf("has the unknown type %s", quoted(kind))
	}
}

// escaped reads until a delimiter, or to the end where that is empty, and skips it.
// Behind a backslash there may be another one, and the letters given.
func (p *metricsLine) escaped(delimiter, letters string) (string, error) {
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case delimiter != "" && c == delimiter[0]:
			text := p.rest[:i]
			p.rest = p.rest[i+1:]
			return text, nil
		case c == '\\':
			if i++; i == len(p.rest) || !strings.Contains(letters, p.rest[i:i+1]) {
				return "", errors.New(`has a backslash that escapes nothing: write \\ for one`)
			}
		}
	}
	if delimiter != "" {
		return "", errors.New("has a label's value without its closing quote")
	}
	return p.rest, nil
}

// sample reads a sample, and returns the metric's name.
func (p *metricsLine) sample() (string, error) {
	name := p.name(true)
	if name == "" {
		return "", fmt.Errorf("begins with %s, which is no name of a metric", quoted(p.word()))
	}
	begin := p.rest
	p.blanks()
	if strings.HasPrefix(p.rest, "{") {
		if err := p.labels(); err != nil {
			return "", err
		}
	} else if begin == p.rest && begin != "" {
		return "", fmt.Errorf("has %s in the name of the metric %s", quoted(begin[:1]), quoted(name))
	}
	p.blanks()
	if err := p.number("value"); err != nil {
		return "", err
	}
	if p.rest != "" && p.rest[0] != '#' {
		if err := p.timestamp(); err != nil {
			return "", err
		}
	}
	if p.skip("#") {
		// An exemplar, which only OpenMetrics has.
		p.blanks()
		if err := p.labels(); err != nil {
			return "", err
		}
		p.blanks()
		if err := p.number("exemplar"); err != nil {
			return "", err
		}
		if p.rest != "" {
			if err := p.timestamp(); err != nil {
				return "", err
			}
		}
	}
	if p.rest != "" {
		return "", fmt.Errorf("goes on with %s after the sample", quoted(p.rest))
	}
	return name, nil
}

func (p *metricsLine) labels() error {
	if !p.skip("{") {
		return errors.New("has an exemplar without labels")
	}
	seen := map[string]bool{}
	for {
		p.blanks()
		if p.skip("}") {
			return nil
		}
		name := p.name(false)
		if name == "" {
			return errors.New("has a label without a name, or labels without their closing brace")
		}
		if seen[name] {
			return fmt.Errorf("has the label %s twice", quoted(name))
		}
		seen[name] = true
		p.blanks()
		if !p.skip("=") {
			return fmt.Errorf("has no = after the label %s", quoted(name))
		}
		p.blanks()
		if !p.skip(`"`) {
			return fmt.Errorf("has no quoted value of the label %s", quoted(name))
		}
		if _, err := p.escaped(`"`, `\n"`); err != nil {
			return err
		}
		p.blanks()
		if !p.skip(",") && !strings.HasPrefix(p.rest, "}") {
			return fmt.Errorf("has neither a comma nor a closing brace after the label %s", quoted(name))
		}
	}
}

// number reads what ParseFloat of Go does, but for its hexadecimal numbers.
func (p *metricsLine) number(what string) error {
	word := p.word()
	if word == "" {
		return fmt.Errorf("has no %s", what)
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil || strings.ContainsAny(word, "pP_xX") {
		return fmt.Errorf("has the %s %s, which is no number", what, quoted(word))
	}
	return nil
}

// timestamp reads milliseconds, or the seconds of OpenMetrics.
func (p *metricsLine) timestamp() error {
	word := p.word()
	if n, err := strconv.ParseFloat(word, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(word, "pP_xX") {
		return fmt.Errorf("has the timestamp %s, which is no time", quoted(word))
	}
	return nil
}
