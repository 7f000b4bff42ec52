package image

import (
	"bytes"
	"regexp"

	"github.com/imagegate/imagegate/checks/source"
)

// hint is a text by which a secret is known, and where in it the three bytes lie
// that are looked for: rare ones, so that little else is taken for it.
type hint struct {
	text string
	at   int
}

// hints are of what source.TokenIn knows, save what ordinary files hold without
// harm: JSON Web Tokens, as examples and long expired.
var hints = []hint{
	{"-----BEGIN ", 5},
	{"ghp_", 1}, {"gho_", 1}, {"ghu_", 1}, {"ghs_", 1}, {"ghr_", 1}, {"github_pat_", 5},
	{"glpat-", 0}, {"AKIA", 0}, {"AIza", 0},
	{"xoxa-", 0}, {"xoxb-", 0}, {"xoxe-", 0}, {"xoxo-", 0}, {"xoxp-", 0}, {"xoxr-", 0}, {"xoxs-", 0},
	{"k_live_", 0}, {"npm_", 1}, {"pypi-", 0}, {"dckr_pat_", 2}, {"hf_", 0}, {"SG.", 0}, {"sk-ant-", 2}, {"sk-proj-", 2},
}

const (
	// window is how many bytes from its hint on tell a secret, and behind how many
	// before it: of those the \b of a pattern.
	window = 512
	behind = 16
)

// hintTable finds hints in a text by pairs of bytes, of which each hint's three
// have two: looking at every second place is enough.
type hintTable struct {
	pairs  [1 << 16 / 64]uint64
	triple map[[3]byte][]hint
}

var knownHints = newHintTable()

func newHintTable() *hintTable {
	t := &hintTable{triple: map[[3]byte][]hint{}}
	for _, h := range hints {
		key := [3]byte([]byte(h.text[h.at:]))
		t.triple[key] = append(t.triple[key], h)
		for i := range 2 {
			pair := uint16(key[i]) | uint16(key[i+1])<<8
			t.pairs[pair/64] |= 1 << (pair % 64)
		}
	}
	return t
}

// each calls visit with where each hint begins in text[from:to]; it looks further
// than that, never before from.
func (t *hintTable) each(text []byte, from, to int, visit func(at int, h hint)) {
	for i := from + 1; i+1 < len(text) && i < to+behind; i += 2 {
		pair := uint16(text[i]) | uint16(text[i+1])<<8
		if t.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for start := i - 1; start <= i; start++ {
			if start+3 > len(text) {
				continue
			}
			for _, h := range t.triple[[3]byte(text[start:])] {
				if at := start - h.at; at >= from && at < to && bytes.HasPrefix(text[at:], []byte(h.text)) {
					visit(at, h)
				}
			}
		}
	}
}

// privateKey is the first line of a private key in PEM, and as much of its
// content as tells a key from a mention of one. In JSON and in code its line ends
// are \n in letters.
var privateKey = regexp.MustCompile(`^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[\s"'+,;]|\\[nr])+(?:[A-Za-z-]+: [^\n]{0,100}(?:\s|\\[nr])+)*[A-Za-z0-9+/]{24}`)

// encryptedKey is a key that nobody can use without its passphrase.
const encryptedKey = "an encrypted private key"

// tokenAt returns what kind of secret the text holds where a hint of it begins;
// empty if none.
func tokenAt(text []byte, at int, h hint) string {
	end := min(at+window, len(text))
	if h.text == "-----BEGIN " {
		if !privateKey.Match(text[at:end]) {
			return ""
		}
		if bytes.Contains(text[at:end], []byte("ENCRYPTED")) {
			return encryptedKey
		}
		return "a private key"
	}
	word := text[max(at-behind, 0):end]
	start := min(at, behind)
	for start > 0 && !isDelimiter(word[start-1]) {
		start--
	}
	stop := start + 1
	for stop < len(word) && !isDelimiter(word[stop]) {
		stop++
	}
	kind, ok := source.TokenIn(string(word[start:stop]))
	if !ok {
		return ""
	}
	return kind
}

// isDelimiter reports whether a byte stands in no secret, and so beside one.
func isDelimiter(b byte) bool {
	switch b {
	case '"', '\'', '`', '<', '>', '(', ')', '[', ']', '{', '}', ',', ';', '=', ':', '\\':
		return true
	}
	return b <= ' ' || b >= 0x7f
}
