package policy

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/util/suggest"
	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// object is a JSON object.
type object = map[string]any

// kind is a kind of value: how it is read, and what a JSON Schema says of it.
type kind[T any] struct {
	read   func(name string, node *yaml.Node) (T, error)
	schema object
}

// durationValue is a time.Duration as a value of its own kind.
type durationValue time.Duration

// levels are the severities that a policy may name, from lenient to strict.
var levels = []checks.Severity{checks.Low, checks.Medium, checks.High, checks.Critical}

const (
	numberPattern = `[0-9]+(\.[0-9]+)?`
	// sizePattern wants a unit: 200 would be bytes, and whoever writes it means megabytes.
	sizePattern = `^` + numberPattern + ` ?([kKmMgGtTpP][iI]?[bB]?|[bB])$`
	// memoryPattern takes 0 as well, which has no need of one.
	memoryPattern = `^0$|` + sizePattern
	// durationPattern is that of Go's durations, without the smallest units, and days.
	durationPattern = `^([0-9]+d|(` + numberPattern + `(h|m|s|ms))+)$`
)

var (
	size     = scalar("a size", "500MB", object{"type": "string", "pattern": sizePattern}, ParseSize)
	percent  = scalar("a whole percentage from 1 on", "10%", object{"type": []string{"string", "integer"}, "pattern": `^[0-9]+ ?%?$`, "minimum": 1}, parsePercent)
	duration = scalar("a duration", "10s, 2m or 7d", object{"type": "string", "pattern": durationPattern}, parseDuration)
	severity = choice("a severity", levels...)
	text     = scalar("a text", "a name", object{"type": "string", "minLength": 1}, func(s string) (string, error) { return s, nil })
	variable = scalar("the name of an environment variable", "DATABASE_URL", object{"type": "string", "pattern": `^[A-Za-z_][A-Za-z0-9_]*$`},
		matching(`^[A-Za-z_][A-Za-z0-9_]*$`))
	urlPath   = scalar("a path", "/path", object{"type": "string", "pattern": `^/\S*$`}, matching(`^/\S*$`))
	directory = scalar("an absolute path", "/tmp", object{"type": "string", "pattern": `^/`}, func(s string) (string, error) {
		if !path.IsAbs(s) {
			return "", errNoValue
		}
		return path.Clean(s), nil
	})
	boolean = kind[bool]{
		read: func(name string, node *yaml.Node) (bool, error) {
			if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" {
				return false, invalid(node, "%s is neither true nor false: write one of them", name)
			}
			return strings.EqualFold(node.Value, "true"), nil
		},
		schema: object{"type": "boolean"},
	}
)

// errNoValue is what a parser returns that has no more to say than its kind.
var errNoValue = errors.New("no value of the kind")

// scalar returns a kind of value that is written as one text or number.
func scalar[T any](what, example string, schema object, parse func(string) (T, error)) kind[T] {
	return kind[T]{schema: schema, read: func(name string, node *yaml.Node) (T, error) {
		var none T
		if node.Kind != yaml.ScalarNode || isNull(node) || strings.TrimSpace(node.Value) == "" {
			return none, invalid(node, "%s is not %s: write it as in %s", name, what, example)
		}
		v, err := parse(strings.TrimSpace(node.Value))
		switch {
		case errors.Is(err, errNoValue):
			return none, invalid(node, "%s: %q is not %s: write it as in %s", name, node.Value, what, example)
		case err != nil:
			return none, invalid(node, "%s: %q %w: write it as in %s", name, node.Value, err, example)
		}
		return v, nil
	}}
}

// choice returns a kind of value that is one of these.
func choice[T ~string](what string, values ...T) kind[T] {
	var names []string
	for _, v := range values {
		names = append(names, string(v))
	}
	return kind[T]{schema: object{"enum": names}, read: func(name string, node *yaml.Node) (T, error) {
		if node.Kind != yaml.ScalarNode || isNull(node) {
			return "", invalid(node, "%s is not %s: write one of %s", name, what, strings.Join(names, ", "))
		}
		if !slices.Contains(names, node.Value) {
			return "", invalid(node, "%s: %q is not %s: write %s", name, node.Value, what, nearest(node.Value, names))
		}
		return T(node.Value), nil
	}}
}

// oneOf returns a kind of value that is one of these.
func oneOf[T ~string](values ...T) kind[T] { return choice("one of them", values...) }

// memory returns the kind of sizes of memory from a lowest number of bytes on, as Docker
// reads them: both MB and MiB are 1024 times 1024.
func memory(least int64) kind[int64] {
	schema := object{"type": "string", "pattern": sizePattern}
	if least == 0 {
		schema = object{"type": []string{"string", "integer"}, "pattern": memoryPattern, "minimum": 0, "maximum": 0}
	}
	return scalar("a size", "512MB", schema, func(s string) (int64, error) {
		n, err := ParseMemory(s)
		if err == nil && n < least {
			return 0, errNoValue
		}
		return n, err
	})
}

// number returns the kind of whole numbers from a lowest one on.
func number(least int) kind[int] {
	return scalar("a whole number from "+strconv.Itoa(least)+" on", "40", object{"type": "integer", "minimum": least}, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return 0, errNoValue
		}
		return n, nil
	})
}

// listOf returns the kind of lists of texts of a kind, each of them once.
func listOf(of kind[string]) kind[[]string] {
	return kind[[]string]{
		schema: object{"type": "array", "items": of.schema, "uniqueItems": true},
		read: func(name string, node *yaml.Node) ([]string, error) {
			if node.Kind != yaml.SequenceNode {
				return nil, invalid(node, "%s is no list: write it in brackets, as in [a, b]", name)
			}
			list, given := []string{}, map[string]bool{}
			for _, item := range node.Content {
				v, err := of.read(name, resolve(item))
				if err != nil {
					return nil, err
				}
				if given[v] {
					return nil, invalid(item, "%s names %s twice: remove one", name, v)
				}
				given[v] = true
				list = append(list, v)
			}
			return list, nil
		},
	}
}

// atLeastOne returns the kind of lists that are not empty.
func atLeastOne(list kind[[]string], example string) kind[[]string] {
	schema := maps.Clone(list.schema)
	schema["minItems"] = 1
	return kind[[]string]{schema: schema, read: func(name string, node *yaml.Node) ([]string, error) {
		values, err := list.read(name, node)
		if err == nil && len(values) == 0 {
			return nil, invalid(node, "%s is empty: name at least one, as in %s, or remove the key", name, example)
		}
		return values, err
	}}
}

func matching(pattern string) func(string) (string, error) {
	re := regexp.MustCompile(pattern)
	return func(s string) (string, error) {
		if !re.MatchString(s) {
			return "", errNoValue
		}
		return s, nil
	}
}

// nearest returns the name that was probably meant, or all of them.
func nearest(name string, names []string) string {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	if n, ok := suggest.Search(name, names, false); ok {
		return n
	}
	return "one of " + strings.Join(names, ", ")
}

var (
	sizeForm     = regexp.MustCompile(sizePattern)
	numberForm   = regexp.MustCompile(`^` + numberPattern + `$`)
	durationForm = regexp.MustCompile(durationPattern)
)

// ParseSize reads a size of an image in bytes, as Docker does: MB is a million, MiB 1024
// times 1024. It has a unit, and is more than 0.
func ParseSize(s string) (int64, error) {
	n, err := parseBytes(s, 1000)
	if err == nil && n == 0 {
		return 0, errors.New("is no size that an image can have")
	}
	return n, err
}

// ParseMemory reads a size of memory in bytes, as Docker does: both MB and MiB are 1024
// times 1024. It has a unit, or is 0.
func ParseMemory(s string) (int64, error) { return parseBytes(s, 1024) }

// parseBytes reads a size whose decimal units are powers of a base.
func parseBytes(s string, base float64) (int64, error) {
	switch {
	case s == "0":
		return 0, nil
	case numberForm.MatchString(s):
		return 0, errors.New("has no unit, such as MB")
	case !sizeForm.MatchString(s):
		return 0, errNoValue
	}
	digits := strings.TrimRight(s, " kKmMgGtTpPiIbB")
	unit := strings.ToLower(strings.TrimSpace(s[len(digits):]))
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, errNoValue
	}
	if strings.Contains(unit, "i") {
		base = 1024
	}
	n *= math.Pow(base, float64(1+strings.Index("kmgtp", unit[:1])))
	if n > math.MaxInt64/2 {
		return 0, errors.New("is more than any image has")
	}
	return int64(n), nil
}

func parsePercent(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "%")))
	if err != nil || n < 1 {
		return 0, errNoValue
	}
	return n, nil
}

// parseDuration reads a duration as Go does, or in days.
func parseDuration(s string) (durationValue, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil || n == 0 {
			return 0, errNoValue
		}
		return durationValue(time.Duration(n) * 24 * time.Hour), nil
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil || !durationForm.MatchString(s):
		return 0, errNoValue
	case d < time.Millisecond:
		return 0, fmt.Errorf("is shorter than %s", time.Millisecond)
	}
	return durationValue(d), nil
}
