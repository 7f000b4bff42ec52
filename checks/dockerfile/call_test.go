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
