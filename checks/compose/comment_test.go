package compose

import (
	"fmt"
	"slices"
	"testing"
)

func commentsOf(t testing.TB, text string) []Comment {
	t.Helper()
	f, err := parseFile(DefaultFile, ".", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f.Comments
}

func TestNodeLines(t *testing.T) {
	const text = `services:
  # one
  app:
    image: a
    ports:
    - "1:1"

    # two
    deploy: {}
  db:
    # three
    ports:
    - "1:1"
    # four
    - "2:2"
    - "3:3"
    volumes:
    # five
      - name: x
        type: bind

      - name: y
`
	want := map[string][2]int{"# one": {3, 9}, "# two": {9, 9}, "# three": {12, 16}, "# four": {15, 15}, "# five": {19, 20}}
	for _, c := range commentsOf(t, text) {
		if got := [2]int{c.First, c.Last}; got != want[c.Text] {
			t.Errorf("%s stands on the lines %v, want %v", c.Text, got, want[c.Text])
		}
		delete(want, c.Text)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestComments(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // line:column first-last text
	}{
		"behind a value": {
			text: "services:\n  app:\n    ports:\n    - \"1#:1\"  # a  \n    - '2:2' # it's\n",
			want: []string{"4:15 4-4 # a", "5:13 5-5 # it's"},
		},
		"behind a key": {
			text: "services:\r\n  app: # a\r\n    image: b#c # d\r\n    tty: true\r\n  db:\r\n",
			want: []string{"2:8 2-4 # a", "3:16 3-3 # d"},
		},
		"in quotes": {
			text: "x-a: \"b # c\"\nx-b: 'it''s # d' # e\nx-c: &f !!str \"g # \\\" h\n  # i\n  j\" # k\n\"l # m\": ä # n\n",
			want: []string{"2:18 2-2 # e", "5:6 5-5 # k", "6:12 6-6 # n"},
		},
		"in flow style": {
			text: "x-a: [a, # b\n  \"c # d\", # e\n  {f: '# g'}] # h\n",
			want: []string{"1:10 1-3 # b", "2:12 2-2 # e", "3:15 3-3 # h"},
		},
		"in a block": {
			text: "x-a: | # a\n  b # c\n# d\nx-b:\n- >-\n   # e\n\n   # f\n- g: |\n    # h\n  i: |2\n      # j\n  # k\n  l: m\n",
			want: []string{"1:8 1-2 # a", "3:1 4-14 # d", "13:3 14-14 # k"},
		},
		"no YAML": {text: "services: [\n# a\n", want: []string{"2:1 0-0 # a"}},
		"none":    {text: "services:\n  a#b:\n    image: c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range commentsOf(t, test.text) {
				got = append(got, fmt.Sprintf("%d:%d %d-%d %s", c.Location.Line, c.Location.Column, c.First, c.Last, c.Text))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
