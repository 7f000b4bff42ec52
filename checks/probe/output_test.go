package probe

import (
	"reflect"
	"strings"
	"testing"
)

func TestCapture(t *testing.T) {
	for name, c := range map[string]struct {
		writes []string
		want   Output
	}{
		"nothing":         {nil, Output{}},
		"all":             {[]string{"ab", "cd"}, Output{Bytes: 4, Head: "abcd", Lines: 1}},
		"just full":       {[]string{"abcdefgh"}, Output{Bytes: 8, Lines: 1, Head: "abcdefgh"}},
		"head and tail":   {[]string{"abcdefg", "hijk"}, Output{Bytes: 11, Lines: 1, Head: "abcdefgh", Tail: "ijk"}},
		"left out":        {[]string{strings.Repeat("x", 100), "0123456789"}, Output{Bytes: 110, Lines: 1, Head: "xxxxxxxx", Tail: "23456789"}},
		"many bits":       {strings.Split(strings.Repeat("a", 30)+"12345678", ""), Output{Bytes: 38, Lines: 1, Head: "aaaaaaaa", Tail: "12345678"}},
		"cut in a letter": {[]string{"abcdefg\u00e9"}, Output{Bytes: 9, Lines: 1, Head: "abcdefg?", Tail: "?"}},
		"not valid":       {[]string{"a\xff\x00b"}, Output{Bytes: 4, Lines: 1, Head: "a?\x00b"}},
	} {
		out, w, err := newCapture(8, newSecrets(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range c.writes {
			if _, err := w.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		out.drain(patient)
		if got := out.output(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
