package main

import (
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/catalog"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/suppress"
)

// allRules are those of the checks of all gates.
var allRules = sync.OnceValue(catalog.Rules)

// terms are what a target is judged by, besides the checks.
type terms struct {
	policy suppress.Policy
	// root is the directory of the policy and of the baseline, and image what the
	// baseline calls the target.
	root, image string
	baseline    *policy.Baseline
	// err is why the baseline cannot be read.
	err error
}

// overrides are what the command line says of the policy.
type overrides struct {
	// organisation is the directory of the organisation's policy; empty for none.
	organisation string
	// profile is empty where the command line has none, and maxSize, in bytes, 0.
	profile checks.Profile
	maxSize int64
}

// newOverrides returns what the flags --policy and --profile of a command will say.
func newOverrides(flags *flag.FlagSet) *overrides {
	o := &overrides{}
	flags.StringVar(&o.organisation, "policy", "",
		"The `DIR` of the organisation's imagegate.yaml, which lies below that of the project: what\nit locks can only be tightened.")
	flags.Func("profile", "The `PROFILE` to judge by: minimal, only what makes an image dangerous or broken;\ndefault, all but what not everybody wants; or strict, everything, where findings of\nMEDIUM block as well. It goes before that of the policies, unless that is locked.", func(name string) (err error) {
		o.profile, err = checks.ParseProfile(name)
		return err
	})
	return o
}

// check reports an organisation's policy that is not there.
func (o overrides) check() error {
	if o.organisation == "" || exists(o.organisation, policy.File) {
		return nil
	}
	switch info, err := os.Stat(o.organisation); {
	case err != nil:
		return fmt.Errorf("--policy=%s: there is no such directory: name the one of the organisation's policy", o.organisation)
	case !info.IsDir():
		return fmt.Errorf("--policy=%s: it is a file: name its directory, --policy=%s", o.organisation, filepath.Dir(o.organisation))
	}
	return fmt.Errorf("--policy=%s: the directory has no %s: name the one of the organisation's policy", o.organisation, policy.File)
}

// termsOf returns the terms of each target: its policy is the nearest imagegate.yaml in
// its build context or above, laid over that of the organisation.
func termsOf(targets []target, o overrides) []terms {
	all := make([]terms, len(targets))
	judged := map[string][]string{} // by the directory of the policy
	projects := map[string]func() (policy.Policy, error){}
	for i, t := range targets {
		context, err := filepath.Abs(t.context)
		if err != nil {
			all[i].policy.Err = fmt.Errorf("find the policy of %s: %w", t.context, err)
			continue
		}
		root := policyDir(context)
		source := relative(root, context)
		image := source
		if !t.composeOnly {
			image = path.Join(source, filepath.ToSlash(t.dockerfile))
			judged[root] = append(judged[root], image)
		}
		judged[root] = append(judged[root], source)
		all[i] = terms{policy: suppress.Policy{Files: os.DirFS(root), Source: source}, root: root, image: image}
		all[i].baseline, all[i].err = policy.LoadBaseline(os.DirFS(root), relative(context, filepath.Join(root, policy.BaselineFile)))
		if projects[root] == nil {
			projects[root] = sync.OnceValues(func() (policy.Policy, error) {
				p, _, err := policy.Load(os.DirFS(root), policy.File)
				return p, err
			})
		}
		all[i].policy.Read, all[i].policy.Err = o.layered(projects[root], context)
	}
	for i := range all {
		all[i].policy.Judged = judged[all[i].root]
	}
	return all
}

// layered returns the policy of a project with what lies below and above it. The
// organisation's is called by its path from the build context.
func (o overrides) layered(project func() (policy.Policy, error), context string) (*policy.Policy, error) {
	merged, err := project()
	if err != nil {
		return nil, err
	}
	if o.organisation != "" {
		organisation, _, err := policy.Load(os.DirFS(o.organisation), relative(context, filepath.Join(o.organisation, policy.File)))
		if err != nil {
			return nil, err
		}
		if merged, err = policy.Merge(organisation.OfOrganisation(), merged, allRules()); err != nil {
			return nil, err
		}
	}
	flags := policy.Policy{Profile: o.profile, Budgets: policy.Budgets{MaxSize: o.maxSize}}
	if o.profile != "" {
		flags.Set("profile", checks.Location{Path: "--profile"})
	}
	if o.maxSize != 0 {
		flags.Set("budgets.max-size", checks.Location{Path: "--max-size"})
	}
	if merged, err = policy.Merge(merged, flags, allRules()); err != nil {
		return nil, err
	}
	return &merged, nil
}

// here returns by what is reviewed that has no source: the nearest policy in the current
// directory or above, as for a build context there. A baseline is of a source.
func (o overrides) here() (policy.Input, error) {
	current, err := os.Getwd()
	if err != nil {
		return policy.Input{}, fmt.Errorf("find the policy: %w", err)
	}
	root := policyDir(current)
	found := false
	read, err := o.layered(func() (p policy.Policy, err error) {
		p, found, err = policy.Load(os.DirFS(root), relative(current, filepath.Join(root, policy.File)))
		return p, err
	}, current)
	if err != nil {
		return policy.Input{}, fmt.Errorf("read the policy: %w", err)
	}
	return policy.Input{
		Policy: *read, Absent: !found && o.organisation == "", Profile: read.Profile, Rules: allRules(), Now: time.Now(),
	}, nil
}

// relative returns the path of a file from a directory, with slashes.
func relative(dir, name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	from, err := filepath.Rel(dir, absolute)
	if err != nil {
		return filepath.ToSlash(name)
	}
	return filepath.ToSlash(from)
}

// policyDir returns the directory of the policy for a build context: the nearest one
// that has it or a baseline, up to the root of the repository or, outside of one, the
// current directory; the context itself if none has.
func policyDir(context string) string {
	var above []string
	for dir := context; ; dir = filepath.Dir(dir) {
		above = append(above, dir)
		if exists(dir, ".git") {
			break
		}
		if dir == filepath.Dir(dir) {
			n := 1
			if current, err := os.Getwd(); err == nil {
				n = max(n, slices.Index(above, current)+1)
			}
			above = above[:n]
			break
		}
	}
	for _, dir := range above {
		if exists(dir, policy.File) || exists(dir, policy.BaselineFile) {
			return dir
		}
	}
	return context
}

// accept returns the results with what the baseline of the target accepts, and one more
// that tells what is gone from it, if the profile judges by that.
func (t terms) accept(results []checks.Result) []checks.Result {
	if t.baseline == nil {
		return results
	}
	var read policy.Policy
	if t.policy.Read != nil {
		read = *t.policy.Read
	}
	names := checks.NamesOf(allRules())
	accepting := t.baseline.Accept(t.image, read, names)
	return append(accepting.Apply(results), accepting.Results(names, read.Profile)...)
}

// withoutUsed returns the findings without those by which a waiver is of no use for
// one target, where it is for another one.
func withoutUsed(findings []finding) []finding {
	used := map[checks.Location]bool{}
	for _, f := range findings {
		for _, at := range f.acceptedBy {
			used[at] = true
		}
	}
	return slices.DeleteFunc(findings, func(f finding) bool {
		return f.Check == "suppress/waiver" && used[checks.Location{Path: f.File, Line: f.Line, Column: f.Column}]
	})
}
