package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is imagegate, served in one session of the engine, as to those who call it
// from their own code. It is loaded once, not with every call, so that hundreds of
// calls cost no more than what they ask for.
type module struct {
	*session
	constructor function
	functions   map[string]function
}

type function struct {
	Name string
	Args []argument
}

type argument struct {
	Name    string
	TypeDef argumentType
}

type argumentType struct {
	Kind     string
	AsObject struct{ Name string }
	AsList   struct{ ElementTypeDef *argumentType }
}

// serveModule opens a session with the module, which lasts as long as the test, of a
// caller with variables besides the test's own.
func serveModule(t *testing.T, env ...string) *module {
	t.Helper()
	m := &module{session: openSession(t, root, env...)}
	if err := m.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// sharedModule is the module in a session that several tests have.
type sharedModule struct {
	*module
	// given is how often shareModule returned it, used how many of those tests still run.
	given, used int
}

// timesShared is how often a session is shared: the engine keeps all that it has built
// until it ends.
const timesShared = 8

var shared struct {
	sync.Mutex
	*sharedModule
}

// shareModule returns the module in a session that other tests may have as well, and
// that ends with the last of them.
func shareModule(t *testing.T) *module {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if s := shared.sharedModule; s == nil || s.used == 0 || s.given == timesShared {
		opened, err := startSession(t.Context(), root, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := &module{session: opened}
		if err := m.load(t.Context()); err != nil {
			opened.end()
			t.Fatal(err)
		}
		shared.sharedModule = &sharedModule{module: m}
	}
	s := shared.sharedModule
	s.given++
	s.used++
	t.Cleanup(func() {
		shared.Lock()
		s.used--
		last := s.used == 0
		shared.Unlock()
		if last {
			s.end()
		}
	})
	return s.module
}

// load serves the module in its session.
func (m *module) load(ctx context.Context) error {
	if err := m.query(ctx, new(any), `{ moduleSource(refString: %q) { asModule { serve } } }`, root); err != nil {
		return fmt.Errorf("serve the module: %w", err)
	}
	const signature = `name args { name typeDef { kind asObject { name } asList { elementTypeDef { kind asObject { name } } } } }`
	var served struct {
		CurrentTypeDefs []struct {
			AsObject struct {
				Name        string
				Constructor function
				Functions   []function
			}
		}
	}
	if err := m.query(ctx, &served, `{ currentTypeDefs { asObject { name constructor { `+signature+` } functions { `+signature+` } } } }`); err != nil {
		return fmt.Errorf("ask for the module's functions: %w", err)
	}
	m.functions = map[string]function{}
	for _, def := range served.CurrentTypeDefs {
		if def.AsObject.Name == "Imagegate" {
			m.constructor = def.AsObject.Constructor
			for _, f := range def.AsObject.Functions {
				m.functions[f.Name] = f
			}
		}
	}
	if len(m.functions) == 0 {
		return errors.New("the session has no functions of the module")
	}
	return nil
}

// call calls a function with the arguments of "dagger call": flags of the module, the
// function, its own flags, and what to ask of what it returns. What the function
// prints is the result's stdout, its error the stderr of a status other than 0.
func (m *module) call(t *testing.T, args ...string) result {
	t.Helper()
	ctx := t.Context()
	isFlag := func(arg string) bool { return strings.HasPrefix(arg, "--") }
	at := slices.IndexFunc(args, func(arg string) bool { return !isFlag(arg) })
	if at < 0 {
		t.Fatalf("%q names no function", args)
	}
	name := camelCase(args[at])
	f, ok := m.functions[name]
	if !ok {
		t.Fatalf("the module has no function %s", name)
	}
	chain := slices.DeleteFunc(slices.Clone(args[at+1:]), isFlag)
	query := "{ imagegate" + m.arguments(ctx, t, m.constructor, args[:at]) +
		" { " + name + m.arguments(ctx, t, f, slices.DeleteFunc(slices.Clone(args[at+1:]), func(arg string) bool { return !isFlag(arg) }))
	for _, field := range chain {
		query += " { " + camelCase(field)
	}
	query += strings.Repeat(" }", len(chain)+2)
	var answer any
	if err := m.query(ctx, &answer, "%s", query); err != nil {
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v: %v", args, err)
		}
		return result{stderr: err.Error(), code: 1}
	}
	for _, field := range append([]string{"imagegate", name}, chain...) {
		object, _ := answer.(map[string]any)
		answer = object[camelCase(field)]
	}
	text, ok := answer.(string)
	if !ok {
		t.Fatalf("%v answered %v, no text", args, answer)
	}
	return result{stdout: text}
}

// report calls a function that returns one, and reads it.
func (m *module) report(t *testing.T, args ...string) document {
	t.Helper()
	return m.call(t, slices.Concat(args, []string{"json", "contents"})...).document(t)
}

// arguments returns flags as the arguments of a field, in parentheses.
func (m *module) arguments(ctx context.Context, t *testing.T, f function, flags []string) string {
	t.Helper()
	given := map[string][]string{}
	for _, flag := range flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		name = camelCase(name)
		i := slices.IndexFunc(f.Args, func(a argument) bool { return a.Name == name })
		if i < 0 {
			t.Fatalf("%s has no argument %s", cmp.Or(f.Name, "the module"), flag)
		}
		of := f.Args[i].TypeDef
		if of.AsList.ElementTypeDef != nil {
			of = *of.AsList.ElementTypeDef
		}
		literal, err := m.literal(ctx, of, value)
		if err != nil {
			t.Fatalf("%s: %v", flag, err)
		}
		given[name] = append(given[name], literal)
	}
	var list []string
	for _, a := range f.Args {
		switch values := given[a.Name]; {
		case values == nil:
		case a.TypeDef.AsList.ElementTypeDef != nil:
			list = append(list, a.Name+": ["+strings.Join(values, ", ")+"]")
		case len(values) > 1:
			t.Fatalf("%s has one %s, and %d are given", cmp.Or(f.Name, "the module"), a.Name, len(values))
		default:
			list = append(list, a.Name+": "+values[0])
		}
	}
	if list == nil {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// literal returns a flag's value as GraphQL has it. Files and directories are read
// anew each time: tests change them between two calls.
func (m *module) literal(ctx context.Context, of argumentType, value string) (string, error) {
	switch of.AsObject.Name {
	case "Directory", "File":
		if !filepath.IsAbs(value) {
			value = filepath.Join(root, value)
		}
		var found struct {
			Host struct{ Value struct{ ID string } }
		}
		err := m.query(ctx, &found, `{ host { value: %s(path: %q, noCache: true) { id } } }`, strings.ToLower(of.AsObject.Name), value)
		return strconv.Quote(found.Host.Value.ID), err
	case "Secret", "Service":
		var found struct {
			Address struct{ Value struct{ ID string } }
		}
		err := m.query(ctx, &found, `{ address(value: %q) { value: %s { id } } }`, value, strings.ToLower(of.AsObject.Name))
		return strconv.Quote(found.Address.Value.ID), err
	}
	switch of.Kind {
	case "STRING_KIND", "SCALAR_KIND":
		text, err := json.Marshal(value)
		return string(text), err
	case "INTEGER_KIND":
		return value, nil
	case "BOOLEAN_KIND":
		return cmp.Or(value, "true"), nil
	}
	return "", fmt.Errorf("values of kind %s %s cannot be given here", of.Kind, of.AsObject.Name)
}

// camelCase returns the name that the engine's interface has for one of the command
// line: "check-image" is checkImage there.
func camelCase(name string) string {
	words := strings.Split(name, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
