package source

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// script returns what is to know of the script that a call stands in; nil for one in
// exec form.
func (r *runLayer) script(call dockerfile.Call) *shellScript {
	if call.Node == nil {
		return nil
	}
	if known := r.scripts[call.Script]; known != nil {
		return known
	}
	script := &shellScript{assigned: map[string]string{}}
	read := func(assigns []*syntax.Assign) {
		for _, assign := range assigns {
			if assign.Name != nil && !assign.Naked {
				script.assigned[assign.Name.Value] = assignedWord(call.Script, assign)
			}
		}
	}
	syntax.Walk(call.Script.File, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.FuncDecl:
			script.functions = append(script.functions, node)
		case *syntax.CallExpr:
			if len(node.Args) == 0 {
				read(node.Assigns)
			}
		case *syntax.DeclClause:
			read(node.Args)
		}
		return true
	})
	r.scripts[call.Script] = script
	return script
}

func assignedWord(script *dockerfile.Script, assign *syntax.Assign) string {
	if assign.Value == nil {
		return ""
	}
	return script.Word(assign.Value)
}

// inFunction reports whether a call stands in a function of its script.
func (r *runLayer) inFunction(call dockerfile.Call) bool {
	script := r.script(call)
	return script != nil && slices.ContainsFunc(script.functions, func(f *syntax.FuncDecl) bool {
		return f.Pos().Offset() <= call.Node.Pos().Offset() && call.Node.Pos().Offset() < f.End().Offset()
	})
}

// maxBraces is how many words the braces of one are expanded to.
const maxBraces = 64

// braces expands the braces of a word, as in /var/{cache,log}.
func braces(word string) []string {
	words := []string{word}
	for i := 0; i < len(words) && len(words) < maxBraces; {
		word := words[i]
		from := strings.LastIndex(word, "{")
		if from < 0 || from > 0 && word[from-1] == '$' {
			i++
			continue
		}
		inner, tail, ok := strings.Cut(word[from+1:], "}")
		if !ok || !strings.Contains(inner, ",") {
			i++
			continue
		}
		var expanded []string
		for _, part := range strings.Split(inner, ",") {
			expanded = append(expanded, word[:from]+part+tail)
		}
		words = slices.Replace(words, i, i+1, expanded...)
	}
	return words
}

// word returns what a word of the script is where the shell runs it; ""
// and true for a path that is made for this RUN alone, as by mktemp.
func (r *runLayer) word(call dockerfile.Call, word string) (text string, known bool) {
	for _, home := range []string{"$HOME", "${HOME}"} {
		if rest, ok := strings.CutPrefix(word, home); ok && (rest == "" || rest[0] == '/') {
			word = "~" + rest
		}
	}
	if !strings.ContainsAny(word, "$`") {
		return word, true
	}
	if name, tail := cutVariable(word); name != "" {
		if value, ok := r.assigned(call, name); ok {
			if strings.HasPrefix(value, "$(mktemp") || strings.HasPrefix(value, "`mktemp") {
				return "", true
			}
			if word = value + tail; !strings.ContainsAny(word, "$`") {
				return word, true
			}
		}
	}
	v := r.in.Expand(word)
	return v.Text, v.Known
}

// cutVariable takes a word apart that begins with a variable, as in ${dir:?}/lists;
// "" if it does not, or if something else may stand for the variable's value.
func cutVariable(word string) (name, tail string) {
	rest, ok := strings.CutPrefix(word, "$")
	if !ok {
		return "", ""
	}
	inner, braced := strings.CutPrefix(rest, "{")
	if braced {
		if inner, tail, ok = strings.Cut(inner, "}"); !ok {
			return "", ""
		}
	}
	end := strings.IndexFunc(inner, func(r rune) bool { return r != '_' && !strings.ContainsRune(letters+"0123456789", r) })
	switch {
	case end < 0:
		return inner, tail
	case braced && !strings.HasPrefix(inner[end:], ":?") && !strings.HasPrefix(inner[end:], "?"):
		return "", ""
	case braced:
		return inner[:end], tail
	}
	return inner[:end], inner[end:]
}

// assigned returns what the script of a call gives a variable, as written: for the
// call alone, or for what follows.
func (r *runLayer) assigned(call dockerfile.Call, name string) (value string, ok bool) {
	script := r.script(call)
	if script == nil {
		return "", false
	}
	for _, arg := range call.Node.Args[:max(0, len(call.Node.Args)-len(call.Words))] { // env NAME=value
		if value, ok := strings.CutPrefix(call.Script.Word(arg), name+"="); ok {
			return value, true
		}
	}
	for _, assign := range call.Node.Assigns {
		if assign.Name != nil && assign.Name.Value == name {
			return assignedWord(call.Script, assign), true
		}
	}
	value, ok = script.assigned[name]
	return value, ok
}

// variable returns what a variable is for a call: what its script gives it, or an
// ENV or ARG.
func (r *runLayer) variable(call dockerfile.Call, name string) (value dockerfile.Value, ok bool) {
	if text, ok := r.assigned(call, name); ok {
		return dockerfile.Value{Raw: text, Text: text, Known: !strings.ContainsAny(text, "$`")}, true
	}
	return r.in.Variable(name)
}
