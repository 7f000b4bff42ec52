package checks

import "fmt"

// Amount is how much a check measured of what has a budget. The zero value is none.
type Amount struct {
	Value int64
	Unit  Unit
}

// Unit is what an amount counts.
type Unit string

// The units.
const (
	Bytes   Unit = "B"
	Percent Unit = "%"
	Layers  Unit = "layers"
)

// String writes an amount for people.
func (a Amount) String() string {
	switch a.Unit {
	case Bytes:
		return humanSize(a.Value)
	case Percent:
		return fmt.Sprintf("%d%%", a.Value)
	case Layers:
		return fmt.Sprintf("%d layers", a.Value)
	}
	return fmt.Sprint(a.Value)
}

// humanSize writes a size as Docker does, in decimal units, with one decimal.
func humanSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	// What would round to 1000.0 belongs to the next unit.
	for v >= 999.95 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %s", v, units[0])
}
