package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// key is a key of the policy with one value, or one list of them.
type key struct {
	// name is "key", or "section.key" or "section.section.key".
	name string
	// doc says what it is for, and what holds where it is not set, in whole lines.
	doc string
	// example is a value, as YAML in one line, and initial whether that is what holds
	// where the key is not set.
	example string
	initial bool
	// schema is the JSON Schema of the value.
	schema object
	// read sets the value from a node, and copy from another policy.
	read func(*Policy, *yaml.Node) error
	copy func(to *Policy, from Policy)
	// same reports whether two policies have the same value.
	same func(a, b Policy) bool
	// checks are the ids of those that judge by it: where it is set they do so in every
	// profile, and where it is locked their severities may not be lowered.
	checks []string
	// looser reports whether the value of a project allows more than that of its
	// organisation; tighter says in words what it may be.
	looser  func(organisation, project Policy) bool
	tighter func(organisation Policy) string
}

// keys are all of them, section by section. The keys severity, locked and waivers
// have values of their own shape: see lists.
var keys = []key{
	entry("profile", "How strictly everything is judged: minimal (only what makes the image dangerous or\nbroken), default, or strict (every check, and findings of MEDIUM block as well).",
		"default", oneOf(checks.MinimalProfile, checks.DefaultProfile, checks.StrictProfile),
		func(p *Policy) *checks.Profile { return &p.Profile }, before(checks.MinimalProfile, checks.DefaultProfile, checks.StrictProfile)).initially(),

	entry("budgets.max-size", "Most that all layers hold together, uncompressed.",
		"500MB", size, func(p *Policy) *int64 { return &p.Budgets.MaxSize }, higher[int64]()).initially().judgedBy("image/size"),
	entry("budgets.max-compressed-size", "Most that all layers have together as a registry stores them.",
		"200MB", size, func(p *Policy) *int64 { return &p.Budgets.MaxCompressedSize }, higher[int64]()).judgedBy("image/size"),
	entry("budgets.max-layer-size", "Most that one layer holds, uncompressed.",
		"300MB", size, func(p *Policy) *int64 { return &p.Budgets.MaxLayerSize }, higher[int64]()).judgedBy("image/size"),
	entry("budgets.max-layers", "Most layers that the image has.",
		"50", number(1), func(p *Policy) *int { return &p.Budgets.MaxLayers }, higher[int]()).initially().judgedBy("image/layers"),
	entry("budgets.max-wasted-size", "Most that layers add for later ones to take away or write again.",
		"10MB", size, func(p *Policy) *int64 { return &p.Budgets.MaxWastedSize }, higher[int64]()).initially().judgedBy("image/wasted-bytes"),
	entry("budgets.max-growth", "Most that the image grows by against the one that it is compared with.",
		"10%", percent, func(p *Policy) *int { return &p.Budgets.MaxGrowth }, higher[int]()).initially().judgedBy("image/growth"),

	entry("scan.scanners", "What looks for vulnerabilities: trivy, grype, scout, or several of them.",
		"[trivy]", atLeastOne(listOf(oneOf("trivy", "grype", "scout")), "[trivy]"), func(p *Policy) *[]string { return &p.Scan.Scanners }, lacks()).initially(),
	entry("scan.threshold", "Severity from which on a vulnerability blocks: LOW, MEDIUM, HIGH or CRITICAL.",
		"HIGH", severity, func(p *Policy) *checks.Severity { return &p.Scan.Threshold }, after(levels...)).initially().judgedBy("vuln/misconfiguration", "vuln/sarif", "vuln/secret", "vuln/vulnerability"),
	entry("scan.ignore-unfixed", "Whether vulnerabilities are left out that no version is free of.",
		"false", boolean, func(p *Policy) *bool { return &p.Scan.IgnoreUnfixed }, turnsOn()).initially().judgedBy("vuln/vulnerability"),
	entry("scan.database-max-age", "Oldest that a vulnerability database may be; scanning with an older one is an error.",
		"7d", duration, func(p *Policy) *durationValue { return (*durationValue)(&p.Scan.DatabaseMaxAge) }, higher[durationValue]()).initially(),
	entry("scan.licenses.deny", "Licenses that no package may have, by their SPDX ids.",
		"[AGPL-3.0-only, SSPL-1.0]", listOf(text), func(p *Policy) *[]string { return &p.Scan.DeniedLicenses }, lacks()).judgedBy("vuln/license"),

	entry("run.required", "Environment variables without which the image has to refuse to start, besides those\nthat its Dockerfile and its labels name.",
		"[DATABASE_URL]", listOf(variable), func(p *Policy) *[]string { return &p.Run.Required }, lacks()).judgedBy("runtime/required-variable"),
	entry("run.max-memory", "Most memory that its processes have together; 0 is no limit. As in Docker, MB is MiB here.",
		"2GB", memory(0), func(p *Policy) *int64 { return &p.Run.MaxMemory }, higherOrNone[int64]()).initially().judgedBy("runtime/resources"),
	entry("run.max-processes", "Most processes at once; 0 is no limit.",
		"1000", number(0), func(p *Policy) *int { return &p.Run.MaxProcesses }, higherOrNone[int]()).initially().judgedBy("runtime/resources"),
	entry("run.grace-period", "Time that it has to end after its stop signal.",
		"10s", duration, func(p *Policy) *durationValue { return (*durationValue)(&p.Run.GracePeriod) }, higher[durationValue]()).initially().judgedBy("runtime/requests-in-flight", "runtime/stop-signal"),
	entry("run.start-timeout", "Time that it has to become healthy.",
		"2m", duration, func(p *Policy) *durationValue { return (*durationValue)(&p.Run.StartTimeout) }, higher[durationValue]()).initially().judgedBy("runtime/healthcheck", "runtime/start"),
	entry("run.healthcheck-interval", "Longest pause between two runs of the HEALTHCHECK. The verdict does not depend on it.",
		"1s", duration, func(p *Policy) *durationValue { return (*durationValue)(&p.Run.HealthcheckInterval) }, differs[durationValue]()).initially(),
	entry("run.slow-path", "HTTP path whose answer takes half a second or longer, for a request that is in flight\nwhen the image is stopped.",
		"/slow", urlPath, func(p *Policy) *string { return &p.Run.SlowPath }, differs[string]()).judgedBy("runtime/requests-in-flight"),
	entry("run.metrics-path", "HTTP path of metrics.",
		"/metrics", urlPath, func(p *Policy) *string { return &p.Run.MetricsPath }, differs[string]()).judgedBy("runtime/metrics"),
	entry("run.tmpfs", "Directories that are writable in production, besides the image's volumes.",
		"[/tmp, /run]", listOf(directory), func(p *Policy) *[]string { return &p.Run.Tmpfs }, adds()).initially().judgedBy("runtime/read-only-rootfs"),

	entry("limits.time", "Longest that reading one image takes.",
		"10m", duration, func(p *Policy) *durationValue { return (*durationValue)(&p.Limits.Time) }, higher[durationValue]()).initially(),
	entry("limits.memory", "Most memory that the names and attributes of all its files take. As in Docker, MB is\nMiB here.",
		"40MB", memory(1), func(p *Policy) *int64 { return &p.Limits.Memory }, higher[int64]()).initially(),
	entry("limits.entries", "Most files and directories that all layers have together.",
		"1000000", number(1), func(p *Policy) *int { return &p.Limits.Entries }, higher[int]()).initially(),
	entry("limits.uncompressed-size", "Most that all layers have together when uncompressed.",
		"64GB", size, func(p *Policy) *int64 { return &p.Limits.UncompressedSize }, higher[int64]()).initially(),
	entry("limits.ratio", "Most bytes that come out of a compressed one, layer by layer.",
		"200", number(1), func(p *Policy) *int { return &p.Limits.Ratio }, higher[int]()).initially(),
	entry("limits.path-length", "Longest path of a file, in bytes.",
		"4096", number(1), func(p *Policy) *int { return &p.Limits.PathLength }, higher[int]()).initially(),
}

// sections say what the sections are for.
var sections = map[string]string{
	"budgets":       "How large the image may be. Decimal units (MB, GB) and binary ones (MiB, GiB). What is\nset is judged in every profile.",
	"scan":          "What scans the image, and what blocks it.",
	"scan.licenses": "What the packages in the image may be licensed under.",
	"run":           "How the image is started, and what it has to do then.",
	"limits":        "What ends the reading of an image that is made to harm its reader.",
}

// entry returns a key whose value is of a kind.
func entry[T any](name, doc, example string, k kind[T], to func(*Policy) *T, o order[T]) key {
	return key{
		name: name, doc: doc, example: example, schema: k.schema,
		read: func(p *Policy, node *yaml.Node) error {
			v, err := k.read(name, node)
			if err != nil {
				return err
			}
			*to(p) = v
			return nil
		},
		copy:    func(p *Policy, from Policy) { *to(p) = *to(&from) },
		same:    func(a, b Policy) bool { return reflect.DeepEqual(*to(&a), *to(&b)) },
		looser:  func(organisation, project Policy) bool { return o.looser(*to(&organisation), *to(&project)) },
		tighter: func(organisation Policy) string { return o.tighter(*to(&organisation)) },
	}
}

// initially returns the key as one whose example is its default.
func (k key) initially() key {
	k.initial = true
	return k
}

// judgedBy returns the key as one that checks judge by.
func (k key) judgedBy(checks ...string) key {
	k.checks = checks
	return k
}

// Defaults returns a policy with what holds where a key is not set, as far as that is
// known here. It sets none.
func Defaults() (Policy, error) {
	var p Policy
	for _, k := range keys {
		if !k.initial {
			continue
		}
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(k.example), &document); err != nil {
			return p, fmt.Errorf("read the default of %s: %w", k.name, err)
		}
		if err := k.read(&p, document.Content[0]); err != nil {
			return p, fmt.Errorf("read the default of %s: %w", k.name, err)
		}
	}
	return p, nil
}

// Same reports whether two policies have the same value for a key.
func Same(key string, a, b Policy) bool {
	for _, k := range keys {
		if k.name == key {
			return k.same(a, b)
		}
	}
	return false
}

// order says which of two values allows more.
type order[T any] struct {
	looser func(organisation, project T) bool
	// tighter says in words what a project may write.
	tighter func(organisation T) string
}

// always returns what says the same of all values.
func always[T any](words string) func(T) string { return func(T) string { return words } }

// higher is the order of values that allow more the higher they are.
func higher[T cmp.Ordered]() order[T] {
	return order[T]{func(organisation, project T) bool { return project > organisation }, always[T]("the same or less")}
}

// higherOrNone is that of limits of which 0 is none.
func higherOrNone[T cmp.Ordered]() order[T] {
	var none T
	return order[T]{func(organisation, project T) bool {
		return organisation != none && (project == none || project > organisation)
	}, always[T]("the same or less, and not 0")}
}

// differs is that of values of which none allows more than another.
func differs[T comparable]() order[T] {
	return order[T]{func(organisation, project T) bool { return project != organisation }, always[T]("the same")}
}

// turnsOn is that of what loosens where it is true.
func turnsOn() order[bool] {
	return order[bool]{func(organisation, project bool) bool { return project && !organisation }, always[bool]("false")}
}

// before is that of values that allow more the earlier they stand among these, and
// after the later.
func before[T ~string](values ...T) order[T] {
	return order[T]{
		looser: func(organisation, project T) bool {
			return slices.Index(values, project) < slices.Index(values, organisation)
		},
		tighter: func(organisation T) string { return either(values[slices.Index(values, organisation):]) },
	}
}

func after[T ~string](values ...T) order[T] {
	return order[T]{
		looser: func(organisation, project T) bool {
			return slices.Index(values, project) > slices.Index(values, organisation)
		},
		tighter: func(organisation T) string { return either(values[:slices.Index(values, organisation)+1]) },
	}
}

// either returns a list of values as words: a, b or c.
func either[T ~string](values []T) string {
	var b strings.Builder
	for i, v := range values {
		switch i {
		case 0:
		case len(values) - 1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

// lacks is that of lists that allow more the less they hold, and adds the more.
func lacks() order[[]string] {
	return order[[]string]{func(organisation, project []string) bool { return !holds(project, organisation) }, always[[]string]("a list with all of these")}
}

func adds() order[[]string] {
	return order[[]string]{func(organisation, project []string) bool { return !holds(organisation, project) }, always[[]string]("a list of some of these")}
}

// holds reports whether a list holds all of another.
func holds(list, all []string) bool {
	return !slices.ContainsFunc(all, func(s string) bool { return !slices.Contains(list, s) })
}
