package checks

import "testing"

func TestAmount(t *testing.T) {
	for want, a := range map[string]Amount{
		"0":         {},
		"999 B":     {999, Bytes},
		"1.0 kB":    {1000, Bytes},
		"1.0 MB":    {999_950, Bytes},
		"0 B":       {0, Bytes},
		"999.9 kB":  {999_949, Bytes},
		"612.3 MB":  {612_300_000, Bytes},
		"1.1 GB":    {1_100_000_000, Bytes},
		"4.6 EB":    {1 << 62, Bytes},
		"12%":       {12, Percent},
		"60 layers": {60, Layers},
	} {
		if got := a.String(); got != want {
			t.Errorf("%#v is %s, want %s", a, got, want)
		}
	}
}
