package probe

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// searchIn looks for secrets in pieces of a stream, as a capture does.
func searchIn(s *secrets, pieces ...string) []string {
	c := capture{max: 8, secrets: s, search: s.search()}
	var data []byte
	for _, p := range pieces {
		data = append(data[max(0, len(data)-s.most):], p...)
		c.add(data, len(data)-len(p))
	}
	return c.output().Secrets
}

func TestSecretForms(t *testing.T) {
	const value = `p@ss/word+<"1"> é`
	s := newSecrets([]string{"OTHER=never written", "TOKEN=" + value, "SHORT=abc", "EMPTY="})
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	for name, written := range map[string]string{
		"as it is":           value,
		"JSON":               string(text),
		"JSON without HTML":  `"p@ss/word+<\"1\"> é"`,
		"query":              url.QueryEscape(value),
		"path":               url.PathEscape(value),
		"user":               url.UserPassword("app", value).String(),
		"small hexadecimal":  strings.ToLower(url.QueryEscape(value)),
		"encodeURIComponent": "p%40ss%2Fword%2B%3C%221%22%3E%20%C3%A9",
		"base64":             base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 of a URL":    base64.RawURLEncoding.EncodeToString([]byte(value)),
		"basic":              base64.StdEncoding.EncodeToString([]byte("admin:" + value)),
		"basic, of others":   base64.StdEncoding.EncodeToString([]byte("root:" + value + "!")),
		"basic, of a third":  base64.URLEncoding.EncodeToString([]byte("me:" + value + "??")),
	} {
		line := "before " + written + " after"
		if got := searchIn(s, line); !slices.Equal(got, []string{"TOKEN"}) {
			t.Errorf("%s: found %q", name, got)
		}
		got := string(s.redact([]byte(line), 0, len(line)))
		if strings.Contains(got, written) || !strings.Contains(got, redacted) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%s: %q became %q", name, line, got)
		}
	}
	for _, text := range []string{"", "abc", "p@ss", value[:len(value)-1], strings.ToUpper(value)} {
		if got := searchIn(s, text); len(got) > 0 {
			t.Errorf("%q: found %q", text, got)
		}
		if got := string(s.redact([]byte(text), 0, len(text))); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestSecretVariables(t *testing.T) {
	t.Setenv("TOKEN", "a=b")
	t.Setenv("EMPTY", "")
	t.Setenv("OTHER", "not named")
	if got, err := secretVariables([]string{"TOKEN", "EMPTY"}); err != nil || !slices.Equal(got, []string{"TOKEN=a=b", "EMPTY="}) {
		t.Errorf("got %q and %v", got, err)
	}
	if got, err := secretVariables([]string{"TOKEN", "NO_SUCH_VARIABLE"}); err == nil || !strings.Contains(err.Error(), "NO_SUCH_VARIABLE is not in the probe's environment") || got != nil {
		t.Errorf("got %q and %v", got, err)
	}
}

func TestRedact(t *testing.T) {
	s := newSecrets([]string{"A=secret", "B=cret-value", "C=xyxy"})
	for name, c := range map[string]struct {
		text     string
		from, to int
		want     string
	}{
		"none":            {"nothing here", 0, 12, "nothing here"},
		"whole":           {"secret", 0, 6, "***"},
		"twice":           {"a secret, secret", 0, 16, "a ***, ***"},
		"next to another": {"secretxyxy", 0, 10, "***"},
		"overlapping":     {"a secret-value b", 0, 16, "a *** b"},
		"with itself":     {"-xyxyxy-", 0, 8, "-***-"},
		"cut at the end":  {"the secret", 0, 6, "the ***"},
		"cut before":      {"the secret", 6, 10, "***"},
		"cut after":       {"secret, done", 3, 12, "***, done"},
		"not in it":       {"secret, done", 6, 12, ", done"},
	} {
		if got := string(s.redact([]byte(c.text), c.from, c.to)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// Wherever the pieces end in which the output is read, what is found and kept is
// the same.
func TestSecretsInPieces(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	s := newSecrets([]string{"A=aaab", "B=" + strings.Repeat("long ", 100), "C=never", "D=0123456789abcdef"})
	text := strings.Repeat("a", 50) + "aaab " + strings.Repeat("long ", 100) + "0123456789abcdef" + strings.Repeat("fill ", 20)
	for range 500 {
		var pieces []string
		for left := text; len(left) > 0; {
			n := min(len(left), 1+random.Intn(1+random.Intn(60)))
			pieces, left = append(pieces, left[:n]), left[n:]
		}
		if got := searchIn(s, pieces...); !slices.Equal(got, []string{"A", "B", "D"}) {
			t.Fatalf("found %q in %q", got, pieces)
		}
	}
}

// Every word of an observation that may come from the application is looked
// through: what is left are the words of the specification and of the probe.
func TestConceal(t *testing.T) {
	const value = "hunter22"
	var o Observation
	fill(reflect.ValueOf(&o).Elem(), value)
	newSecrets([]string{"TOKEN=" + value}).conceal(&o)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	where(reflect.ValueOf(o), "", value, &left)
	want := []string{
		"User",
		// What the kernel's numbers are written as.
		"Identities.Effective", "Identities.Permitted", "Identities.Ambient", "Identities.Bounding", "Sockets.Network", "Sockets.Address", "Exceeded.What",
		"Early.Signal", "Stop.Signal", "Stop.Exit.Signal",
		// Names of variables.
		"Output.Secrets",
	}
	if !slices.Equal(left, want) {
		t.Errorf("it is left in %q, want %q: %s", left, want, text)
	}
	if n := bytes.Count(text, []byte(`"***"`)); n < 20 {
		t.Errorf("it was taken out of %d places: %s", n, text)
	}
}

// fill makes every string of a value the same, and every list of one element.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// where notes the names of the fields that hold a string.
func where(v reflect.Value, name, text string, found *[]string) {
	switch v.Kind() {
	case reflect.String:
		if v.String() == text {
			*found = append(*found, strings.TrimPrefix(name, "."))
		}
	case reflect.Pointer:
		where(v.Elem(), name, text, found)
	case reflect.Slice:
		where(v.Index(0), name, text, found)
	case reflect.Struct:
		for i := range v.NumField() {
			where(v.Field(i), name+"."+v.Type().Field(i).Name, text, found)
		}
	}
}

// The application gets the values that its specification names from the probe's
// own environment, and nothing else of that; they are nowhere in the document.
func TestSecrets(t *testing.T) {
	const value = "correct horse/battery staple"
	t.Setenv("DATABASE_PASSWORD", value)
	t.Setenv("NOT_WRITTEN", "another secret")
	t.Setenv("NOT_NAMED", "visible")
	encoded := base64.StdEncoding.EncodeToString([]byte(value))
	o := observe(t, Spec{
		Args: []string{"sh", "-c", `echo "password: $DATABASE_PASSWORD, twice $DATABASE_PASSWORD"; echo ` + encoded + `; echo "${NOT_NAMED-unset} ${#NOT_WRITTEN}"; trap 'exit 0' TERM; while :; do sleep 0.01; done`, value},
		Env:  []string{"DATABASE_PASSWORD=of the image"}, Secrets: []string{"DATABASE_PASSWORD", "NOT_WRITTEN"},
		Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", `head -c 4090 /dev/zero | tr '\0' x; echo "$DATABASE_PASSWORD"`}},
		GracePeriod: patient, Settle: time.Second, StartTimeout: patient,
	})
	if want := "password: ***, twice ***\n***==\nunset 14\n"; o.Output.Head != want {
		t.Errorf("got %q, want %q", o.Output.Head, want)
	}
	if !slices.Equal(o.Output.Secrets, []string{"DATABASE_PASSWORD"}) || o.Output.Lines != 3 {
		t.Errorf("got %+v", o.Output)
	}
	if got := o.Health.Last[len(o.Health.Last)-1].Output; got != strings.Repeat("x", 4090)+redacted {
		t.Errorf("the healthcheck wrote %q", got)
	}
	text := fmt.Sprintf("%+v %+v %+v", o, o.Health, o.Stop)
	if strings.Contains(text, value) || strings.Contains(text, encoded) {
		t.Errorf("it is in %s", text)
	}
}

func FuzzSecrets(f *testing.F) {
	f.Add("aaab", "aaaaaab", 3)
	f.Add("p@ss word", "x p%40ss+word x", 5)
	f.Add("0123456789", "MDEyMzQ1Njc4OQ==", 1)
	f.Fuzz(func(t *testing.T, value, text string, cut int) {
		if len(value) < leastSecret || strings.Contains(value, "\x00") {
			return
		}
		s := newSecrets([]string{"A=" + value})
		cut = min(max(cut, 0), len(text))
		want := false
		for _, form := range s.forms {
			want = want || strings.Contains(text, form.text)
		}
		if got := searchIn(s, text[:cut], text[cut:]); (len(got) > 0) != want {
			t.Fatalf("found %q in %q, want %v", got, text, want)
		}
		clean := string(s.redact([]byte(text), 0, len(text)))
		if want == (clean == text) && !strings.Contains(redacted, value) {
			t.Fatalf("%q became %q", text, clean)
		}
		if len(value) > 2*len(redacted) && strings.Contains(clean, value) && !strings.Contains(value, redacted) {
			t.Fatalf("%q is in %q", value, clean)
		}
	})
}
