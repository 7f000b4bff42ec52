// Package runtime judges what the probe observed when it ran the image: as whom
// its processes run, whether it turns healthy and its HEALTHCHECK can fail, what it
// listens on, writes and takes, and whether it stops when it is asked to.
package runtime

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

// All lists the checks of this package.
func All() []checks.Check[*Run] {
	return []checks.Check[*Run]{
		start, user, capabilities, setuid,
		healthcheck, healthcheckFrozen, ports, metrics,
		requiredVariable, logs, secretsInOutput, logFiles, readOnlyRootfs,
		resources, zombies,
		stopSignal, requestsInFlight,
	}
}

// maxDocument is how large an observation can be: the probe keeps far less.
const maxDocument = 4 << 20

// Decode reads the document that the probe wrote. Anything else is an error: an
// empty document is what a probe that was killed leaves.
func Decode(r io.Reader) (*probe.Observation, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("read the probe's observation: %w", err)
	}
	if len(text) == 0 {
		return nil, fmt.Errorf("the probe wrote nothing: it was killed, perhaps for memory; run the gate again")
	}
	var o probe.Observation
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("decode the probe's observation: %w", err)
	}
	if o.Version != probe.Version {
		return nil, fmt.Errorf("the probe's observation is of version %d, want %d", o.Version, probe.Version)
	}
	outcomes := 0
	for _, is := range []bool{o.StartError != "", o.Early != nil, o.Stop != nil} {
		if is {
			outcomes++
		}
	}
	if outcomes != 1 && (outcomes != 0 || !o.StartOnly) {
		return nil, fmt.Errorf("the probe's observation is incomplete or contradicts itself: it must say that the main process could not be started, how it ended early, or how it was stopped")
	}
	return &o, nil
}

// Example parses an example document of this package: a Run as JSON, its
// observation without its version.
func Example(text string) (*Run, error) {
	text = strings.Replace(text, "{", fmt.Sprintf(`{"version": %d, `, probe.Version), 1)
	o, err := Decode(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	r := &Run{Observation: o}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("decode the example: %w", err)
	}
	return r, nil
}

// started returns a Skip where the main process did not start or did not live
// long enough to be judged further.
func started(o *Run) (checks.Outcome, bool) {
	switch {
	case o.Exceeded != nil:
		return exceeded(), false
	case o.StartError != "" || o.Early != nil:
		return checks.Skip("the main process did not stay up: runtime/start says why"), false
	}
	return checks.Outcome{}, true
}

// exceeded is the outcome of what cannot be judged since everything was killed: how
// that looks depends on what the application was doing.
func exceeded() checks.Outcome {
	return checks.Skip("the application went beyond a limit and was killed: runtime/resources says which")
}

// stopped returns a Skip where the main process was not asked to stop.
func stopped(o *Run) (checks.Outcome, bool) {
	if out, ok := started(o); !ok {
		return out, false
	}
	if o.Stop == nil {
		return checks.Skip("the image was only started"), false
	}
	return checks.Outcome{}, true
}

// ended says how a process ended, in words.
func ended(e *probe.Exit) string {
	if e.Signal != "" {
		return "was killed by " + e.Signal
	}
	return fmt.Sprintf("exited with status %d", e.Code)
}

// lastLines returns the end of a program's output on one line, to be put behind
// a message; empty where it wrote nothing.
func lastLines(text string) string {
	const lines, bytes = 5, 400
	all := strings.FieldsFunc(strings.TrimSpace(text), func(r rune) bool { return r == '\n' || r == '\r' })
	all = all[max(0, len(all)-lines):]
	tail := line(strings.Join(all, " | "))
	if over := len(tail) - bytes; over > 0 {
		tail = "… " + strings.ToValidUTF8(tail[over:], "")
	}
	if tail == "" {
		return "; it wrote nothing"
	}
	return "; its last output: " + tail
}

// maxShownCommand is how many bytes of a command line are shown.
const maxShownCommand = 120

// command returns the words of a command line, cut where it is long.
func command(args []string) string {
	text := line(strings.Join(args, " "))
	if len(text) > maxShownCommand {
		text = strings.ToValidUTF8(text[:maxShownCommand], "") + "…"
	}
	return text
}

// escapes are the sequences by which a program colours its output.
var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// line returns text that a program chose as one line of printable characters.
func line(text string) string {
	text = escapes.ReplaceAllString(text, "")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), " ")
}

func outputTail(o probe.Output) string {
	if o.Tail != "" {
		return lastLines(o.Tail)
	}
	return lastLines(o.Head)
}

// short rounds a duration for reading.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
