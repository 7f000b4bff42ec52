package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/linter"
)

// judgeIgnored judges that what is copied is not left out by the ignore file.
func (t *trial) judgeIgnored() error {
	s := t.source
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
					t.findOf(rule.Name, rule.URL, name, rule.Format(verb, name), s.locate(c.Command.Location()))
				}
			}
		}
	}
	return nil
}
