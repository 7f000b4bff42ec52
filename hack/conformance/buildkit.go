// Package conformance holds package dockerfile to BuildKit: its tests judge the same
// Dockerfiles by both, and demand the same findings and the same rejections. It is a
// module of its own, so that nobody who uses imagegate compiles BuildKit's frontend.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Finding is what a rule finds, in the first line of an instruction.
type Finding struct {
	Rule, Message string
	Line          int
}

// Verdict is what is said of a Dockerfile.
type Verdict struct {
	Findings map[Finding]bool
	// Rejected are the reasons why it is not built, the one that counts first. A line
	// of 0 is none.
	Rejected []Finding
}

// BuildKit returns the verdict of BuildKit's own linter, which converts the
// Dockerfile as a build would, but with empty base images instead of a registry's.
// Source is the same Dockerfile as we read it; nil if we do not read it.
func BuildKit(text []byte, options dockerfile.Options, source *dockerfile.Source) (Verdict, error) {
	caps := pb.Caps.CapSet(pb.Caps.All()) // without, a mount that is written to panics
	opt := dockerfile2llb.ConvertOpt{
		LLBCaps:      &caps,
		Config:       dockerui.Config{BuildArgs: maps.Clone(options.BuildArgs), Target: options.Target},
		MetaResolver: emptyImages{},
	}
	if source != nil {
		text = withoutSkips(text, source)
		if source.Windows() {
			opt.TargetPlatform = &ocispecs.Platform{OS: "windows", Architecture: "amd64"}
		}
	}
	opt.SourceMap = &llb.SourceMap{Filename: "Dockerfile", Language: "Dockerfile", Data: text, Definition: &llb.Definition{}}
	lint, err := dockerfile2llb.DockerfileLint(context.Background(), text, opt)
	if err != nil {
		return Verdict{}, fmt.Errorf("linting with BuildKit: %w", err)
	}
	verdict := Verdict{Findings: map[Finding]bool{}}
	for _, w := range lint.Warnings {
		f := Finding{Rule: w.RuleName, Message: w.Detail}
		if ranges := w.Location.GetRanges(); len(ranges) > 0 {
			f.Line = int(ranges[0].Start.Line)
		}
		if source == nil || f.Rule != linter.RuleUndefinedVar.Name || !mayInherit(source, f) {
			verdict.Findings[f] = true
		}
	}
	if lint.Error != nil {
		f := Finding{Message: strings.Join(strings.Fields(lint.Error.Message), " ")}
		if ranges := lint.Error.Location.GetRanges(); len(ranges) > 0 {
			f.Line = int(ranges[0].Start.Line)
		}
		verdict.Rejected = []Finding{f}
	}
	return verdict, nil
}

// withoutSkips returns the Dockerfile with its "# check=" comments changed to skip
// nothing, each line where it was.
func withoutSkips(text []byte, source *dockerfile.Source) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for _, c := range source.Comments() {
		if c.Check == nil {
			continue
		}
		line := lines[c.Location.Line-1]
		before, comment, _ := bytes.Cut(line, []byte("#"))
		changed := append(bytes.Clone(before), "# check=error=false"...)
		if bytes.HasSuffix(comment, []byte("\r")) {
			changed = append(changed, '\r')
		}
		lines[c.Location.Line-1] = changed
	}
	return bytes.Join(lines, []byte("\n"))
}

// mayInherit reports whether a variable that BuildKit does not find may be one of
// the external base image, which is not known here. A name that is nearly one of
// the Dockerfile's is a slip all the same.
func mayInherit(source *dockerfile.Source, f Finding) bool {
	if strings.Contains(f.Message, "did you mean") {
		return false
	}
	for _, stage := range source.Stages {
		instructions := append([]*dockerfile.Instruction{stage.From}, stage.Instructions...)
		for _, in := range instructions {
			if in.Location.Line == f.Line && !in.Trigger {
				return stage.Root().BaseName.Text != dockerfile.Scratch
			}
		}
	}
	return false
}

// Ours returns the verdict of package dockerfile.
func Ours(source *dockerfile.Source) (Verdict, error) {
	lint := source.Lint()
	verdict := Verdict{Findings: map[Finding]bool{}}
	for rule, findings := range lint.Findings {
		for _, f := range findings {
			verdict.Findings[Finding{Rule: rule, Message: f.Message, Line: f.Location.Line}] = true
		}
	}
	for _, f := range lint.Rejected {
		verdict.Rejected = append(verdict.Rejected, Finding{
			Message: strings.TrimPrefix(f.Message, "BuildKit rejects the Dockerfile: "),
			Line:    f.Location.Line,
		})
	}
	return verdict, lint.Err
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
