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
	// most is the length of the longest form.
	most int
	// short are the forms that are looked for one by one, and long, by the blocks
	// that they have, the others; blocks are the hashes of these.
	short  []form
	long   map[uint32][]place
	blocks []uint64
	// step is from one block to the next that is looked at.
	step int
}

// form is how the value of a variable may be written.
type form struct {
	text string
	// name is the variable's place in names.
	name int
}

// place is where a form has a block.
type place struct {
	form
	offset int
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

// A form that is long has a block of some bytes at one of any places that lie no
// more than a step apart, which depends on the shortest of the long forms. So it is
// enough to look at one block in a step, and to compare what is around it with the
// forms that have this block. Most blocks are of none.
const (
	blockSize = 4
	// blockBits is for a table of blocks that stays in the nearest cache.
	blockBits = 17
	// leastLong is how long a form is that is looked for so, and window how much of
	// its beginning there is a place for.
	leastLong = 8
	window    = 32
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
	least := window
	for _, f := range s.forms {
		s.most = max(s.most, len(f.text))
		if len(f.text) < leastLong {
			s.short = append(s.short, f)
		} else {
			least = min(least, len(f.text))
		}
	}
	s.step = least - blockSize + 1
	s.long, s.blocks = map[uint32][]place{}, make([]uint64, 1<<blockBits/64)
	for _, f := range s.forms {
		for offset := 0; offset < s.step && len(f.text) >= leastLong; offset++ {
			b := binary.LittleEndian.Uint32([]byte(f.text[offset : offset+blockSize]))
			s.long[b] = append(s.long[b], place{f, offset})
			h := hash(b)
			s.blocks[h/64] |= 1 << (h % 64)
		}
	}
	return s
}

func hash(block uint32) uint32 { return block * 2654435769 >> (32 - blockBits) }

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
	const digits = "0123456789ABCDEF"
	var out []byte
	for _, c := range []byte(text) {
		if strings.IndexByte(keep, c) >= 0 {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
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
}

func (s *secrets) search() search {
	return search{secrets: s, found: make([]bool, len(s.names)), left: len(s.names)}
}

// read looks for secrets that end in what is new of the data, which begins with
// as much of what was read before as may be the beginning of one.
func (s *search) read(data []byte, fresh int) {
	if s.left == 0 {
		return
	}
	data = data[max(0, fresh-s.most+1):]
	for _, f := range s.short {
		if !s.found[f.name] && bytes.Contains(data, []byte(f.text)) {
			s.find(f)
		}
	}
	for at := 0; at+blockSize <= len(data); at += s.step {
		b := binary.LittleEndian.Uint32(data[at:])
		if h := hash(b); s.blocks[h/64]>>(h%64)&1 == 0 {
			continue
		}
		for _, p := range s.long[b] {
			if begin := at - p.offset; begin >= 0 && bytes.HasPrefix(data[begin:], []byte(p.text)) {
				s.find(p.form)
			}
		}
	}
}

func (s *search) find(f form) {
	if !s.found[f.name] {
		s.found[f.name] = true
		s.left--
	}
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
		all(o.Stop.Command)
		all(o.Stop.Left)
		if o.Stop.Request != nil {
			text(&o.Stop.Request.Path)
			text(&o.Stop.Request.Error)
		}
	}
	text(&o.Output.Head)
	text(&o.Output.Tail)
}
