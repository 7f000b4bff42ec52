package suppress

import (
	"fmt"
	"strings"
	"time"
)

// parsed is what a comment accepts.
type parsed struct {
	ids []word
	// file is whether it accepts findings of the whole file.
	file   bool
	reason string
	// until is the last day on which it holds, as 2006-01-02; empty for ever.
	until string
	// problem is why a comment of ours cannot be read, and fix how to write it.
	problem, fix string
}

// verb returns the word that a comment of ours starts with.
func (p parsed) verb() string {
	if p.file {
		return fileVerb
	}
	return instructionVerb
}

// word is a part of a comment, and the byte that it starts at.
type word struct {
	text  string
	start int
}

const (
	instructionVerb = "imagegate:ignore"
	fileVerb        = "imagegate:ignore-file"
	form            = "# imagegate:ignore ID[,ID] reason=… [until=YYYY-MM-DD]"
)

// parseOwn reads a comment of ours; false if it is none. The comment starts with
// its "#".
func parseOwn(comment string) (parsed, bool) {
	words := wordsOf(comment)
	if len(words) == 0 {
		return parsed{}, false
	}
	verb := strings.ToLower(words[0].text)
	p := parsed{file: verb == fileVerb}
	switch {
	case verb == instructionVerb, verb == fileVerb:
	case strings.HasPrefix(verb, "imagegate:") && verb != "imagegate:", strings.HasPrefix(verb, "imagegate-ignore"),
		(verb == "imagegate" || verb == "imagegate:") && len(words) > 1 && strings.HasPrefix(strings.ToLower(words[1].text), "ignore"):
		p.problem = "it does not start with " + instructionVerb + " or " + fileVerb
		p.fix = "Write " + form
		return p, true
	default:
		return parsed{}, false
	}
	p.fix = "Write " + strings.Replace(form, instructionVerb, p.verb(), 1)

	rest := words[1:]
	comma := false // whether another id has to follow
	for len(rest) > 0 && !strings.Contains(rest[0].text, "=") && (len(p.ids) == 0 || comma || strings.HasPrefix(rest[0].text, ",")) {
		comma = strings.HasSuffix(rest[0].text, ",")
		start := rest[0].start
		for _, id := range strings.Split(rest[0].text, ",") {
			if id != "" {
				p.ids = append(p.ids, word{id, start})
			}
			start += len(id) + 1
		}
		rest = rest[1:]
	}
	if len(p.ids) == 0 {
		p.problem = "it names no check"
		return p, true
	}
	var reason []string
	for i := 0; i < len(rest); i++ {
		key, value, hasKey := strings.Cut(rest[i].text, "=")
		switch {
		case hasKey && key == "until":
			if p.problem = p.setUntil(value); p.problem != "" {
				return p, true
			}
		case hasKey && key == "reason" && reason == nil:
			reason = []string{value}
		case reason == nil:
			p.problem = fmt.Sprintf("%q is neither reason=… nor until=YYYY-MM-DD", rest[i].text)
			return p, true
		case dated(rest[i].text):
			p.problem = fmt.Sprintf("%q looks like a date that it ends on", rest[i].text)
			return p, true
		default:
			reason = append(reason, rest[i].text)
		}
	}
	p.reason = unquote(strings.TrimSpace(strings.Join(reason, " ")))
	return p, true
}

func (p *parsed) setUntil(value string) (problem string) {
	if p.until != "" {
		return "it has until= twice"
	}
	value = unquote(value)
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return fmt.Sprintf("until=%s is no date", value)
	}
	p.until = value
	return ""
}

// dated reports whether a word is a date with a key in front, as in
// expires=2027-01-31: what somebody writes who forgot that it is until=.
func dated(text string) bool {
	i := strings.IndexAny(text, "=:")
	if i < 1 || strings.Trim(text[:i], "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	_, err := time.Parse(time.DateOnly, text[i+1:])
	return err == nil
}

func unquote(text string) string {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return text[1 : n-1]
	}
	return text
}

// wordsOf returns the words of a comment, without its "#".
func wordsOf(comment string) []word {
	var words []word
	start := -1
	for i := 1; i <= len(comment); i++ {
		space := i == len(comment) || comment[i] == ' ' || comment[i] == '\t'
		switch {
		case space && start >= 0:
			words = append(words, word{comment[start:i], start})
			start = -1
		case !space && start < 0:
			start = i
		}
	}
	return words
}

// parseOther reads a comment by which hadolint, Checkov or Trivy accept findings
// in a Dockerfile, as these read it.
func parseOther(comment string) []parsed {
	text := strings.TrimSpace(strings.TrimPrefix(comment, "#"))
	var all []parsed
	switch {
	case strings.HasPrefix(text, "hadolint"):
		if p, ok := parseHadolint(strings.TrimPrefix(text, "hadolint")); ok {
			all = append(all, p)
		}
	case strings.HasPrefix(text, "checkov:skip=") || strings.HasPrefix(text, "bridgecrew:skip="):
		_, skip, _ := strings.Cut(text, "=")
		id, reason, _ := strings.Cut(skip, ":")
		// Checkov accepts in the whole Dockerfile, wherever the comment stands.
		all = append(all, parsed{ids: []word{{text: strings.TrimSpace(id)}}, file: true, reason: strings.TrimSpace(reason)})
	default:
		for _, w := range wordsOf(comment) {
			if p, ok := parseTrivy(strings.TrimLeft(w.text, "#")); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// parseHadolint reads what stands behind "hadolint": ignore=DL3006,DL3008, with
// a comment of its own behind that.
func parseHadolint(text string) (parsed, bool) {
	var p parsed
	trimmed := strings.TrimLeft(text, " \t")
	if trimmed == text {
		return p, false
	}
	if rest, ok := strings.CutPrefix(trimmed, "global"); ok {
		p.file = true
		if trimmed = strings.TrimLeft(rest, " \t"); trimmed == rest {
			return p, false
		}
	}
	rest, ok := strings.CutPrefix(trimmed, "ignore")
	if rest = strings.TrimLeft(rest, " \t"); !ok || !strings.HasPrefix(rest, "=") {
		return p, false
	}
	list, reason, _ := strings.Cut(rest[1:], "#")
	for _, id := range strings.Split(list, ",") {
		id = strings.Trim(id, " \t")
		if id == "" || strings.Trim(id, "DLSC0123456789") != "" {
			return p, false
		}
		p.ids = append(p.ids, word{text: id})
	}
	p.reason = strings.TrimSpace(reason)
	return p, true
}

// parseTrivy reads trivy:ignore:DS-0002, with the day that it ends on behind
// :exp:.
func parseTrivy(text string) (parsed, bool) {
	parts := strings.Split(text, ":")
	if len(parts) < 3 || (parts[0] != "trivy" && parts[0] != "tfsec") {
		return parsed{}, false
	}
	var p parsed
	for i := 1; i+1 < len(parts); i += 2 {
		switch value := parts[i+1]; parts[i] {
		case "ignore":
			id, _, _ := strings.Cut(value, "[")
			p.ids = []word{{text: id}}
		case "exp":
			if _, err := time.Parse(time.DateOnly, value); err != nil {
				return parsed{}, false
			}
			p.until = value
		}
	}
	return p, len(p.ids) > 0
}
