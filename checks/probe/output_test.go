package probe

import (
	"bytes"
	"io"
	"os"
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

// What is kept has no part of a secret in it, wherever it is cut.
func TestCaptureOfSecrets(t *testing.T) {
	const value = "0123456789abcdef"
	s := newSecrets([]string{"TOKEN=" + value})
	for before := range 40 {
		for after := range 40 {
			out, w, err := newCapture(20, s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteString(strings.Repeat("<", before) + value + strings.Repeat(">", after)); err != nil {
				t.Fatal(err)
			}
			w.Close()
			out.drain(patient)
			got := out.output()
			if text := strings.Trim(strings.ReplaceAll(got.Head+got.Tail, redacted, ""), "<>"); text != "" || !reflect.DeepEqual(got.Secrets, []string{"TOKEN"}) {
				t.Errorf("%d before and %d after: got %+v", before, after, got)
			}
			if kept := len(strings.ReplaceAll(got.Head, redacted, "")) + len(strings.ReplaceAll(got.Tail, redacted, "")); kept > 40 {
				t.Errorf("%d before and %d after: kept %d bytes", before, after, kept)
			}
		}
	}
}

// A secret is found wherever it lies over the ends of what is read at once.
func TestCaptureOverReads(t *testing.T) {
	const value = "0123456789abcdef"
	s := newSecrets([]string{"TOKEN=" + value})
	const many = 4 * readAtOnce
	for _, atOnce := range []int{readAtOnce, 50_000, 40_001} {
		for cut := atOnce; cut < many; cut += atOnce {
			for _, before := range []int{0, 1, 8, 15, 16} {
				text := []byte(strings.Repeat("x", many))
				copy(text[cut-before:], value)
				c := capture{max: 8, secrets: s, search: s.search()}
				c.read(io.MultiReader(split(text, atOnce)...))
				if got := c.output(); !reflect.DeepEqual(got.Secrets, []string{"TOKEN"}) || got.Bytes != many {
					t.Errorf("%d bytes at once, %d before byte %d: got %+v", atOnce, before, cut, got)
				}
			}
		}
	}
}

func split(text []byte, size int) []io.Reader {
	var parts []io.Reader
	for len(text) > 0 {
		n := min(size, len(text))
		parts, text = append(parts, bytes.NewReader(text[:n])), text[n:]
	}
	return parts
}

// A flood costs about what copying it does. The copy is for comparison.
func BenchmarkCapture(b *testing.B) {
	flood := []byte(strings.Repeat("2023-11-14 22:13:20 INFO request served in 12 ms, status 200, client 10.0.0.1\n", 1000))[:readAtOnce]
	logs := []byte(strings.Repeat(logLines["pino"]+"\n"+logLines["zap"]+"\n"+logLines["ECS"]+"\n", 1000))[:readAtOnce]
	none, some := newSecrets(nil), newSecrets([]string{"DATABASE_URL=postgres://app:hunter22@db:5432/app", "TOKEN=0123456789abcdef0123456789abcdef"})
	short := newSecrets([]string{"PIN=1234"})
	for name, c := range map[string]struct {
		text    []byte
		secrets *secrets
	}{
		"plain": {flood, none}, "structured": {logs, none}, "plain with secrets": {flood, some}, "structured with secrets": {logs, some},
		"plain with a short secret": {flood, short},
	} {
		b.Run(name, func(b *testing.B) {
			out := capture{max: keptOutput, secrets: c.secrets, search: c.secrets.search()}
			data := append(bytes.Repeat([]byte(" "), c.secrets.most), c.text...)
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				out.add(data, c.secrets.most)
			}
		})
	}
	b.Run("copy through a pipe", func(b *testing.B) {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		to := make([]byte, readAtOnce)
		b.SetBytes(readAtOnce)
		for b.Loop() {
			if _, err := w.Write(flood); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(r, to); err != nil {
				b.Fatal(err)
			}
		}
	})
}
