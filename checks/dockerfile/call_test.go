package dockerfile

import (
	"testing"
	"testing/fstest"
)

func TestWordLocation(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a:1\nRUN apt-get update && \\\n    sudo apt-get install \"curl\" git\n": "Dockerfile:3:26",
		"FROM a:1\nRUN apt-get install x curl git\n":                                  "Dockerfile:2:23",
		"FROM a:1\nRUN sh -c 'apt-get install x curl'\n":                              "Dockerfile:2:5",
		"FROM a:1\nRUN [\"apt-get\", \"install\", \"x\", \"curl\"]\n":                 "Dockerfile:2:1",
	} {
		s, err := Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		calls := s.Final.Instructions[0].Calls
		call := calls[len(calls)-1]
		for i, word := range call.Words {
			if word != "curl" {
				continue
			}
			if got := call.WordLocation(i).String(); got != want {
				t.Errorf("%s\n%s, want %s", text, got, want)
			}
		}
		if got := call.WordLocation(99); got != call.Location {
			t.Errorf("no such word: %s", got)
		}
	}
}

// TestInputStandsBeforeCall has pipes of all kinds, whose inputs are to be found in
// the calls of the instruction right before the call that reads them.
func TestInputStandsBeforeCall(t *testing.T) {
	for text, readers := range map[string]int{
		"RUN a | b | c && d":                         2,
		"RUN a | sh -c 'b | c; d' | e":               2,
		"RUN (a; b) | c | (d | e)":                   3,
		"RUN x=$(a | b) c | d":                       2,
		"RUN <<EOF\na | b\nsh -c 'c | d | e'\nEOF\n": 3,
		"RUN if a | b; then c | d; fi || e | sudo f": 3,
		"RUN [\"sh\", \"-c\", \"a | b | c\"]":        2,
		"HEALTHCHECK CMD a | b":                      1,
	} {
		s, err := Load(fstest.MapFS{"Dockerfile": {Data: []byte("FROM a:1\n" + text + "\n")}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		calls, found := s.Final.Instructions[0].Calls, 0
		for i, call := range calls {
			if len(call.Input) > 0 {
				found++
			}
			for n, input := range call.Input {
				at := i - len(call.Input) + n
				if at < 0 || calls[at].String() != input.String() {
					t.Errorf("%s: the input %s of %s is not call %d", text, input, call, at)
				}
			}
		}
		if found != readers {
			t.Errorf("%s: %d calls read from a pipe, want %d", text, found, readers)
		}
	}
}
