package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/vuln"
	"github.com/imagegate/imagegate/internal/dagger"
)

// organisationFile is what places in the organisation's policy are called.
const organisationFile = "--policy/" + policy.File

// Write imagegate.yaml, the policy of a project, with every key as a comment.
//
// What the image is held to and which findings are accepted can be said there.
// Returns the change to the source, which the command line offers to apply.
func (m *Imagegate) Init(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
) (*dagger.Changeset, error) {
	for _, name := range []string{policy.File, policy.Misnamed} {
		exists, err := source.Exists(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look for %s in the source: %w", name, err)
		}
		if exists {
			return nil, fmt.Errorf("the source has %s: remove it first if it is of no use", name)
		}
	}
	return source.WithNewFile(policy.File, policy.Template()).Changes(source), nil
}

// Write what the gates find into .imagegate-baseline.json, where it is accepted.
//
// For an old project: from then on only new findings block. Where there is that file,
// what is gone is taken out of it, and new findings go in with --add alone. Returns the
// change to the source, which the command line offers to apply.
// The flags that all functions share stand before the function's name.
//
// +cache="never"
func (m *Imagegate) Baseline(
	ctx context.Context,
	// Directory of the application: the build context, with its Dockerfile.
	source *dagger.Directory,
	// Add findings that are new.
	// +optional
	add bool,
) (*dagger.Changeset, error) {
	m, by := m.under(ctx, source)
	if by.Err != nil {
		return nil, fmt.Errorf("read the policy: %w", by.Err)
	}
	before := by.Baseline
	by.Baseline = nil // what it accepts is found anew
	r, _ := m.judgeBy(ctx, source, by)
	var failed []error
	for _, g := range r.Gates {
		for _, res := range g.Results {
			if res.Status == checks.Error {
				failed = append(failed, fmt.Errorf("%s could not be judged, so that nobody knows what it would find: %s", res.Check, res.Detail))
			}
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	after, _, _ := before.Update(by.Image, r.Gates, by.Policy, by.Rules, add || before == nil)
	text, err := after.JSON()
	if err != nil {
		return nil, err
	}
	return source.WithNewFile(policy.BaselineFile, string(text)).Changes(source), nil
}

// under returns the module as the policy of a source has it, and that policy. A policy
// that cannot be read leaves the module as its flags have it: the gate of the policy
// reports it, and blocks.
func (m *Imagegate) under(ctx context.Context, source *dagger.Directory) (*Imagegate, policy.Input) {
	by := policy.Input{
		Rules: catalog.Rules(), Profile: checks.Profile(m.Profile), Now: time.Now(),
		Image: policy.ImageOf(path.Clean(m.Dockerfile), m.Target),
	}
	files := newDirectoryFS(ctx, source)
	if by.Policy, by.Absent, by.Err = m.layered(ctx, files, by.Rules); by.Err == nil {
		by.Baseline, by.Err = policy.LoadBaseline(files, policy.BaselineFile)
	}
	if by.Err != nil {
		return m, by
	}
	of := *m
	for _, s := range settings {
		if by.Policy.Sets(s.key) {
			s.take(&of, by.Policy)
		}
	}
	limits := by.Policy.Limits
	of.limits = image.Limits{
		Time: limits.Time, Memory: limits.Memory, Entries: limits.Entries,
		Uncompressed: limits.UncompressedSize, Ratio: int64(limits.Ratio), Path: limits.PathLength,
	}
	of.strictness = by.Policy.Strictness(checks.NamesOf(by.Rules))
	by.Profile = checks.Profile(of.Profile)
	return &of, by
}

// layered returns the policy of a source over that of its organisation, and the flags
// over both; absent is whether there is neither.
func (m *Imagegate) layered(ctx context.Context, source *directoryFS, rules []checks.Rule) (merged policy.Policy, absent bool, err error) {
	merged, found, err := policy.Load(source, policy.File)
	if err != nil {
		return merged, false, err
	}
	if m.Policy != nil {
		organisation, found, err := policy.Load(newDirectoryFS(ctx, m.Policy), organisationFile)
		switch {
		case err != nil:
			return merged, false, err
		case !found:
			return merged, false, fmt.Errorf("the directory given with --policy has no %s: give the one that the organisation's policy is in", policy.File)
		}
		if merged, err = policy.Merge(organisation.OfOrganisation(), merged, rules); err != nil {
			return merged, false, err
		}
	}
	flags, err := m.flags()
	if err != nil {
		return merged, false, err
	}
	if merged, err = policy.Merge(merged, flags, rules); err != nil {
		return merged, false, err
	}
	if len(m.Vex) > 0 {
		err = merged.Refuse(checks.Location{Path: "--vex"}, vuln.Accepted, checks.NamesOf(rules))
	}
	return merged, !found && m.Policy == nil, err
}

// flags returns a policy of the flags that differ from their defaults: those were given.
// A flag that is given as its default has it is not told from one that is left out.
func (m *Imagegate) flags() (policy.Policy, error) {
	initial, err := policy.Defaults()
	if err != nil {
		return initial, err
	}
	var p policy.Policy
	for _, s := range settings {
		s.give(&p, m)
		if !policy.Same(s.key, p, initial) {
			_, name, _ := strings.Cut(s.key, ".")
			p.Set(s.key, checks.Location{Path: "--" + cmp.Or(s.flag, name, s.key)})
		}
	}
	return p, nil
}

// setting is a flag of the module that the policy has a key for.
type setting struct {
	key string
	// flag is its name; empty where that is the key's, behind that of its section.
	flag string
	give func(*policy.Policy, *Imagegate)
	take func(*Imagegate, policy.Policy)
}

// by returns the setting of a flag that has a name of its own.
func (s setting) by(flag string) setting {
	s.flag = flag
	return s
}

// settings are all of them.
var settings = []setting{
	textSetting("profile", func(m *Imagegate) *string { return &m.Profile }, func(p *policy.Policy) *checks.Profile { return &p.Profile }),
	numberSetting("budgets.max-size", func(m *Imagegate) *int { return &m.MaxSize }, func(p *policy.Policy) *int64 { return &p.Budgets.MaxSize }),
	numberSetting("budgets.max-compressed-size", func(m *Imagegate) *int { return &m.MaxCompressedSize }, func(p *policy.Policy) *int64 { return &p.Budgets.MaxCompressedSize }),
	numberSetting("budgets.max-layer-size", func(m *Imagegate) *int { return &m.MaxLayerSize }, func(p *policy.Policy) *int64 { return &p.Budgets.MaxLayerSize }),
	numberSetting("budgets.max-layers", func(m *Imagegate) *int { return &m.MaxLayers }, func(p *policy.Policy) *int { return &p.Budgets.MaxLayers }),
	numberSetting("budgets.max-wasted-size", func(m *Imagegate) *int { return &m.MaxWastedSize }, func(p *policy.Policy) *int64 { return &p.Budgets.MaxWastedSize }),
	numberSetting("budgets.max-growth", func(m *Imagegate) *int { return &m.MaxGrowth }, func(p *policy.Policy) *int { return &p.Budgets.MaxGrowth }),
	listSetting("scan.scanners", func(m *Imagegate) *[]string { return &m.Scanners }, func(p *policy.Policy) *[]string { return &p.Scan.Scanners }).by("scanner"),
	textSetting("scan.threshold", func(m *Imagegate) *string { return &m.SeverityThreshold }, func(p *policy.Policy) *checks.Severity { return &p.Scan.Threshold }).by("severity-threshold"),
	switchSetting("scan.ignore-unfixed", func(m *Imagegate) *bool { return &m.IgnoreUnfixed }, func(p *policy.Policy) *bool { return &p.Scan.IgnoreUnfixed }),
	listSetting("scan.licenses.deny", func(m *Imagegate) *[]string { return &m.DeniedLicenses }, func(p *policy.Policy) *[]string { return &p.Scan.DeniedLicenses }).by("deny-license"),
	durationSetting("scan.database-max-age", func(m *Imagegate) *int { return &m.DatabaseMaxAge }, func(p *policy.Policy) *time.Duration { return &p.Scan.DatabaseMaxAge }),
	listSetting("run.required", func(m *Imagegate) *[]string { return &m.Required }, func(p *policy.Policy) *[]string { return &p.Run.Required }),
	numberSetting("run.max-memory", func(m *Imagegate) *int { return &m.MaxMemory }, func(p *policy.Policy) *int64 { return &p.Run.MaxMemory }),
	numberSetting("run.max-processes", func(m *Imagegate) *int { return &m.MaxProcesses }, func(p *policy.Policy) *int { return &p.Run.MaxProcesses }),
	durationSetting("run.grace-period", func(m *Imagegate) *int { return &m.GracePeriod }, func(p *policy.Policy) *time.Duration { return &p.Run.GracePeriod }),
	durationSetting("run.start-timeout", func(m *Imagegate) *int { return &m.StartTimeout }, func(p *policy.Policy) *time.Duration { return &p.Run.StartTimeout }),
	durationSetting("run.healthcheck-interval", func(m *Imagegate) *int { return &m.HealthcheckInterval }, func(p *policy.Policy) *time.Duration { return &p.Run.HealthcheckInterval }),
	textSetting("run.slow-path", func(m *Imagegate) *string { return &m.SlowPath }, func(p *policy.Policy) *string { return &p.Run.SlowPath }),
	textSetting("run.metrics-path", func(m *Imagegate) *string { return &m.MetricsPath }, func(p *policy.Policy) *string { return &p.Run.MetricsPath }),
	listSetting("run.tmpfs", func(m *Imagegate) *[]string { return &m.Tmpfs }, func(p *policy.Policy) *[]string { return &p.Run.Tmpfs }),
}

func textSetting[T ~string](key string, of func(*Imagegate) *string, in func(*policy.Policy) *T) setting {
	return setting{
		key:  key,
		give: func(p *policy.Policy, m *Imagegate) { *in(p) = T(*of(m)) },
		take: func(m *Imagegate, p policy.Policy) { *of(m) = string(*in(&p)) },
	}
}

func switchSetting(key string, of func(*Imagegate) *bool, in func(*policy.Policy) *bool) setting {
	return setting{
		key:  key,
		give: func(p *policy.Policy, m *Imagegate) { *in(p) = *of(m) },
		take: func(m *Imagegate, p policy.Policy) { *of(m) = *in(&p) },
	}
}

func numberSetting[T int | int64](key string, of func(*Imagegate) *int, in func(*policy.Policy) *T) setting {
	return setting{
		key:  key,
		give: func(p *policy.Policy, m *Imagegate) { *in(p) = T(*of(m)) },
		take: func(m *Imagegate, p policy.Policy) { *of(m) = int(*in(&p)) },
	}
}

func durationSetting(key string, of func(*Imagegate) *int, in func(*policy.Policy) *time.Duration) setting {
	return setting{
		key:  key,
		give: func(p *policy.Policy, m *Imagegate) { *in(p) = milliseconds(*of(m)) },
		take: func(m *Imagegate, p policy.Policy) { *of(m) = int(in(&p).Milliseconds()) },
	}
}

func listSetting(key string, of func(*Imagegate) *[]string, in func(*policy.Policy) *[]string) setting {
	return setting{
		key: key,
		give: func(p *policy.Policy, m *Imagegate) {
			*in(p) = slices.Concat(*of(m)) // nil where it is empty, as it is where it is not given
		},
		take: func(m *Imagegate, p policy.Policy) { *of(m) = *in(&p) },
	}
}
