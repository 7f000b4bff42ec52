package dockerfile

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/imagegate/imagegate/checks"
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

func TestCallsOf(t *testing.T) {
	for command, want := range map[string]string{
		"setpriv --reuid 1000 --clear-groups app -x":             "app -x by setpriv",
		"setpriv --reuid=1000 --regid=1000 --init-groups app":    "app by setpriv",
		"setpriv --reuid 1000 --inh-caps -all sh -c app":         "app by setpriv sh",
		"chpst -u app:app -v app":                                "app by chpst",
		"setuidgid app app":                                      "app by setuidgid",
		"su app -c app":                                          "app by su",
		"su - app -c app":                                        "app by su",
		"su -s /bin/bash -c app app":                             "app by su",
		"su -lc app app":                                         "app by su",
		"su -l app --command=app":                                "app by su",
		"sudo su -capp":                                          "app by sudo su",
		"su app --session-command app --shell /bin/zsh -g staff": "app by su",
		"su -s /bin/fish app -c app":                             "su -s /bin/fish app -c app by ",
		"su - app":                                               "su - app by ",
		"su app -c":                                              "su app -c by ",
		"runuser -u app -- app -x":                               "app -x by runuser",
		"runuser -u app app":                                     "app by runuser",
		"runuser -l app -c app":                                  "app by runuser",
		"runuser app":                                            "runuser app by ",
	} {
		calls, err := CallsOf(strings.Fields(command), checks.Location{})
		if err != nil || len(calls) != 1 {
			t.Errorf("%s: %v %v", command, calls, err)
			continue
		}
		if got := calls[0].String() + " by " + strings.Join(calls[0].Through, " "); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
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
