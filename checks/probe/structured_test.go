package probe

import (
	"encoding/json"
	"strings"
	"testing"
)

// What loggers write unless they are told otherwise.
var logLines = map[string]string{
	"zap":                      `{"level":"info","ts":1700000000.1234,"caller":"app/main.go:12","msg":"listening","port":8080}`,
	"zerolog":                  `{"level":"info","time":1700000000,"message":"listening"}`,
	"slog":                     `{"time":"2023-11-14T22:13:20.123Z","level":"INFO","msg":"listening","port":8080}`,
	"logrus":                   `{"level":"info","msg":"listening","time":"2023-11-14T22:13:20Z"}`,
	"hclog":                    `{"@level":"info","@message":"listening","@module":"app","@timestamp":"2023-11-14T22:13:20.123456Z"}`,
	"pino":                     `{"level":30,"time":1700000000123,"pid":1,"hostname":"app","msg":"listening"}`,
	"bunyan":                   `{"name":"app","hostname":"app","pid":1,"level":30,"msg":"listening","time":"2023-11-14T22:13:20.123Z","v":0}`,
	"winston":                  `{"level":"info","message":"listening","timestamp":"2023-11-14T22:13:20.123Z"}`,
	"structlog":                `{"port": 8080, "event": "listening", "level": "info", "timestamp": "2023-11-14T22:13:20.123456Z"}`,
	"python-json-logger":       `{"asctime": "2023-11-14 22:13:20,123", "levelname": "INFO", "message": "listening"}`,
	"loguru":                   `{"text": "listening\n", "record": {"elapsed": {"repr": "0:00:00.01", "seconds": 0.01}, "level": {"icon": "i", "name": "INFO", "no": 20}, "message": "listening", "time": {"repr": "2023-11-14 22:13:20.123456+00:00", "timestamp": 1700000000.123456}}}`,
	"logback":                  `{"sequenceNumber":0,"timestamp":1700000000123,"nanoseconds":123456789,"level":"INFO","threadName":"main","loggerName":"app","context":{"name":"default","birthdate":1700000000000,"properties":{}},"message":"listening","throwable":null}`,
	"logstash-logback-encoder": `{"@timestamp":"2023-11-14T22:13:20.123Z","@version":"1","message":"listening","logger_name":"app","thread_name":"main","level":"INFO","level_value":20000}`,
	"ECS":                      `{"@timestamp":"2023-11-14T22:13:20.123Z","log.level":"INFO","message":"listening","ecs.version":"8.11"}`,
	"ECS, nested":              `{"@timestamp":"2023-11-14T22:13:20.123Z","log":{"level":"INFO","logger":"app"},"message":"listening","ecs":{"version":"8.11"}}`,
	"Log4j 2":                  `{"instant":{"epochSecond":1700000000,"nanoOfSecond":123000000},"thread":"main","level":"INFO","loggerName":"app","message":"listening"}`,
	"Serilog":                  `{"Timestamp":"2023-11-14T22:13:20.1234567+00:00","Level":"Warning","MessageTemplate":"listening"}`,
	"Serilog, compact":         `{"@t":"2023-11-14T22:13:20.1234567Z","@mt":"listening on {Port}","Port":8080}`,
	"Serilog, rendered":        `{"@t":"2023-11-14T22:13:20.1234567Z","@m":"listening","@i":"a1b2c3d4","@l":"Warning"}`,
	".NET":                     `{"Timestamp":"2023-11-14T22:13:20","EventId":14,"LogLevel":"Information","Category":"Microsoft.Hosting.Lifetime","Message":"listening"}`,
	"Monolog":                  `{"message":"listening","context":{},"level":200,"level_name":"INFO","channel":"app","datetime":"2023-11-14T22:13:20.123456+00:00","extra":{}}`,
	"tracing-subscriber":       `{"timestamp":"2023-11-14T22:13:20.123456Z","level":"INFO","fields":{"message":"listening"},"target":"app"}`,
	"GELF":                     `{"version":"1.1","host":"app","short_message":"listening","timestamp":1700000000.123,"level":6}`,
	"Google Cloud":             `{"severity":"INFO","message":"listening","time":"2023-11-14T22:13:20.123Z"}`,
	"PostgreSQL":               `{"timestamp":"2023-11-14 22:13:20.123 UTC","pid":1,"error_severity":"LOG","message":"listening"}`,
	"MongoDB":                  `{"t":{"$date":"2023-11-14T22:13:20.123+00:00"},"s":"I","c":"NETWORK","id":23015,"ctx":"listener","msg":"Listening on"}`,
}

func TestStructured(t *testing.T) {
	for name, line := range logLines {
		if !structured([]byte(line)) {
			t.Errorf("%s: %s is not structured", name, line)
		}
	}
	for _, line := range []string{
		"listening on 8080",
		"level=info ts=1700000000 msg=listening",
		"[2023-11-14] {not JSON}",
		`{`, `{}`, `[]`, `"level"`,
		`["level","time"]`,
		`[{"level":1,"time":2}]`,
		`{"level":"info"}`,
		`{"time":1}`,
		`{"level":"info","time":1`,
		`{"level":"info","time":1}}`,
		`{"level":"info","time":1} trailing`,
		`{"level":"info","time":1,}`,
		`{"level":"info" "time":1}`,
		`{"level":"info","time":}`,
		`{"level":"info","time":01}`,
		`{"level":"info","time":1.}`,
		`{"level":"info","time":-}`,
		`{"level":"info","time":1e}`,
		`{"level":"info","time":nul}`,
		`{"level":"inf\x","time":1}`,
		`{"level":"\u00g0","time":1}`,
		`{"level":"inf` + "\x01" + `","time":1}`,
		`{level:"info",time:1}`,
		`{"message":{"level":"info","time":1}}`,
		`{"fields":{"record":{"level":"info","time":1}}}`,
		`{"log":[{"level":"info","time":1}]}`,
		`{"msg":"\"level\":1,\"time\":1"}`,
		`{"level":"info","time":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	} {
		if structured([]byte(line)) {
			t.Errorf("%s is structured", line)
		}
	}
}

func TestLines(t *testing.T) {
	log := logLines["slog"]
	long := `{"time":1,"level":2,"msg":"` + strings.Repeat("x", longestLine-len(`{"time":1,"level":2,"msg":""}`)) + `"}`
	for name, c := range map[string]struct {
		text            string
		all, structured int64
	}{
		"nothing":            {"", 0, 0},
		"blank":              {"\n \n\t\r\n", 0, 0},
		"one":                {log + "\n", 1, 1},
		"without end":        {"starting\n" + log, 2, 1},
		"Windows":            {log + "\r\n" + log + "\r\n", 2, 2},
		"among others":       {"starting\n" + log + "\n\n" + log + "\nbye\n", 4, 2},
		"as long as may be":  {long + "\n" + log + "\n", 2, 2},
		"longer than may be": {long + " x\n" + log + "\n", 2, 1},
		"blanks at its end":  {long + " \n" + log + "\n", 2, 1},
		"without line feeds": {strings.Repeat("x", 3*longestLine), 1, 0},
	} {
		for _, piece := range []int{1, 7, 4096, len(c.text) + 1} {
			var l lines
			for left := c.text; len(left) > 0; {
				n := min(piece, len(left))
				l.read([]byte(left[:n]))
				left = left[n:]
			}
			all, structured := l.total()
			if all != c.all || structured != c.structured {
				t.Errorf("%s, by %d bytes: got %d lines, %d structured; want %d and %d", name, piece, all, structured, c.all, c.structured)
			}
			if again, _ := l.total(); again != all {
				t.Errorf("%s: got %d lines when asked again", name, again)
			}
		}
	}
}

// Counting lines allocates nothing, of whatever kind they are.
func TestLinesAllocate(t *testing.T) {
	text := []byte(strings.Repeat("plain\n"+logLines["loguru"]+"\n"+logLines["ECS, nested"]+"\n", 10))
	var l lines
	l.read(text[:100]) // makes room for the part of a line
	l.read(text)
	if n := testing.AllocsPerRun(100, func() { l.read(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A line is structured only if it is JSON, as the standard library reads it.
func FuzzStructured(f *testing.F) {
	for _, line := range logLines {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"a":[1,-0.5e+3,true,false,null,"\u00e9\n"],"level":{},"time":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) == 0 || line[0] != '{' || strings.ContainsAny(string(line), "\n") || strings.Count(string(line), "[")+strings.Count(string(line), "{") > deepest {
			return
		}
		j := jsonText{line, 0}
		if got, want := j.blanks(max(0, j.object(0, 0))) == len(line), json.Valid(line); got != want {
			t.Fatalf("%q: JSON is %v, want %v", line, got, want)
		}
		if structured(line) {
			var members map[string]json.RawMessage
			if err := json.Unmarshal(line, &members); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
	})
}
