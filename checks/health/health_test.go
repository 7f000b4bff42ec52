package health

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFaults(t *testing.T) {
	const s, m = time.Second, time.Minute
	for name, test := range map[string]struct {
		check Check
		want  []string // severe, field, message
	}{
		"defaults":        {Check{}, nil},
		"usual":           {Check{Interval: 30 * s, Timeout: 10 * s, StartPeriod: 5 * s, Retries: 3}, nil},
		"equal":           {Check{Interval: 5 * s, Timeout: 5 * s, Retries: 5}, nil},
		"longer":          {Check{Interval: 10 * s, Timeout: 20 * s}, []string{"false Timeout 20s is longer than the interval of 10s"}},
		"longer default":  {Check{Interval: 10 * s}, []string{"false Timeout 30s (Docker's default) is longer than the interval of 10s"}},
		"beyond":          {Check{Interval: 6 * m, Timeout: 61 * s, StartPeriod: 16 * m, Retries: 11}, []string{"true Interval 6m0s is not between 1s and 5m0s", "true Timeout 1m1s is not between 1s and 1m0s", "true StartPeriod 16m0s is not between 0s and 15m0s", "true Retries 11 is not between 1 and 10", "false Interval a dead container is found after up to 1h17m11s (11 times 6m0s and 1m1s); at most 15m0s", "false StartPeriod for the first 16m0s no failure counts"}},
		"too often":       {Check{Interval: 100 * time.Millisecond, Timeout: time.Millisecond}, []string{"true Interval 100ms is not between 1s and 5m0s", "true Timeout 1ms is not between 1s and 1m0s"}},
		"slow":            {Check{Interval: 2 * m, Timeout: 10 * s, Retries: 3}, []string{"false Interval a dead container is found only after up to 6m30s (3 times 2m0s and 10s)"}},
		"slow altogether": {Check{Interval: 4 * m, Timeout: 10 * s, Retries: 4}, []string{"true Interval a dead container is found after up to 16m40s (4 times 4m0s and 10s); at most 15m0s"}},
		"slow start":      {Check{StartPeriod: 10 * m}, []string{"false StartPeriod for the first 10m0s no failure counts"}},
		"negative":        {Check{StartInterval: -s}, []string{"true StartInterval -1s is negative; Docker refuses to start the container"}},
	} {
		var got []string
		for _, f := range test.check.Faults() {
			got = append(got, fmt.Sprint(f.Severe, " ", f.Field, " ", f.Message))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := (Check{Interval: 10 * s, Timeout: 5 * s, Retries: 2}).Detection(); got != 30*s {
		t.Errorf("Detection() = %s", got)
	}
}
