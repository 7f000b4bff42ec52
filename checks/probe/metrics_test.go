package probe

import (
	"strings"
	"testing"
)

func TestParseMetrics(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		samples int
	}{
		"nothing": {"", 0},
		// The example of https://prometheus.io/docs/instrumenting/exposition_formats/.
		"documented": {`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
`, 9},
		"OpenMetrics": {`# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
# HELP acme_http_router_request_seconds Latency though all of ACME's HTTP request router.
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32
# TYPE foo counter
foo_total 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67
foo_bucket{le="10"} 17 # {trace_id="a # b"} 9.8 1520879607.789
# TYPE build info
build_info{version="1"} 1
# EOF
`, 4},
		"values":    {"a NaN\na -Inf\na +Inf\na 1e+3\na -0\na .5\na 5.\na nan\n", 8},
		"blanks":    {" \t a \t 1 \t 2 \na{ b = \"c\" , d=\"\" , } 1\n \n", 2},
		"no labels": {"a{} 1\na{b=\"c\"}1\n", 2},
		"colons":    {":a:b 1\n", 1},
		"comments":  {"#\n# anything {\n#TYPE a gauge\na 1\n# help\n", 1},
		"help":      {"# HELP a\n# HELP b \\\\ and \\n \"quoted\"\n# TYPE b untyped \n", 0},
		"unicode":   {"a{b=\"ü\"} 1\n", 1},
	} {
		if got, err := parseMetrics([]byte(c.text)); err != nil || got != c.samples {
			t.Errorf("%s: got %d samples and %v, want %d", name, got, err, c.samples)
		}
	}
}

func TestParseMetricsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"<!doctype html>\n":                    `line 1 begins with "<!doctype", which is no name of a metric`,
		`{"status":"UP"}` + "\n":               `line 1 begins with "{\"status\":\"UP\"}", which is no name of a metric`,
		"a 1":                                  "line 1 has no line feed at its end",
		"a 1\r\n":                              `line 1 has the value "1\r", which is no number`,
		"a 1\n\na.b 1\n":                       `line 3 has "." in the name of the metric "a"`,
		"a-b 1\n":                              `line 1 has "-" in the name of the metric "a"`,
		"1a 1\n":                               `line 1 begins with "1a", which is no name of a metric`,
		"a\n":                                  "line 1 has no value",
		"a one\n":                              `line 1 has the value "one", which is no number`,
		"a 0x1p-2\n":                           `line 1 has the value "0x1p-2", which is no number`,
		"a 1_000\n":                            `line 1 has the value "1_000", which is no number`,
		"a 1e999\n":                            `line 1 has the value "1e999", which is no number`,
		"a 1 yesterday\n":                      `line 1 has the timestamp "yesterday", which is no time`,
		"a 1 NaN\n":                            `line 1 has the timestamp "NaN", which is no time`,
		"a 1 2 3\n":                            `line 1 goes on with "3" after the sample`,
		"a{b} 1\n":                             `line 1 has no = after the label "b"`,
		"a{b=c} 1\n":                           `line 1 has no quoted value of the label "b"`,
		"a{b=\"c} 1\n":                         "line 1 has a label's value without its closing quote",
		"a{b=\"c\" 1\n":                        `line 1 has neither a comma nor a closing brace after the label "b"`,
		"a{b=\"c\" d=\"e\"} 1\n":               `line 1 has neither a comma nor a closing brace after the label "b"`,
		"a{b=\"c\",b=\"d\"} 1\n":               `line 1 has the label "b" twice`,
		"a{:b=\"c\"} 1\n":                      "line 1 has a label without a name, or labels without their closing brace",
		"a{,} 1\n":                             "line 1 has a label without a name, or labels without their closing brace",
		"a{":                                   "line 1 has no line feed at its end",
		"a{\n":                                 "line 1 has a label without a name, or labels without their closing brace",
		"a{b=\"\\t\"} 1\n":                     `line 1 has a backslash that escapes nothing: write \\ for one`,
		"a{b=\"\xff\"} 1\n":                    "line 1 is not UTF-8",
		"# HELP a C:\\dir\n":                   `line 1 has a backslash that escapes nothing: write \\ for one`,
		"# HELP a \\":                          "line 1 has no line feed at its end",
		"# HELP a \\\n":                        `line 1 has a backslash that escapes nothing: write \\ for one`,
		"# HELP\n":                             "line 1 has no name of a metric after HELP",
		"# TYPE a.b gauge\n":                   "line 1 has no name of a metric after TYPE",
		"# TYPE a\n":                           `line 1 has the unknown type ""`,
		"# TYPE a Gauge\n":                     `line 1 has the unknown type "Gauge"`,
		"# TYPE a gauge\n# TYPE a gauge\n":     `line 2 is a second TYPE of "a"`,
		"# HELP a b\na 1\n# HELP a b\n":        `line 3 is a second HELP of "a"`,
		"a 1\n# TYPE a gauge\n":                `line 2 is the TYPE of "a" after a sample of it`,
		"a 1\n# EOF\na 2\n":                    "line 3 comes after # EOF",
		"a 1 # 2\n":                            "line 1 has an exemplar without labels",
		"a 1 # {b=\"c\"}\n":                    "line 1 has no exemplar",
		"a 1 # {b=\"c\"} x\n":                  `line 1 has the exemplar "x", which is no number`,
		"a " + strings.Repeat("x", 1e6) + "\n": "line 1 has the value a word of 1000000 bytes, which is no number",
	} {
		before := strings.Count(text, "\na ") // the samples before the line
		if strings.HasPrefix(text, "a 1\n") {
			before++
		}
		got, err := parseMetrics([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
		if got > before {
			t.Errorf("%.60q: got %d samples", text, got)
		}
	}
}

// The application's own answers, over all that an answer's body may be framed by.
func TestMetrics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags []string
		path  string
		ports []int
		want  Metrics
	}{
		"chunked":    {nil, "/metrics", nil, Metrics{Port: 8080, Status: 200, ContentType: "text/plain; version=0.0.4", Samples: 1}},
		"length":     {[]string{"-framing=length"}, "/metrics", []int{80, 8080}, Metrics{Port: 8080, Status: 200, ContentType: "text/plain; version=0.0.4", Samples: 1}},
		"closed":     {[]string{"-framing=close"}, "/metrics", nil, Metrics{Port: 8080, Status: 200, ContentType: "text/plain; version=0.0.4", Samples: 1}},
		"wrong":      {[]string{"-metrics=up 1\nup\n"}, "/metrics", nil, Metrics{Port: 8080, Status: 200, ContentType: "text/plain; version=0.0.4", Samples: 1, Error: "line 2 has no value"}},
		"long":       {[]string{"-metrics-repeated=300000"}, "/metrics", nil, Metrics{Port: 8080, Status: 200, ContentType: "text/plain; version=0.0.4", Samples: keptBody / len("up 1\n")}},
		"not there":  {nil, "/other", nil, Metrics{Port: 8080, Status: 404, ContentType: "text/html"}},
		"no path":    {nil, "metrics", nil, Metrics{Port: 8080, Error: `"metrics" is not the path of a URL: it has to begin with / and to have blanks as %20`}},
		"no port":    {nil, "/metrics", []int{9090}, Metrics{Error: "the application listens on none of the TCP ports 9090, but on 8080"}},
		"not wanted": {nil, "", nil, Metrics{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := contained(t, 65532, map[string]string{}, Spec{
				Args:        append([]string{"/app/app", "-on-stop=0", "-http=127.0.0.1:8080"}, c.flags...),
				MetricsPath: c.path, Ports: c.ports, GracePeriod: patient, Settle: patient,
			})
			if c.path == "" {
				if o.Metrics != nil {
					t.Errorf("got %+v, which nobody asked for", *o.Metrics)
				}
				return
			}
			c.want.Path = c.path
			if o.Metrics == nil || *o.Metrics != c.want {
				t.Errorf("got %+v, want %+v", o.Metrics, c.want)
			}
		})
	}
}

func FuzzMetrics(f *testing.F) {
	for _, text := range []string{
		"# HELP a b\n# TYPE a counter\na{b=\"c\\n\",} 1 2\n", "a NaN 1.5 # {t=\"x\"} 1 2\n# EOF\n", "# UNIT a\n#\n\na{} +Inf\n", "a 1",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		samples, err := parseMetrics(text)
		if lines := strings.Count(string(text), "\n"); samples < 0 || samples > lines {
			t.Fatalf("%d samples in %d lines", samples, lines)
		}
		if err != nil {
			return
		}
		// What comes before a line of a text in order is in order.
		for i, c := range text {
			if c != '\n' {
				continue
			}
			if _, err := parseMetrics(text[:i+1]); err != nil {
				t.Fatalf("the first %d bytes: %v", i+1, err)
			}
		}
		// A second sample of every kind may follow, unless the end was marked.
		if again, err := parseMetrics(append(text, "x_y{z=\"1\"} 1\n"...)); err == nil && again != samples+1 {
			t.Fatalf("%d samples, and %d with one more", samples, again)
		}
	})
}
