package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/policy"
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
	merged, err = policy.Merge(merged, m.flags(), rules)
	return merged, !found && m.Policy == nil, err
}

// flags returns a policy of the flags that differ from their defaults: those were given.
// A flag that is given as its default has is not told from one that is left out.
func (m *Imagegate) flags() policy.Policy {
	var p policy.Policy
	for _, s := range settings {
		if s.given(m) {
			s.give(&p, m)
			p.Set(s.key, checks.Location{Path: "--" + s.flag})
		}
	}
	return p
}

// setting is a flag of the module that the policy has a key for.
type setting struct {
	flag, key string
	// given reports whether it differs from its default.
	given func(*Imagegate) bool
	give  func(*policy.Policy, *Imagegate)
	take  func(*Imagegate, policy.Policy)
}

// settings are all of them, with their defaults as New has them.
var settings = []setting{
	textSetting("profile", "profile", string(checks.DefaultProfile),
		func(m *Imagegate) *string { return &m.Profile }, func(p *policy.Policy) *checks.Profile { return &p.Profile }),
	numberSetting("max-size", "budgets.max-size", 500_000_000,
		func(m *Imagegate) *int { return &m.MaxSize }, func(p *policy.Policy) *int64 { return &p.Budgets.MaxSize }),
	listSetting("scanner", "scan.scanners", []string{trivyScanner},
		func(m *Imagegate) *[]string { return &m.Scanners }, func(p *policy.Policy) *[]string { return &p.Scan.Scanners }),
	textSetting("severity-threshold", "scan.threshold", string(checks.High),
		func(m *Imagegate) *string { return &m.SeverityThreshold }, func(p *policy.Policy) *checks.Severity { return &p.Scan.Threshold }),
	switchSetting("ignore-unfixed", "scan.ignore-unfixed",
		func(m *Imagegate) *bool { return &m.IgnoreUnfixed }, func(p *policy.Policy) *bool { return &p.Scan.IgnoreUnfixed }),
	listSetting("deny-license", "scan.licenses.deny", nil,
		func(m *Imagegate) *[]string { return &m.DeniedLicenses }, func(p *policy.Policy) *[]string { return &p.Scan.DeniedLicenses }),
	durationSetting("database-max-age", "scan.database-max-age", 168*time.Hour,
		func(m *Imagegate) *int { return &m.DatabaseMaxAge }, func(p *policy.Policy) *time.Duration { return &p.Scan.DatabaseMaxAge }),
	listSetting("required", "run.required", nil,
		func(m *Imagegate) *[]string { return &m.Required }, func(p *policy.Policy) *[]string { return &p.Run.Required }),
	numberSetting("max-memory", "run.max-memory", 2<<30,
		func(m *Imagegate) *int { return &m.MaxMemory }, func(p *policy.Policy) *int64 { return &p.Run.MaxMemory }),
	numberSetting("max-processes", "run.max-processes", 1000,
		func(m *Imagegate) *int { return &m.MaxProcesses }, func(p *policy.Policy) *int { return &p.Run.MaxProcesses }),
	durationSetting("grace-period", "run.grace-period", 10*time.Second,
		func(m *Imagegate) *int { return &m.GracePeriod }, func(p *policy.Policy) *time.Duration { return &p.Run.GracePeriod }),
	durationSetting("start-timeout", "run.start-timeout", 2*time.Minute,
		func(m *Imagegate) *int { return &m.StartTimeout }, func(p *policy.Policy) *time.Duration { return &p.Run.StartTimeout }),
	durationSetting("healthcheck-interval", "run.healthcheck-interval", time.Second,
		func(m *Imagegate) *int { return &m.HealthcheckInterval }, func(p *policy.Policy) *time.Duration { return &p.Run.HealthcheckInterval }),
	textSetting("slow-path", "run.slow-path", "",
		func(m *Imagegate) *string { return &m.SlowPath }, func(p *policy.Policy) *string { return &p.Run.SlowPath }),
	textSetting("metrics-path", "run.metrics-path", "",
		func(m *Imagegate) *string { return &m.MetricsPath }, func(p *policy.Policy) *string { return &p.Run.MetricsPath }),
	listSetting("tmpfs", "run.tmpfs", []string{"/tmp", "/run"},
		func(m *Imagegate) *[]string { return &m.Tmpfs }, func(p *policy.Policy) *[]string { return &p.Run.Tmpfs }),
}

func textSetting[T ~string](flag, key, initial string, of func(*Imagegate) *string, in func(*policy.Policy) *T) setting {
	return setting{
		flag: flag, key: key,
		given: func(m *Imagegate) bool { return *of(m) != initial },
		give:  func(p *policy.Policy, m *Imagegate) { *in(p) = T(*of(m)) },
		take:  func(m *Imagegate, p policy.Policy) { *of(m) = string(*in(&p)) },
	}
}

func switchSetting(flag, key string, of func(*Imagegate) *bool, in func(*policy.Policy) *bool) setting {
	return setting{
		flag: flag, key: key,
		given: func(m *Imagegate) bool { return *of(m) },
		give:  func(p *policy.Policy, m *Imagegate) { *in(p) = *of(m) },
		take:  func(m *Imagegate, p policy.Policy) { *of(m) = *in(&p) },
	}
}

func numberSetting[T int | int64](flag, key string, initial int, of func(*Imagegate) *int, in func(*policy.Policy) *T) setting {
	return setting{
		flag: flag, key: key,
		given: func(m *Imagegate) bool { return *of(m) != initial },
		give:  func(p *policy.Policy, m *Imagegate) { *in(p) = T(*of(m)) },
		take:  func(m *Imagegate, p policy.Policy) { *of(m) = int(*in(&p)) },
	}
}

func durationSetting(flag, key string, initial time.Duration, of func(*Imagegate) *int, in func(*policy.Policy) *time.Duration) setting {
	return setting{
		flag: flag, key: key,
		given: func(m *Imagegate) bool { return milliseconds(*of(m)) != initial },
		give:  func(p *policy.Policy, m *Imagegate) { *in(p) = milliseconds(*of(m)) },
		take:  func(m *Imagegate, p policy.Policy) { *of(m) = int(in(&p).Milliseconds()) },
	}
}

func listSetting(flag, key string, initial []string, of func(*Imagegate) *[]string, in func(*policy.Policy) *[]string) setting {
	return setting{
		flag: flag, key: key,
		given: func(m *Imagegate) bool { return !slices.Equal(*of(m), initial) },
		give:  func(p *policy.Policy, m *Imagegate) { *in(p) = *of(m) },
		take:  func(m *Imagegate, p policy.Policy) { *of(m) = *in(&p) },
	}
}
