package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
)

// measuring returns a gate that finds layers of so many bytes too large.
func measuring(sizes ...int64) report.Gate {
	var messages []string
	for _, n := range sizes {
		messages = append(messages, checks.Amount{Value: n, Unit: checks.Bytes}.String()+" uncompressed")
	}
	res := blocking("image/size", messages...)
	for i, n := range sizes {
		res.Findings[i].Measured = checks.Amount{Value: n, Unit: checks.Bytes}
	}
	return gate(res)
}

// TestMeasured has what a baseline accepts of the sizes of layers, by those that there
// were when it was written.
func TestMeasured(t *testing.T) {
	for name, test := range map[string]struct {
		old, now []int64
		want     string
	}{
		"the same":                    {[]int64{600e6}, []int64{600e6}, "waived 600.0 MB"},
		"smaller":                     {[]int64{600e6}, []int64{501e6}, "waived 501.0 MB"},
		"smaller, in another unit":    {[]int64{1100e6}, []int64{900e6}, "waived 900.0 MB"},
		"of another build":            {[]int64{600e6}, []int64{606e6}, "waived 606.0 MB"},
		"larger":                      {[]int64{600e6}, []int64{606e6 + 1}, "fail 606.0 MB (was 600.0 MB when the baseline was written)"},
		"larger, in another unit":     {[]int64{900e6}, []int64{1200e6}, "fail 1.2 GB (was 900.0 MB when the baseline was written)"},
		"two":                         {[]int64{600e6, 400e6}, []int64{400e6, 600e6}, "waived 400.0 MB, waived 600.0 MB"},
		"one of two larger":           {[]int64{600e6, 400e6}, []int64{600e6, 500e6}, "waived 600.0 MB, fail 500.0 MB"},
		"both within the larger":      {[]int64{600e6, 400e6}, []int64{500e6, 500e6}, "waived 500.0 MB, fail 500.0 MB"},
		"one of two larger than both": {[]int64{600e6, 400e6}, []int64{400e6, 900e6}, "waived 400.0 MB, fail 900.0 MB (was 600.0 MB when the baseline was written)"},
		"one more":                    {[]int64{600e6}, []int64{600e6, 600e6}, "waived 600.0 MB, fail 600.0 MB"},
		"one less":                    {[]int64{600e6, 400e6}, []int64{500e6}, "waived 500.0 MB, warn gone"},
		"none":                        {[]int64{600e6}, nil, "warn gone"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, g := range Review([]report.Gate{measuring(test.now...)}, Input{Rules: rules(), Baseline: baselineOf(t, measuring(test.old...)), Image: "Dockerfile"}) {
				for _, res := range g.Results {
					for _, f := range res.Findings {
						if res.Check == gone.ID {
							f.Message = "gone"
						}
						got = append(got, string(f.Status)+" "+strings.Replace(f.Message, " uncompressed", "", 1))
					}
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What was written before amounts were recorded accepts what it did, until it is
// written again; the units of sizes stood in it, too.
func TestMeasuredOfEarlierVersion(t *testing.T) {
	const text = `{"version": 1, "findings": [
{"image":"Dockerfile","check":"image/size","path":"Dockerfile","message":"# GB uncompressed","count":1},
{"image":"Dockerfile","check":"image/size","path":"Dockerfile","message":"# MB uncompressed","count":1}]}`
	old, err := ParseBaseline(BaselineFile, []byte(text))
	if err != nil || old.Len() != 2 {
		t.Fatal(old, err)
	}
	now := measuring(700e6, 3e9)
	if reviewed := Review([]report.Gate{now}, Input{Rules: rules(), Baseline: old, Image: "Dockerfile"}); reviewed[0].Results[0].Status != checks.Waived {
		t.Errorf("%+v", reviewed[0].Results[0])
	}
	updated, added, removed := old.Update("Dockerfile", []report.Gate{now}, Policy{}, rules(), false)
	written, err := updated.JSON()
	if err != nil || added != 0 || removed != 0 || !strings.Contains(string(written), `"message":"# uncompressed","count":2,"measured":[3000000000,700000000]}`) {
		t.Errorf("%d added, %d removed: %s %v", added, removed, written, err)
	}
}

func TestMeasuredUpdate(t *testing.T) {
	for name, test := range map[string]struct {
		old            []int64
		now            [][]int64 // of each platform
		add            bool
		want           []int64
		added, removed int
	}{
		"the same":                    {old: []int64{600e6}, now: [][]int64{{600e6}}, want: []int64{600e6}},
		"smaller":                     {old: []int64{600e6}, now: [][]int64{{550e6}}, want: []int64{550e6}},
		"of another build":            {old: []int64{600e6}, now: [][]int64{{601e6}}, want: []int64{600e6}},
		"larger":                      {old: []int64{600e6}, now: [][]int64{{700e6}}, want: []int64{600e6}},
		"larger, adding":              {old: []int64{600e6}, now: [][]int64{{700e6}}, add: true, want: []int64{700e6}, added: 1, removed: 1},
		"one more":                    {old: []int64{600e6}, now: [][]int64{{500e6, 600e6}}, want: []int64{600e6}},
		"one more, adding":            {old: []int64{600e6}, now: [][]int64{{500e6, 600e6}}, add: true, want: []int64{600e6, 500e6}, added: 1},
		"one less":                    {old: []int64{600e6, 400e6}, now: [][]int64{{500e6}}, want: []int64{500e6}, removed: 1},
		"one larger, one gone":        {old: []int64{600e6, 400e6}, now: [][]int64{{700e6}}, want: []int64{600e6}, removed: 1},
		"one larger, one smaller":     {old: []int64{600e6, 400e6}, now: [][]int64{{300e6, 700e6}}, want: []int64{600e6, 300e6}},
		"two platforms":               {old: []int64{600e6, 400e6}, now: [][]int64{{350e6, 600e6}, {550e6, 390e6}}, want: []int64{600e6, 390e6}},
		"one larger of two platforms": {old: []int64{600e6}, now: [][]int64{{600e6}, {700e6, 300e6}}, add: true, want: []int64{700e6, 300e6}, added: 1},
		"gone":                        {old: []int64{600e6}, now: [][]int64{{}}, removed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var gates []report.Gate
			for _, sizes := range test.now {
				gates = append(gates, measuring(sizes...))
			}
			b, added, removed := baselineOf(t, measuring(test.old...)).Update("Dockerfile", gates, Policy{}, rules(), test.add)
			var got []int64
			for _, e := range b.entries {
				got = append(got, e.Measured...)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || added != test.added || removed != test.removed {
				t.Errorf("%d added, %d removed; -want +got:\n%s", added, removed, diff)
			}
		})
	}
}

func TestMeasuredFile(t *testing.T) {
	for text, want := range map[string]string{
		`"count": 1, "measured": [1, 2]`: "b.json:2: the finding cannot be read: its count is 1, and 2 amounts are measured: there is one for each",
		`"count": 1, "measured": [0]`:    "b.json:2: the finding cannot be read: what is measured is 1 or more",
		`"count": 1, "measured": [1.5]`:  "b.json:2: the finding cannot be read: json: ",
		`"count": 2, "measured": [1, 5]`: "",
		`"count": 2`:                     "",
		`"count": 1, "measured": []`:     "b.json:2: the finding cannot be read: its count is 1, and 0 amounts are measured: there is one for each",
	} {
		b, err := ParseBaseline("b.json", fmt.Appendf(nil, "{\"version\": 1, \"findings\": [\n{\"image\": \"a\", \"check\": \"b\", \"message\": \"c\", %s}]}", text))
		switch {
		case want == "" && (err != nil || b.Len() != 2):
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
