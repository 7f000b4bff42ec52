package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/report"
)

// BaselineFile is the path of the baseline, beside the policy.
const BaselineFile = ".imagegate-baseline.json"

// baselineVersion is that of the file; it changes where findings would no longer be
// the same as in the one before.
const baselineVersion = 1

const baselineFix = "Take it from the history of the repository; or remove it, and write it anew with imagegate baseline"

// Baseline are the findings that a project had when it began to be judged: they are
// accepted, so that only new ones block. It shrinks as they are mended, and grows only
// by an explicit wish.
type Baseline struct {
	entries []baselined
	// where is how the places of its entries call the file.
	where string
}

// fingerprint is what stays of a finding when lines move, layers are built again and
// packages are upgraded: the numbers in its message are left out, and the version of
// its subject.
type fingerprint struct {
	// Image is the Dockerfile that the image is built from, and the stage behind a #
	// if that is not the last one; the directory of Compose files that are judged
	// alone.
	Image   string `json:"image"`
	Check   string `json:"check"`
	Path    string `json:"path,omitempty"`
	Subject string `json:"subject,omitempty"`
	Message string `json:"message"`
}

// baselined is a line of the file.
type baselined struct {
	fingerprint
	// Count is how many findings are the same.
	Count int `json:"count"`
	// Measured is what each of them measures against a budget, the largest first. It is
	// nil where that is nothing, and in a line that was written before it was recorded:
	// as much as one likes is accepted by that.
	Measured []int64 `json:"measured,omitempty"`
	line     int
}

// ImageOf returns what a baseline calls an image.
func ImageOf(dockerfile, target string) string {
	if target == "" {
		return dockerfile
	}
	return dockerfile + "#" + target
}

// LoadBaseline reads the baseline in a directory, whose places carry a name; nil
// where there is none.
func LoadBaseline(files fs.FS, name string) (*Baseline, error) {
	text, err := dockerfile.ReadFile(files, BaselineFile)
	var unreadable *checks.FileError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.As(err, &unreadable):
		unreadable.Location.Path = name
		return nil, unreadable
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return ParseBaseline(name, text)
}

// ParseBaseline reads a baseline of a name, which its places carry. What is not
// understood is a checks.FileError that names the line.
func ParseBaseline(name string, text []byte) (*Baseline, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	invalid := func(err error) error {
		offset := decoder.InputOffset()
		var syntax *json.SyntaxError
		var value *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			offset = syntax.Offset
		case errors.As(err, &value):
			offset = value.Offset
		}
		line := 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
		return &checks.FileError{Location: checks.Location{Path: name, Line: line}, Err: err, Fix: baselineFix}
	}
	b := &Baseline{where: name}
	var document struct {
		Version  int               `json:"version"`
		Findings []json.RawMessage `json:"findings"`
	}
	if err := decoder.Decode(&document); err != nil {
		return nil, invalid(fmt.Errorf("the file is no baseline: %w", err))
	}
	if document.Version != baselineVersion {
		return nil, &checks.FileError{
			Location: checks.Location{Path: name, Line: 1}, Fix: baselineFix,
			Err: fmt.Errorf("the baseline has version %d, and %d is read here", document.Version, baselineVersion),
		}
	}
	if decoder.More() {
		return nil, invalid(errors.New("something stands behind the baseline"))
	}
	offset, line, given := 0, 1, map[fingerprint]bool{}
	index := map[fingerprint]int{} // of entries
	for _, raw := range document.Findings {
		start := offset + bytes.Index(text[offset:], raw)
		line += bytes.Count(text[offset:start], []byte("\n"))
		e := baselined{line: line}
		line += bytes.Count(raw, []byte("\n"))
		offset = start + len(raw)
		one := json.NewDecoder(bytes.NewReader(raw))
		one.DisallowUnknownFields()
		err := one.Decode(&e)
		switch {
		case err != nil:
		case e.Check == "" || e.Image == "" || e.Message == "":
			err = errors.New("it needs image, check and message")
		case e.Count < 1:
			err = fmt.Errorf("its count is %d: it is 1 or more", e.Count)
		case given[e.fingerprint]:
			err = errors.New("it stands there twice")
		case e.Measured != nil && len(e.Measured) != e.Count:
			err = fmt.Errorf("its count is %d, and %d amounts are measured: there is one for each", e.Count, len(e.Measured))
		case slices.ContainsFunc(e.Measured, func(n int64) bool { return n < 1 }):
			err = errors.New("what is measured is 1 or more")
		}
		if err != nil {
			return nil, &checks.FileError{Location: checks.Location{Path: name, Line: e.line}, Err: fmt.Errorf("the finding cannot be read: %w", err), Fix: baselineFix}
		}
		given[e.fingerprint] = true
		// An earlier version left the units of sizes in, and may have two lines for one.
		e.Message = withoutNumbers(e.Message)
		i, ok := index[e.fingerprint]
		if !ok {
			index[e.fingerprint] = len(b.entries)
			b.entries = append(b.entries, e)
			continue
		}
		same := &b.entries[i]
		if same.Measured != nil && e.Measured != nil {
			same.Measured = append(same.Measured, e.Measured...)
		} else {
			same.Measured = nil
		}
		same.Count += e.Count
	}
	for _, e := range b.entries {
		largestFirst(e.Measured)
	}
	return b, nil
}

// JSON returns the file: sorted, and a line for each finding, so that a reviewer sees
// which ones go. One that is too large to be read again is an error.
func (b *Baseline) JSON() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n  \"version\": %d,\n  \"findings\": [", baselineVersion)
	for i, e := range b.sorted() {
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n    ")
		line := &bytes.Buffer{}
		encoder := json.NewEncoder(line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(e); err != nil {
			return nil, fmt.Errorf("encode the baseline: %w", err)
		}
		out.Write(bytes.TrimSpace(line.Bytes()))
	}
	if len(b.entries) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]\n}\n")
	if out.Len() > dockerfile.MaxFileSize {
		return nil, fmt.Errorf("the baseline has %d bytes, and at most %d are read again: accept most of its %d findings by waivers, or give parts of the repository a policy and a baseline of their own", out.Len(), dockerfile.MaxFileSize, b.Len())
	}
	return out.Bytes(), nil
}

func (b *Baseline) sorted() []baselined {
	return slices.SortedFunc(slices.Values(b.entries), func(a, b baselined) int {
		return cmp.Or(
			cmp.Compare(a.Image, b.Image), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Message, b.Message),
		)
	})
}

// Len returns how many findings it accepts.
func (b *Baseline) Len() int {
	n := 0
	for _, e := range b.entries {
		n += e.Count
	}
	return n
}

// Accepting applies a baseline to the results of one image.
type Accepting struct {
	baseline *Baseline
	image    string
	// locked reports whether a check is locked, so that nothing it finds is accepted.
	locked func(check string) bool

	// What Apply saw: how many findings of an entry there are, up to its count, which
	// checks were skipped, could not be judged, or were judged, on whatever platform.
	there                    map[fingerprint]int
	skipped, broken, settled map[string]bool
}

// Accept returns what applies the baseline to an image: see ImageOf. The policy says
// which checks are locked.
func (b *Baseline) Accept(image string, p Policy, names checks.Names) *Accepting {
	return &Accepting{
		baseline: b, image: image, there: map[fingerprint]int{},
		skipped: map[string]bool{}, broken: map[string]bool{}, settled: map[string]bool{},
		locked: func(check string) bool { _, ok := p.Lock(check, names); return ok },
	}
}

// Apply returns results of one gate with the findings accepted that the baseline
// holds. The same findings of two platforms are one.
func (a *Accepting) Apply(results []checks.Result) []checks.Result {
	left := map[fingerprint]*allowance{}
	for _, e := range a.baseline.entries {
		if e.Image == a.image {
			left[e.fingerprint] = e.allowance()
		}
	}
	results = slices.Clone(results)
	for i, res := range results {
		a.saw(res)
		if a.locked(res.Check) {
			continue
		}
		res.Findings = slices.Clone(res.Findings)
		for j := range res.Findings {
			f := &res.Findings[j]
			of := left[fingerprintOf(a.image, res.Check, *f)]
			if of == nil || !isBaselined(res.Check, *f) {
				continue
			}
			of.found++
			if _, ok := of.take(f.Measured.Value); !ok {
				if was := of.most(); was > 0 && !covers(was, f.Measured.Value) {
					f.Message += fmt.Sprintf(" (was %s when the baseline was written)", checks.Amount{Value: was, Unit: f.Measured.Unit})
				}
				continue
			}
			f.Status, f.Reason = checks.Waived, "it is an old one, of "+BaselineFile
			f.AcceptedBy = append(slices.Clip(f.AcceptedBy), checks.Location{Path: a.baseline.where, Line: of.entry.line})
		}
		if len(res.Findings) > 0 && res.Status != checks.Error {
			res.Status = res.Worst()
		}
		results[i] = res
	}
	for id, of := range left {
		a.there[id] = max(a.there[id], min(of.found, of.entry.Count))
	}
	return results
}

// saw notes what became of a check.
func (a *Accepting) saw(res checks.Result) {
	switch res.Status {
	case checks.Error:
		a.broken[res.Check] = true
	case checks.Skipped:
		a.skipped[res.Check] = true
	default:
		a.settled[res.Check] = true
	}
}

// judged reports whether all that a check would find was found. One that was skipped
// has nothing to say of a source that could be read; of an image it may another time,
// on another engine.
func (a *Accepting) judged(check string) bool {
	switch {
	case a.broken[check]:
		return false
	case a.skipped[check] && isOfSource(check):
		for broken := range a.broken {
			if isOfSource(broken) {
				return false
			}
		}
		return true
	}
	return a.settled[check] && !a.skipped[check]
}

// Gone returns a finding for each line of the baseline that no longer occurs, or not
// as often, in what Apply saw, sorted by line. What was not judged is not gone; a
// check that is no more, by its name, is.
func (a *Accepting) Gone(names checks.Names) []checks.Finding {
	var found []checks.Finding
	for _, e := range a.baseline.entries {
		n := a.there[e.fingerprint]
		known := len(names.Find(e.Check)) > 0
		if e.Image != a.image || n >= e.Count || known && !a.judged(e.Check) {
			continue
		}
		f := checks.At(checks.Location{Path: a.baseline.where, Line: e.line}, "the baseline accepts %d of %s%s, and there are %d: %s", e.Count, e.Check, inPath(e.Path), n, e.Message)
		f.Subject = e.Check
		found = append(found, f)
	}
	return found
}

// Results judges by the checks of a profile what Gone finds: for a caller that has no
// use for Review.
func (a *Accepting) Results(names checks.Names, p checks.Profile) []checks.Result {
	problems := &Problems{}
	for _, f := range a.Gone(names) {
		problems.add(gone.ID, f)
	}
	results := checks.Run(checks.Select([]Check{gone}, p), problems)
	for i, res := range results {
		results[i] = p.Apply(res)
	}
	return results
}

func inPath(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

// Update returns the baseline as it is after a run of an image's gates, which had no
// baseline themselves: without what is gone and, if add is set, with what is new. What
// was not judged, and what is of other images, stays. It also returns by how many
// findings it grew and shrank. A nil baseline is an empty one.
func (b *Baseline) Update(image string, gates []report.Gate, p Policy, rules []checks.Rule, add bool) (updated *Baseline, added, removed int) {
	if b == nil {
		b = &Baseline{where: BaselineFile}
	}
	names := checks.NamesOf(rules)
	seen := b.Accept(image, p, names)
	found := map[fingerprint][]int64{} // what each measures; 0 where that is nothing
	for _, g := range gates {
		here := map[fingerprint][]int64{}
		for _, res := range g.Results {
			seen.saw(res)
			for _, f := range res.Findings {
				if isBaselined(res.Check, f) && !seen.locked(res.Check) {
					id := fingerprintOf(image, res.Check, f)
					here[id] = append(here[id], f.Measured.Value)
				}
			}
		}
		for id, amounts := range here {
			found[id] = larger(found[id], amounts)
		}
	}
	updated = &Baseline{where: b.where}
	for _, e := range b.entries {
		amounts := found[e.fingerprint]
		delete(found, e.fingerprint)
		if known := len(names.Find(e.Check)) > 0; e.Image != image || known && !seen.judged(e.Check) {
			updated.entries = append(updated.entries, e)
			continue
		}
		now, old := e.kept(amounts)
		if add {
			now = entryOf(e.fingerprint, amounts)
			added += now.Count - old
			removed += e.Count - old
		} else {
			removed += e.Count - now.Count
		}
		if now.line = e.line; now.Count > 0 {
			updated.entries = append(updated.entries, now)
		}
	}
	for id, amounts := range found {
		if add {
			updated.entries = append(updated.entries, entryOf(id, amounts))
			added += len(amounts)
		}
	}
	updated.entries = updated.sorted()
	return updated, added, removed
}

// isBaselined reports whether a finding is one that a baseline may hold: one that
// blocks or warns, of a check in which a policy has a say.
func isBaselined(check string, f checks.Finding) bool {
	return (f.Status == checks.Fail || f.Status == checks.Warn) && !isSettled(check)
}

func fingerprintOf(image, check string, f checks.Finding) fingerprint {
	words := strings.Fields(f.Subject)
	for i, w := range words {
		words[i] = withoutVersion(w)
	}
	return fingerprint{Image: image, Check: check, Path: f.Location.Path, Subject: strings.Join(words, " "), Message: withoutNumbers(cmp.Or(f.Known, f.Message))}
}

var (
	// wordNumber is a word that is a number, with or without a unit.
	wordNumber = regexp.MustCompile(`^[0-9][0-9.,]*([kMGTP]i?B|B|ms|s|m|h|d|%)?$`)
	// wordUnit is a word behind a number that is the unit of a size: 999 MB become 1.0 GB.
	wordUnit = regexp.MustCompile(`^([kMGTPE]i?)?B$`)
	// wordPlace is a word that is a place in a file.
	wordPlace = regexp.MustCompile(`^(.*(?:\.ya?ml|[Dd]ockerfile|ignore)):[0-9]+(?::[0-9]+)?$`)
	digest    = regexp.MustCompile(`sha(256|512):[0-9a-f]+`)
)

// withoutNumbers returns a message in one line, with a # for what differs from one
// build to the next: sizes, times, counts, lines, digests. A number within a word, as
// in alpine:3.20 or DL3006, stays. Of what it returns it returns the same.
func withoutNumbers(message string) string {
	var words []string
	sized := false // whether the word before is a number, behind which a unit may stand
	for _, w := range strings.Fields(digest.ReplaceAllString(message, "sha$1:#")) {
		core := strings.Trim(w, `()[]{},;:."'`)
		front, behind, _ := strings.Cut(w, core)
		switch {
		case core == "":
			sized = false
		case sized && front == "" && wordUnit.MatchString(core):
			words[len(words)-1] += behind
			sized = behind == ""
			continue
		case core == "#", wordNumber.MatchString(core):
			w, sized = front+"#"+behind, behind == ""
		default:
			if wordPlace.MatchString(core) {
				w = front + wordPlace.ReplaceAllString(core, "$1:#") + behind
			}
			sized = false
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
