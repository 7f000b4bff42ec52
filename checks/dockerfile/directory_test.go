package dockerfile

import "testing"

func TestDirectory(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a:1\n":                                           "",
		"FROM scratch\n":                                       "/",
		"FROM a:1\nWORKDIR app\n":                              "",
		"FROM scratch\nWORKDIR app\n":                          "/app",
		"FROM a:1\nWORKDIR /srv\nWORKDIR app/../web\n":         "/srv/web",
		"FROM a:1\nARG D=/x\nWORKDIR $D/y\n":                   "/x/y",
		"FROM a:1\nWORKDIR /x\nWORKDIR $HOME\n":                "",
		"FROM a:1 AS b\nWORKDIR /x\nFROM b\nWORKDIR y\n":       "/x/y",
		"FROM a:1 AS b\nWORKDIR /x\nFROM a:1\nWORKDIR y\n":     "",
		"FROM a:1\nWORKDIR /x\nWORKDIR ../../..\nWORKDIR ./\n": "/",
	} {
		got := load(t, text, Options{}).Final.Config.Directory
		if got.Text != want || got.Known != (want != "") {
			t.Errorf("%q: working directory %+v, want %q", text, got, want)
		}
	}
}

func TestRefers(t *testing.T) {
	s := load(t, "FROM a:1 AS b\nENV BASE=1\nFROM b\nARG SET\nRUN true\n", Options{})
	instructions := s.Final.Instructions
	in := instructions[len(instructions)-1]
	for word, want := range map[string]bool{
		"$SET": true, "x${SET}x": true, `"$SET"`: true, "${SET%x}": true,
		"$SETTING": false, "'$SET'": false, `\$SET`: false, "${SET:-x}": false, "SET": false, "${OTHER:-$SET}": true,
	} {
		if got := in.Refers(word, "SET"); got != want {
			t.Errorf("Refers(%s) = %v, want %v", word, got, want)
		}
	}
}
