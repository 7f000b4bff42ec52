package probe

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// longestLine is how long a line may be to be looked at: collectors of logs cut
// longer ones.
const longestLine = 64 << 10

// lines counts those of a stream.
type lines struct {
	all, structured int64
	// part is the beginning of the line that has no end yet: as much as tells a line
	// that is too long.
	part []byte
}

// read counts the lines that end in what is new.
func (l *lines) read(text []byte) {
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			l.hold(text)
			return
		}
		if len(l.part) == 0 {
			l.count(text[:end])
		} else {
			l.hold(text[:end])
			l.end()
		}
		text = text[end+1:]
	}
}

func (l *lines) hold(text []byte) {
	room := longestLine + 1 - len(l.part)
	l.part = append(l.part, text[:min(room, len(text))]...)
}

// end is called at the end of the line that is held.
func (l *lines) end() {
	l.count(l.part)
	l.part = l.part[:0]
}

func (l *lines) count(line []byte) {
	short := len(line) <= longestLine
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return
	}
	l.all++
	if short && structured(line) {
		l.structured++
	}
}

// total returns the number of lines, and of structured ones among them, where the
// last may have no end.
func (l *lines) total() (all, structured int64) {
	last := lines{all: l.all, structured: l.structured, part: slices.Clone(l.part)}
	last.end()
	return last.all, last.structured
}

// What a member of a JSON object says of a line of a log, as bits.
const (
	saysTime = 1 << iota
	saysLevel
	// holds is of an object that has the time, or the level, in it.
	holds
)

// longestKey is the length of the longest name that keyOf knows.
const longestKey = 15

// keyOf returns what the member of a name says. The names are those that logging
// libraries write unless they are told otherwise, without regard to case:
//
//   - zap: level, ts (https://pkg.go.dev/go.uber.org/zap#NewProductionEncoderConfig);
//     zerolog: level, time; slog: time, level (https://pkg.go.dev/log/slog#JSONHandler);
//     logrus: level, time; hclog: @level, @timestamp
//   - pino: level, time (https://github.com/pinojs/pino/blob/main/docs/api.md);
//     bunyan: level, time; winston: level, timestamp
//   - structlog: level, timestamp (https://www.structlog.org/en/stable/logging-best-practices.html);
//     python-json-logger, which has the names of LogRecord: asctime, created,
//     levelname, levelno; loguru: level and time within record
//   - logback: timestamp, level (https://logback.qos.ch/manual/encoders.html#JsonEncoder);
//     logstash-logback-encoder: @timestamp, level; Log4j 2: instant, timeMillis, level;
//     ECS: @timestamp, and log.level or level within log
//     (https://www.elastic.co/guide/en/ecs/current/ecs-log.html)
//   - Serilog: Timestamp, Level, or @t and @l, which it leaves out of events of the
//     level Information: they have @m or @mt still
//     (https://github.com/serilog/serilog-formatting-compact);
//     .NET's console: Timestamp, LogLevel
//   - Monolog: datetime, level_name; tracing-subscriber: timestamp, level; GELF:
//     timestamp, level; Google Cloud: severity, time, timestamp
//     (https://cloud.google.com/logging/docs/structured-logging);
//     OpenTelemetry: Timestamp, SeverityText, SeverityNumber; PostgreSQL:
//     timestamp, error_severity; MongoDB: t, s
func keyOf(name []byte) int {
	if len(name) > longestKey {
		return 0
	}
	var small [longestKey]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		small[i] = c
	}
	switch string(small[:len(name)]) {
	case "time", "ts", "t", "@t", "timestamp", "@timestamp", "datetime", "date", "asctime", "created", "instant", "timemillis", "time_unix_nano", "timeunixnano":
		return saysTime
	case "level", "lvl", "l", "s", "@l", "@m", "@mt", "@level", "severity", "log.level", "levelname", "levelno", "level_name", "loglevel", "log_level", "severitytext", "severity_text", "severitynumber", "severity_number", "error_severity":
		return saysLevel
	case "log", "record":
		return holds
	}
	return 0
}

// structured reports whether a line is a JSON object that says its time and its
// level.
func structured(line []byte) bool {
	if line[0] != '{' {
		return false
	}
	j := jsonText{line, 0}
	end := j.object(0, 0)
	return end == len(line) && j.says == saysTime|saysLevel
}

// jsonText is a text that is read as JSON, and what members of the objects that
// were looked at say. Its methods take the place where something begins and return
// the one after its end; -1 if it is not JSON. They allocate nothing.
type jsonText struct {
	text []byte
	says int
}

// deepest bounds how deep values may lie: nobody's log lies deeper.
const deepest = 200

func (j *jsonText) value(at, depth int) int {
	if at >= len(j.text) {
		return -1
	}
	switch c := j.text[at]; c {
	case '"':
		return j.string(at)
	case '{':
		return j.object(at, depth)
	case '[':
		return j.array(at, depth)
	case 't':
		return j.word(at, "true")
	case 'f':
		return j.word(at, "false")
	case 'n':
		return j.word(at, "null")
	default:
		return j.number(at)
	}
}

// object reads an object. The outermost is at depth 0; its members, and those of
// the objects in it that may hold them, are looked at.
func (j *jsonText) object(at, depth int) int {
	if depth > deepest {
		return -1
	}
	looked := (depth == 0 || depth == withinRecord) && j.says != saysTime|saysLevel
	if at = j.blanks(at + 1); at < len(j.text) && j.text[at] == '}' {
		return at + 1
	}
	for {
		if at >= len(j.text) || j.text[at] != '"' {
			return -1
		}
		end := j.string(at)
		if end < 0 {
			return -1
		}
		inner := max(depth, 0) + 1
		if looked {
			says := keyOf(j.text[at+1 : end-1])
			if j.says |= says &^ holds; says == holds && depth == 0 {
				inner = withinRecord
			}
		}
		if at = j.blanks(end); at >= len(j.text) || j.text[at] != ':' {
			return -1
		}
		if at = j.value(j.blanks(at+1), inner); at < 0 {
			return -1
		}
		if at = j.blanks(at); at >= len(j.text) {
			return -1
		}
		switch j.text[at] {
		case '}':
			return at + 1
		case ',':
			at = j.blanks(at + 1)
		default:
			return -1
		}
	}
}

// withinRecord is the depth of an object whose members are looked at as well.
const withinRecord = -1

func (j *jsonText) array(at, depth int) int {
	if depth > deepest {
		return -1
	}
	if at = j.blanks(at + 1); at < len(j.text) && j.text[at] == ']' {
		return at + 1
	}
	for {
		if at = j.value(at, max(depth, 0)+1); at < 0 {
			return -1
		}
		if at = j.blanks(at); at >= len(j.text) {
			return -1
		}
		switch j.text[at] {
		case ']':
			return at + 1
		case ',':
			at = j.blanks(at + 1)
		default:
			return -1
		}
	}
}

// string reads what is between quotes.
func (j *jsonText) string(at int) int {
	text := j.text
	for at++; ; {
		if at = special(text, at); at == len(text) {
			return -1
		}
		switch c := text[at]; {
		case c == '"':
			return at + 1
		case c != '\\' || at+1 == len(text):
			return -1
		}
		switch text[at+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			at += 2
		case 'u':
			const digits = 4
			end := at + 2 + digits
			if end > len(text) {
				return -1
			}
			for at += 2; at < end; at++ {
				if !hexadecimal(text[at]) {
					return -1
				}
			}
		default:
			return -1
		}
	}
}

// special returns the place of the next quote, backslash or control character;
// the text's end if there is none.
func special(text []byte, at int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(text); at += 8 {
		// In the lowest byte of eight that is less than a number, subtracting that
		// borrows; and so does 1 of the lowest that is zero.
		eight := binary.LittleEndian.Uint64(text[at:])
		quote, backslash := eight^each*'"', eight^each*'\\'
		if found := ((eight-each*' ')&^eight | (quote-each)&^quote | (backslash-each)&^backslash) & top; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for ; at < len(text); at++ {
		if c := text[at]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return at
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (j *jsonText) word(at int, word string) int {
	if end := at + len(word); end <= len(j.text) && string(j.text[at:end]) == word {
		return end
	}
	return -1
}

func (j *jsonText) number(at int) int {
	is := func(c byte) bool { return at < len(j.text) && j.text[at] == c }
	digits := func() bool {
		begin := at
		for at < len(j.text) && j.text[at] >= '0' && j.text[at] <= '9' {
			at++
		}
		return at > begin
	}
	if is('-') {
		at++
	}
	if is('0') {
		at++
	} else if !digits() {
		return -1
	}
	if is('.') {
		if at++; !digits() {
			return -1
		}
	}
	if is('e') || is('E') {
		if at++; is('+') || is('-') {
			at++
		}
		if !digits() {
			return -1
		}
	}
	return at
}

func (j *jsonText) blanks(at int) int {
	for at < len(j.text) && (j.text[at] == ' ' || j.text[at] == '\t' || j.text[at] == '\r') {
		at++
	}
	return at
}
