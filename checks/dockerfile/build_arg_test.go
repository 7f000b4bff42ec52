package dockerfile

import (
	"testing"
	"testing/fstest"
)

func TestWithArgs(t *testing.T) {
	const text = "\ufeff# syntax=docker/dockerfile:1\r\nARG V=1\nFROM --platform=$BUILDPLATFORM \\\n  golang:$V AS builder\nRUN <<EOF\nFROM here\nEOF\nFROM scratch\nCOPY --from=builder /a /a"
	const want = "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=$BUILDPLATFORM \\\n  golang:$V AS builder\nARG NONCE\nARG B\nRUN <<EOF\nFROM here\nEOF\nFROM scratch\nARG NONCE\nARG B\nCOPY --from=builder /a /a\n"
	s, err := Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.WithArgs("NONCE", "B"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
