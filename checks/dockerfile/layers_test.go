package dockerfile

import "testing"

func TestLayers(t *testing.T) {
	for text, want := range map[string][2]int{
		"FROM a:1\n": {0, 0},
		"FROM a:1\nENV A=1\nUSER 1\nCMD [\"a\"]\n":                                           {0, 0},
		"FROM a:1\nRUN a\nCOPY b c /d/\nADD e /f\n":                                          {3, 3},
		"FROM a:1\nWORKDIR /a\nRUN a\nWORKDIR /b\n":                                          {1, 3},
		"FROM a:1 AS b\nRUN a\nFROM b\nRUN c\n":                                              {2, 2},
		"FROM a:1 AS b\nRUN a\nRUN b\nFROM c:1\nCOPY --from=b /a /a\n":                       {1, 1},
		"FROM a:1 AS b\nONBUILD RUN c\nONBUILD WORKDIR /d\nONBUILD ENV A=1\nFROM b\nRUN c\n": {2, 3},
	} {
		if least, most := load(t, text, Options{}).Layers(); [2]int{least, most} != want {
			t.Errorf("%q: from %d to %d, want %v", text, least, most, want)
		}
	}
}
