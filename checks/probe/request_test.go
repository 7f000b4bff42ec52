package probe

import (
	"testing"
	"time"
)

// A request is in flight while the application stops.
func TestRequest(t *testing.T) {
	t.Parallel()
	// The application answers in 300 ms from the signal, and others try to connect
	// meanwhile: no time of these is asserted.
	for name, c := range map[string]struct {
		flags []string
		path  string
		want  Request
		exit  string
		check func(*testing.T, Connections)
	}{
		"finished, chunked": {[]string{"-slow=finish"}, "/slow", Request{Port: 8080, Status: 201}, "exit 0", refused},
		"finished, length":  {[]string{"-slow=finish", "-framing=length"}, "/slow", Request{Port: 8080, Status: 201}, "exit 0", refused},
		"finished, closed":  {[]string{"-slow=finish", "-framing=close"}, "/slow", Request{Port: 8080, Status: 201}, "exit 0", refused},
		"still accepting":   {[]string{"-slow=drain"}, "/slow", Request{Port: 8080, Status: 201}, "exit 0", accepted},
		"dropped":           {[]string{"-slow=drop"}, "/slow", Request{Port: 8080, Error: "connection closed before the answer"}, "exit 0", either},
		"reset":             {[]string{"-slow=reset"}, "/slow", Request{Port: 8080, Error: "connection reset by peer before the answer"}, "exit 0", either},
		"half":              {[]string{"-slow=half"}, "/slow", Request{Port: 8080, Error: "connection closed before the end of the answer of status 200"}, "exit 0", either},
		"half, length":      {[]string{"-slow=half", "-framing=length"}, "/slow", Request{Port: 8080, Error: "connection closed before the end of the answer of status 200"}, "exit 0", either},
		"early":             {[]string{"-slow=early"}, "/slow", Request{Port: 8080, Status: 200, Early: true}, "exit 0", nil},
		"not there":         {nil, "/other", Request{Port: 8080, Status: 404, Early: true}, "exit 0", nil},
		"no path":           {nil, "slow", Request{Port: 8080, Early: true, Error: `"slow" is not the path of a URL: it has to begin with / and to have blanks as %20`}, "exit 0", nil},
		"not asked for":     {nil, "", Request{}, "exit 0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := contained(t, 65532, map[string]string{}, Spec{
				Args:     append([]string{"/app/app", "-on-stop=0", "-http=127.0.0.1:8080"}, c.flags...),
				SlowPath: c.path, GracePeriod: patient, Settle: patient,
			})
			if got := verdict(o); got != c.exit {
				t.Fatalf("got %q, want %q: %+v", got, c.exit, o)
			}
			if c.path == "" {
				if o.Stop.Request != nil || o.Stop.Connections != nil {
					t.Errorf("got %+v and %+v, which nobody asked for", o.Stop.Request, o.Stop.Connections)
				}
				return
			}
			got := *o.Stop.Request
			if (got.Took > 0) != (got.Error == "" || !got.Early) {
				t.Errorf("it took %s", got.Took)
			}
			c.want.Path, got.Took = c.path, 0
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if (o.Stop.Connections != nil) != (c.check != nil) {
				t.Fatalf("got %+v", o.Stop.Connections)
			}
			if c.check != nil {
				c.check(t, *o.Stop.Connections)
			}
		})
	}
}

func refused(t *testing.T, c Connections) {
	if c.Refused == 0 {
		t.Errorf("got %+v, want some refused", c)
	}
}

func accepted(t *testing.T, c Connections) {
	if c.Accepted == 0 || c.Refused > 0 || c.LastAccepted <= 0 {
		t.Errorf("got %+v, want all accepted", c)
	}
}

func either(*testing.T, Connections) {}

// An application that stays has not answered by the end of its grace period; the
// attempts to connect end with it.
func TestRequestNeverAnswered(t *testing.T) {
	t.Parallel()
	o := contained(t, 65532, map[string]string{}, Spec{
		Args:     []string{"/app/app", "-on-stop=0", "-http=0.0.0.0:8080", "-slow=never"},
		SlowPath: "/slow", GracePeriod: 300 * time.Millisecond, Settle: patient,
	})
	if got := verdict(o); got != "still there" {
		t.Fatalf("got %q: %+v", got, o)
	}
	if r := o.Stop.Request; r.Status != 0 || r.Early || r.Error != "connection closed before the answer" && r.Error != "no answer within the grace period of 300ms" {
		t.Errorf("got %+v", r)
	}
}

// An application that listens nowhere cannot be asked.
func TestRequestNowhere(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{Args: []string{"sleep", "3600"}, SlowPath: "/slow", GracePeriod: patient, Settle: 1})
	if r := o.Stop.Request; r == nil || r.Port != 0 || !r.Early || r.Error != "the application listens on no TCP port" || o.Stop.Connections != nil {
		t.Errorf("got %+v and %+v", r, o.Stop.Connections)
	}
}
