package image

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/BurntSushi/toml"
)

const (
	// maxTOML is how many bytes of TOML are decoded at a time: the largest
	// pyproject.toml of public projects have a fifth of it.
	maxTOML = 512 << 10
	// maxTOMLDepth is how deep values may lie in each other, and maxKeyParts how many
	// names a key may have: decoding takes time and memory by the square of both.
	maxTOMLDepth = 12
	maxKeyParts  = 16
)

// decodeTOML decodes a document that may be made to harm its reader.
func decodeTOML(text []byte, into any) error {
	if len(text) > maxTOML {
		return fmt.Errorf("more than %s of TOML", humanSize(maxTOML))
	}
	if err := checkTOMLShape(text); err != nil {
		return err
	}
	return toml.Unmarshal(text, into)
}

// checkTOMLShape reports values that lie too deep in each other and keys of too many
// names. What is no TOML it leaves to the decoder to find.
func checkTOMLShape(text []byte) error {
	depth, parts := 0, 1
	for len(text) > 0 {
		n := 1
		switch c := text[0]; c {
		case '#':
			n = lineLength(text)
		case '"', '\'':
			n = stringLength(text)
		case '[', '{':
			parts = 1
			if depth++; depth > maxTOMLDepth {
				return fmt.Errorf("values lie more than %d deep in each other", maxTOMLDepth)
			}
		case ']', '}':
			if depth--; depth < 0 {
				return errors.New("a bracket closes nothing")
			}
		case ',', '=', '\n':
			parts = 1
		case '.':
			if parts++; parts > maxKeyParts {
				return fmt.Errorf("a key has more than %d names", maxKeyParts)
			}
		}
		text = text[n:]
	}
	return nil
}

// lineLength is how long the line is that a text begins with, without its end.
func lineLength(text []byte) int {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

// stringLength is how long the string is that a text begins with, of one line or of
// several; to the end of the line or of the text where nothing ends it.
func stringLength(text []byte) int {
	quote, escapes := text[:1], text[0] == '"'
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(text, triple) {
		quote = triple
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case escapes && text[i] == '\\':
			i++
		case bytes.HasPrefix(text[i:], quote):
			// Up to two quotes may stand before the three that end a string.
			for len(quote) == 3 && i+3 < len(text) && text[i+3] == quote[0] {
				i++
			}
			return i + len(quote)
		case len(quote) == 1 && text[i] == '\n':
			return i
		}
	}
	return len(text)
}
