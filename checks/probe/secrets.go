package probe

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	// leastSecret is how many bytes a value must have to be looked for: a shorter
	// one is found by chance.
	leastSecret = 4
	// leastAligned is the same for what of its base64 does not depend on what
	// stands around it.
	leastAligned = 8
	// redacted is what takes the place of a value.
	redacted = "***"
)

// secrets are values that must not be written, in the forms that they are
// usually written in.
type secrets struct {
	// names are those of the variables, sorted.
	names []string
	forms []form
	// least and most are the lengths of the shortest and the longest form.
	least, most int
	// shift and ends are for search; both by the last four bytes of what may be a
	// form.
	shift []uint8
	ends  map[uint32][]form
}

// form is how the value of a variable may be written.
type form struct {
	text string
	// name is the variable's place in names.
	name int
}

// secretVariables returns the variables of the probe's own environment that the
// specification names, as NAME=value.
func secretVariables(names []string) ([]string, error) {
	var env []string
	for _, name := range names {
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("the secret variable %s is not in the probe's environment", name)
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}

// The search goes through the output by the last block of what may be the last
// bytes of a form: from one that ends none, it is some bytes to the next that may.
// It is the algorithm of Wu and Manber, on the end of the forms instead of their
// beginning, so that all of a form is there when it is found
// (https://webglimpse.net/pubs/TR94-17.pdf).
const (
	searchBlock = 4
	searchBits  = 14
)

func newSecrets(env []string) *secrets {
	s := &secrets{}
	values := map[string]string{}
	for _, e := range env {
		if name, value, _ := strings.Cut(e, "="); len(value) >= leastSecret {
			if _, ok := values[name]; !ok {
				s.names = append(s.names, name)
			}
			values[name] = value
		}
	}
	slices.Sort(s.names)
	for i, name := range s.names {
		for _, text := range formsOf(values[name]) {
			s.forms = append(s.forms, form{text, i})
		}
	}
	if len(s.forms) == 0 {
		return s
	}
	s.least = len(s.forms[0].text)
	for _, f := range s.forms {
		s.least, s.most = min(s.least, len(f.text)), max(s.most, len(f.text))
	}
	s.least = min(s.least, 200) // a shift is a byte
	furthest := s.least - searchBlock + 1
	s.shift, s.ends = bytes.Repeat([]byte{uint8(furthest)}, 1<<searchBits), map[uint32][]form{}
	for _, f := range s.forms {
		window := f.text[len(f.text)-s.least:]
		for end := searchBlock; end <= s.least; end++ {
			at := &s.shift[hash(block(window[:end]))]
			*at = min(*at, uint8(s.least-end))
		}
		last := block(window)
		s.ends[last] = append(s.ends[last], f)
	}
	return s
}

// block returns the last four bytes.
func block[text string | []byte](t text) uint32 {
	end := t[len(t)-searchBlock:]
	return uint32(end[0]) | uint32(end[1])<<8 | uint32(end[2])<<16 | uint32(end[3])<<24
}

func hash(block uint32) uint32 { return block * 2654435769 >> (32 - searchBits) }

// formsOf returns a value as it is, as in JSON, URLs and base64, each form once.
func formsOf(value string) []string {
	forms := []string{value}
	for _, escapeHTML := range []bool{false, true} {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(escapeHTML)
		if encoder.Encode(value) == nil { // of a string it does
			quoted := strings.TrimSuffix(text.String(), "\n")
			forms = append(forms, quoted[1:len(quoted)-1])
		}
	}
	// Go (query, path and user), JavaScript, and Python leave different characters
	// as they are.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	for _, keep := range []string{letters, letters + "$&+=:@", letters + "$&+,;=", letters + "!'()*", letters + "/"} {
		for _, escaped := range []string{percent(value, keep), lowerPercent(percent(value, keep))} {
			forms = append(forms, escaped, strings.ReplaceAll(escaped, "%20", "+"))
		}
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(value)))
		// What the letters at both ends are depends on what else is encoded with it, as
		// the user before a password.
		for before := range 3 {
			text := encoding.EncodeToString(append(make([]byte, before), value...))
			begin, end := (before*8+5)/6, (before+len(value))*8/6
			if aligned := text[begin:end]; len(aligned) >= leastAligned {
				forms = append(forms, aligned)
			}
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// percent writes the bytes that are not to be kept as they are in hexadecimal.
func percent(text, keep string) string {
	var out strings.Builder
	for i := range len(text) {
		if strings.IndexByte(keep, text[i]) >= 0 {
			out.WriteByte(text[i])
		} else {
			fmt.Fprintf(&out, "%%%02X", text[i])
		}
	}
	return out.String()
}

// lowerPercent writes the hexadecimal of percent in small letters.
func lowerPercent(text string) string {
	out := []byte(text)
	for i, c := range out {
		if c == '%' && i+2 < len(out) {
			copy(out[i+1:], bytes.ToLower(out[i+1:i+3]))
		}
	}
	return string(out)
}

// search looks for secrets in a stream.
type search struct {
	*secrets
	found []bool
	// left is how many are not found yet.
	left int
	// next is how many bytes there are, from the end of what was read, to the end of
	// the next block that may end a form.
	next int
}

func (s *secrets) search() search {
	return search{secrets: s, found: make([]bool, len(s.names)), left: len(s.names), next: s.least}
}

// read looks for secrets that end in what is new of the data, which begins with
// as much of what was read before as may be the beginning of one.
func (s *search) read(data []byte, fresh int) {
	if s.left == 0 {
		return
	}
	end := fresh + s.next
	for end <= len(data) {
		b := binary.LittleEndian.Uint32(data[end-searchBlock:])
		step := int(s.shift[hash(b)])
		if step == 0 {
			for _, f := range s.ends[b] {
				if !s.found[f.name] && len(f.text) <= end && string(data[end-len(f.text):end]) == f.text {
					s.found[f.name] = true
					s.left--
				}
			}
			step = 1
		}
		end += step
	}
	s.next = end - len(data)
}

// seen returns the names of those that were found, sorted.
func (s *search) seen() []string {
	var seen []string
	for i, found := range s.found {
		if found {
			seen = append(seen, s.names[i])
		}
	}
	return seen
}

// redact returns a part of a text, with no secret of the whole text in it.
func (s *secrets) redact(text []byte, from, to int) []byte {
	hidden := make([]bool, len(text))
	some := false
	for _, f := range s.forms {
		marked := 0
		for at := 0; ; at++ {
			i := bytes.Index(text[at:], []byte(f.text))
			if i < 0 {
				break
			}
			some, at = true, at+i
			for marked = max(marked, at); marked < at+len(f.text); marked++ {
				hidden[marked] = true
			}
		}
	}
	if !some {
		return text[from:to]
	}
	var out []byte
	for i := from; i < to; i++ {
		switch {
		case !hidden[i]:
			out = append(out, text[i])
		case i == from || !hidden[i-1]:
			out = append(out, redacted...)
		}
	}
	return out
}

// conceal takes the secrets out of whatever in an observation is words of the
// application's, of the image's or of the kernel's.
func (s *secrets) conceal(o *Observation) {
	if len(s.forms) == 0 {
		return
	}
	text := func(at *string) { *at = string(s.redact([]byte(*at), 0, len(*at))) }
	all := func(list []string) {
		for i := range list {
			text(&list[i])
		}
	}
	health := func(h *Health) {
		if h == nil {
			return
		}
		for i := range h.Last {
			text(&h.Last[i].Error)
			text(&h.Last[i].Output)
		}
	}
	text(&o.StartError)
	all(o.Args)
	for i := range o.Identities {
		text(&o.Identities[i].Name)
	}
	for i := range o.Sockets {
		text(&o.Sockets[i].Process)
	}
	health(o.Health)
	if o.Frozen != nil {
		text(&o.Frozen.Run.Error)
		text(&o.Frozen.Run.Output)
		health(o.Frozen.Again)
	}
	if o.Metrics != nil {
		text(&o.Metrics.Path)
		text(&o.Metrics.ContentType)
		text(&o.Metrics.Error)
	}
	all(o.Resources.Zombies)
	if o.Stop != nil {
		text(&o.Stop.Name)
		text(&o.Stop.Program)
		all(o.Stop.Left)
		if o.Stop.Request != nil {
			text(&o.Stop.Request.Path)
			text(&o.Stop.Request.Error)
		}
	}
	text(&o.Output.Head)
	text(&o.Output.Tail)
}
