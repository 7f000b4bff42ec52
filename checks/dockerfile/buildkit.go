package dockerfile

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imagegate/imagegate/checks"
)

// Lint is what BuildKit's own linter says of a Dockerfile.
type Lint struct {
	// Findings are by the name of the rule, in BuildKit's order, without repeats.
	Findings map[string][]checks.Finding
	// Rejected is why BuildKit would not build it; it judged no further than that.
	Rejected *checks.Finding
	// Err is why it could not be asked.
	Err error
}

// Lint returns what BuildKit's linter says, with what "# check=skip=" comments
// skip: package suppress accepts that. It is run once, when first asked for.
func (s *Source) Lint() Lint { return s.lint() }

// runLint runs BuildKit's own linter, which converts the Dockerfile as a build
// would, but with empty base images instead of a registry's.
func (s *Source) runLint() Lint {
	res := Lint{Findings: map[string][]checks.Finding{}}
	text := s.withoutSkips()
	opt := dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildArgs: maps.Clone(s.options.BuildArgs), Target: s.options.Target},
		SourceMap:    &llb.SourceMap{Filename: s.Path, Language: "Dockerfile", Data: text, Definition: &llb.Definition{}},
		MetaResolver: emptyImages{},
	}
	if s.Windows() {
		opt.TargetPlatform = &ocispecs.Platform{OS: "windows", Architecture: "amd64"}
	}
	lint, err := dockerfile2llb.DockerfileLint(context.Background(), text, opt)
	if err != nil {
		res.Err = fmt.Errorf("linting %s with BuildKit: %w", s.Path, err)
		return res
	}
	for _, w := range lint.Warnings {
		var lines []parser.Range
		for _, r := range w.Location.GetRanges() {
			lines = append(lines, parser.Range{
				Start: parser.Position{Line: int(r.Start.Line)},
				End:   parser.Position{Line: int(r.End.Line)},
			})
		}
		where := s.locate(lines)
		if w.RuleName == linter.RuleUndefinedVar.Name && s.mayInherit(where, w.Detail) {
			continue
		}
		res.add(w.RuleName, w.URL, "", w.Detail, where)
	}
	if e := lint.Error; e != nil {
		where := checks.Location{Path: s.Path}
		if ranges := e.Location.GetRanges(); len(ranges) > 0 {
			line := int(ranges[0].Start.Line)
			where.Line, where.EndLine = line, int(ranges[0].End.Line)
			if in := s.byLine[line]; in != nil {
				where = in.Location
			}
		} else if in := s.unknownStage(); in != nil {
			where = in.Location
		}
		found := checks.At(where, "BuildKit rejects the Dockerfile: %s", strings.Join(strings.Fields(e.Message), " "))
		res.Rejected = &found
	}
	if err := s.lintIgnored(&res); err != nil {
		res.Err = err
	}
	if s.directive.ReturnAsError {
		for _, findings := range res.Findings {
			for i := range findings {
				findings[i].Status = checks.Fail
			}
		}
	}
	return res
}

// unknownStage returns the first instruction that copies from a stage by a number
// that no stage has: BuildKit rejects it without saying where; nil if there is none.
func (s *Source) unknownStage() *Instruction {
	for _, stage := range s.Stages {
		for _, ref := range stage.References {
			if _, err := strconv.Atoi(ref.Name.Text); err == nil && ref.Stage == nil && ref.Instruction.Keyword == "COPY" {
				return ref.Instruction
			}
		}
	}
	return nil
}

func (r *Lint) add(rule, url, subject, message string, where checks.Location) {
	found := checks.At(where, "%s", message)
	found.Reference, found.Subject = url, subject
	for _, old := range r.Findings[rule] {
		if old.Location == where && old.Message == message && old.Reference == url {
			return
		}
	}
	r.Findings[rule] = append(r.Findings[rule], found)
}

// mayInherit reports whether a variable that BuildKit does not find may be one of
// the external base image, which is not known here. A name that is nearly one of
// the Dockerfile's is a slip all the same.
func (s *Source) mayInherit(where checks.Location, message string) bool {
	in := s.byLine[where.Line]
	if in == nil || in.Stage == nil || strings.Contains(message, "did you mean") {
		return false
	}
	return in.Stage.Root().BaseName.Text != Scratch
}

// lintIgnored judges the rule CopyIgnoredFile, for which BuildKit's linter needs
// a client of a running builder. The rest is as BuildKit does it.
func (s *Source) lintIgnored(res *Lint) error {
	if s.Ignore.Path == "" || s.Ignore.Exceptions() {
		return nil
	}
	rule := linter.RuleCopyIgnoredFile
	for _, stage := range s.Stages {
		if s.options.Target != "" && !stage.Reachable {
			continue
		}
		for _, c := range stage.Copies() {
			for _, name := range c.ContextPaths() {
				excluded, err := s.Ignore.Excludes(name)
				if name == "." {
					excluded, err = s.Ignore.ExcludesAll(), nil
				}
				if err != nil {
					return err
				}
				if excluded {
					verb := c.Keyword[:1] + strings.ToLower(c.Keyword[1:])
					res.add(rule.Name, rule.URL, name, rule.Format(verb, name), s.locate(c.Command.Location()))
				}
			}
		}
	}
	return nil
}

// emptyImages resolves every image to an empty one of the wanted platform.
type emptyImages struct{}

func (emptyImages) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	var image ocispecs.Image
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	config, err := json.Marshal(image)
	return ref, "", config, err
}
