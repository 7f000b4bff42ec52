package dockerfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/system"
	"github.com/opencontainers/go-digest"
	mode "github.com/tonistiigi/dchapes-mode"
)

// copied is an ADD or COPY with its words expanded.
type copied struct {
	isAdd                  bool
	chown, chmod, checksum string
	link, parents          bool
	keepGitDir             *bool
	sources                []string
	contents               []instructions.SourceContent
	dest                   string
}

func (t *trial) judgeAdd(stage *trialStage, s step, cmd *instructions.AddCommand) error {
	words, err := t.expandAll(stage, s, slices.Concat([]string{cmd.Chown, cmd.Chmod, cmd.Checksum}, cmd.SourcePaths, []string{cmd.DestPath}))
	if err != nil {
		return err
	}
	if err := t.expandContents(stage, s, cmd.SourceContents); err != nil {
		return err
	}
	last := len(words) - 1
	return copied{
		isAdd: true,
		chown: words[0], chmod: words[1], checksum: words[2],
		link: cmd.Link, keepGitDir: cmd.KeepGitDir,
		sources: words[3:last], contents: cmd.SourceContents, dest: words[last],
	}.validate(stage)
}

func (t *trial) judgeCopy(stage *trialStage, s step, cmd *instructions.CopyCommand) error {
	words, err := t.expandAll(stage, s, slices.Concat([]string{cmd.Chown, cmd.Chmod}, cmd.SourcePaths, []string{cmd.DestPath}))
	if err != nil {
		return err
	}
	if err := t.expandContents(stage, s, cmd.SourceContents); err != nil {
		return err
	}
	if len(s.sources) > 0 && s.sources[0].comesAfter(stage) {
		return fmt.Errorf("cannot copy from stage %q, it needs to be defined before current stage %q", cmd.From, stage.label())
	}
	last := len(words) - 1
	return copied{
		chown: words[0], chmod: words[1],
		link: cmd.Link, parents: cmd.Parents,
		sources: words[2:last], contents: cmd.SourceContents, dest: words[last],
	}.validate(stage)
}

// comesAfter reports whether a stage stands behind another one, so that it is not
// built when that one is. An image never does.
func (s *trialStage) comesAfter(other *trialStage) bool { return s != nil && s.Index > other.Index }

// expandContents expands the heredocs that are not quoted.
func (t *trial) expandContents(stage *trialStage, s step, contents []instructions.SourceContent) error {
	for _, content := range contents {
		if !content.Expand {
			continue
		}
		if err := t.count(content.Data); err != nil {
			return err
		}
		lexer := shell.NewLex('\\')
		lexer.SkipProcessQuotes = true
		res, err := lexer.ProcessWordWithMatches(content.Data, stage.env)
		t.judgeVariables(stage, s, res)
		if err != nil {
			return err
		}
	}
	return nil
}

// validate returns why BuildKit rejects it.
func (c copied) validate(stage *trialStage) error {
	if err := validDestination(c.dest, stage); err != nil {
		return err
	}
	if c.link && namesOwner(c.chown) {
		return fmt.Errorf("--chown=%s: user and group names can't be resolved when used with --link, use numeric uid[:gid] instead", c.chown)
	}
	if err := validMode(c.chmod); err != nil {
		return err
	}
	if c.checksum != "" {
		if len(c.sources) != 1 {
			return errors.New("checksum can't be specified for multiple sources")
		}
		if _, isGit, err := ParseGit(c.sources[0]); !isHTTP(c.sources[0]) && (!isGit || err != nil) {
			return errors.New("checksum requires HTTP(S) or Git sources")
		}
	}
	for _, src := range c.sources {
		if err := c.validateSource(src, stage.os); err != nil {
			return err
		}
	}
	for _, content := range c.contents {
		if _, err := system.CheckSystemDriveAndRemoveDriveLetter(content.Path, stage.os, false); err != nil {
			return fmt.Errorf("removing drive letter: %w", err)
		}
	}
	return nil
}

// validateSource returns why BuildKit rejects a source. What the address of a
// repository says counts for the sources behind it, too.
func (c *copied) validateSource(src, os string) error {
	ref, isGit, err := ParseGit(src)
	switch {
	case err != nil:
		return err
	case isGit && !ref.Local:
		if !c.isAdd {
			return errors.New("source can't be a git ref for COPY")
		}
		if ref.KeepGitDir != nil {
			if c.keepGitDir != nil && *c.keepGitDir != *ref.KeepGitDir {
				return errors.New("inconsistent keep-git-dir configuration")
			}
			c.keepGitDir = ref.KeepGitDir
		}
		if ref.Checksum != "" {
			if c.checksum != "" && c.checksum != ref.Checksum {
				return fmt.Errorf("checksum mismatch %q != %q", c.checksum, ref.Checksum)
			}
			c.checksum = ref.Checksum
		}
		return nil
	case isHTTP(src):
		if !c.isAdd {
			return errors.New("source can't be a URL for COPY")
		}
		if c.checksum != "" {
			_, err = digest.Parse(c.checksum)
		}
		return err
	}
	if c.parents {
		parent, pattern, ok := strings.Cut(src, "/./")
		if !ok {
			parent, pattern = "/", src
		}
		if _, err := system.NormalizePath("/", pattern, os, false); err != nil {
			return fmt.Errorf("removing drive letter: %w", err)
		}
		src = parent
	}
	if _, err := system.NormalizePath("/", src, os, false); err != nil {
		return fmt.Errorf("removing drive letter: %w", err)
	}
	return nil
}

// validDestination returns BuildKit's error for a path that is not on the system's
// drive of Windows.
func validDestination(dest string, stage *trialStage) error {
	dest, err := system.CheckSystemDriveAndRemoveDriveLetter(dest, stage.os, true)
	if err != nil {
		return fmt.Errorf("removing drive letter: %w", err)
	}
	_, err = system.NormalizePath(stage.workdir, dest, stage.os, true)
	return err
}

// namesOwner reports whether a user or group of --chown is no number.
func namesOwner(chown string) bool {
	for _, name := range strings.SplitN(chown, ":", 2) {
		if _, err := strconv.ParseInt(name, 10, 32); err != nil && name != "" && name != "root" {
			return true
		}
	}
	return false
}

// validMode returns BuildKit's error for a --chmod that is neither an octal number
// nor symbolic, as in u=rwX.
func validMode(chmod string) error {
	if chmod == "" {
		return nil
	}
	notOctal := fmt.Errorf("invalid chmod parameter: '%v'. it should be octal string and between 0 and 07777", chmod)
	if bits, err := strconv.ParseUint(chmod, 8, 32); err == nil {
		if bits > 0o7777 {
			return notOctal
		}
		return nil
	}
	_, err := mode.Parse(chmod)
	var number *strconv.NumError
	if errors.As(err, &number) {
		return notOctal
	}
	return err
}
