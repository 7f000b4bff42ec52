package image

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// decodeLock reads a lock file of uv, Poetry or PDM, package by package, so that no
// more than one is held.
func (m *PythonManifest) decodeLock(kind string, body io.Reader) error {
	m.Packages = map[string][]PythonRequirement{}
	var members []string
	kept := 0
	return eachSection(body, func(section []byte, isPackage bool) (err error) {
		var name string
		var requires []PythonRequirement
		switch {
		case !isPackage && kind == uvLock:
			members, err = m.decodeWorkspace(section)
		case !isPackage:
		case kind == uvLock:
			name, requires, err = m.decodeUV(section, members)
		case kind == poetryLock:
			name, requires, err = m.decodePoetry(section)
		case kind == pdmLock:
			name, requires, err = m.decodePDM(section)
		}
		if err != nil {
			return err
		}
		if isPackage && name == "" {
			return errors.New("a package has no name")
		}
		if name != "" {
			m.Packages[name] = append(m.Packages[name], requires...)
		}
		if kept += 1 + len(requires) + extrasOf(requires); kept > maxRequirements {
			return fmt.Errorf("more than %d packages, requirements and extras", maxRequirements)
		}
		return m.check()
	})
}

// eachSection calls visit with what stands before the first package of a lock file and
// with each package, as the tools write them: a table begins at the start of a line,
// and nothing else does that looks like one. What follows the packages is passed over:
// the hashes of their files.
func eachSection(body io.Reader, visit func(section []byte, isPackage bool) error) error {
	var section bytes.Buffer
	isPackage, skips := false, false
	flush := func() error {
		if skips {
			return nil
		}
		defer section.Reset()
		return visit(section.Bytes(), isPackage)
	}
	lines := bufio.NewReaderSize(body, 64<<10)
	starts := true
	for read := 0; ; {
		line, err := lines.ReadSlice('\n')
		if read += len(line); read > MaxManifest {
			return fmt.Errorf("more than %s", humanSize(MaxManifest))
		}
		if starts && bytes.HasPrefix(line, []byte("[")) {
			header := string(bytes.TrimSpace(line))
			switch {
			case header == "[[package]]":
				if err := flush(); err != nil {
					return err
				}
				isPackage, skips = true, false
			case isPackage && !strings.HasPrefix(strings.TrimLeft(header, "["), "package."):
				if err := flush(); err != nil {
					return err
				}
				isPackage, skips = false, true
			}
		}
		if !skips {
			if section.Write(line); section.Len() > maxTOML {
				return fmt.Errorf("a package of more than %s", humanSize(maxTOML))
			}
		}
		starts = err == nil
		switch {
		case errors.Is(err, io.EOF):
			return flush()
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// A uvDependency is how uv.lock refers to another package.
type uvDependency struct {
	Name  string
	Extra []string
}

func uvRequirements(list []uvDependency) []PythonRequirement {
	var requires []PythonRequirement
	for _, d := range list {
		r := PythonRequirement{Name: normalName(d.Name)}
		for _, extra := range d.Extra {
			r.Extras = append(r.Extras, normalName(extra))
		}
		requires = append(requires, r)
	}
	return requires
}

// decodeWorkspace reads what uv.lock says before its packages: the members of the
// workspace, and the groups of a workspace that is no project itself.
func (m *PythonManifest) decodeWorkspace(section []byte) (members []string, err error) {
	var lock struct {
		Manifest struct {
			Members          []string
			DependencyGroups map[string][]uvDependency `toml:"dependency-groups"`
		}
	}
	if err := decodeTOML(section, &lock); err != nil {
		return nil, err
	}
	for name, group := range lock.Manifest.DependencyGroups {
		m.add(isProductionGroup(name), uvRequirements(group)...)
	}
	for _, member := range lock.Manifest.Members {
		members = append(members, normalName(member))
	}
	return members, nil
}

// decodeUV reads a package of uv.lock. The project is one of them, with its groups.
func (m *PythonManifest) decodeUV(section []byte, members []string) (string, []PythonRequirement, error) {
	var lock struct {
		Package []struct {
			Name                 string
			Source               struct{ Virtual, Editable string }
			Dependencies         []uvDependency
			OptionalDependencies map[string][]uvDependency `toml:"optional-dependencies"`
			DevDependencies      map[string][]uvDependency `toml:"dev-dependencies"`
		}
	}
	if err := decodeTOML(section, &lock); err != nil {
		return "", nil, err
	}
	p := lock.Package[0]
	name := normalName(p.Name)
	requires := uvRequirements(p.Dependencies)
	for extra, list := range p.OptionalDependencies {
		requires = append(requires, requiredFor(extra, uvRequirements(list))...)
	}
	if p.Source.Virtual != "." && p.Source.Editable != "." && !slices.Contains(members, name) {
		return name, requires, nil
	}
	m.add(true, PythonRequirement{Name: name})
	for extra := range p.OptionalDependencies {
		extra = normalName(extra)
		m.add(!isDevelopmentExtra(extra), PythonRequirement{Name: name, Extras: []string{extra}, For: extra})
	}
	for group, list := range p.DevDependencies {
		m.add(isProductionGroup(group), uvRequirements(list)...)
	}
	return name, requires, nil
}

// decodePoetry reads a package of poetry.lock. Poetry 2 notes the groups that need it
// and Poetry before 1.5 its category; those between them note neither.
func (m *PythonManifest) decodePoetry(section []byte) (string, []PythonRequirement, error) {
	var lock struct {
		Package []struct {
			Name         string
			Optional     bool
			Category     string
			Groups       []string
			Dependencies map[string]any
			Extras       map[string][]string
		}
	}
	if err := decodeTOML(section, &lock); err != nil {
		return "", nil, err
	}
	p := lock.Package[0]
	name := normalName(p.Name)
	if p.Category != "" {
		p.Groups = append(p.Groups, p.Category)
	}
	locked := PythonRequirement{Name: name}
	if p.Optional {
		locked.For = poetryOptional
	}
	m.addLocked(locked, p.Groups)
	// What only an extra needs is among its dependencies too.
	for dependency, value := range p.Dependencies {
		if isPoetryOptional(value) {
			delete(p.Dependencies, dependency)
		}
	}
	requires := poetryRequirements(p.Dependencies)
	for extra, list := range p.Extras {
		requires = append(requires, requiredFor(extra, requirementsOf(list))...)
	}
	return name, requires, nil
}

// decodePDM reads a package of pdm.lock, or an extra of one.
func (m *PythonManifest) decodePDM(section []byte) (string, []PythonRequirement, error) {
	var lock struct {
		Package []struct {
			Name         string
			Groups       []string
			Extras       []string
			Dependencies []string
		}
	}
	if err := decodeTOML(section, &lock); err != nil {
		return "", nil, err
	}
	p := lock.Package[0]
	name := normalName(p.Name)
	m.addLocked(PythonRequirement{Name: name}, p.Groups)
	requires := requirementsOf(p.Dependencies)
	if len(p.Extras) == 0 {
		return name, requires, nil
	}
	if len(p.Extras) > maxRequirements/(len(requires)+1) {
		return "", nil, fmt.Errorf("%d requirements for %d extras", len(requires), len(p.Extras))
	}
	var extras []PythonRequirement
	for _, extra := range p.Extras {
		extras = append(extras, requiredFor(extra, slices.Clone(requires))...)
	}
	return name, extras, nil
}

// addLocked adds a package that a lock file has for some groups.
func (m *PythonManifest) addLocked(pkg PythonRequirement, groups []string) {
	if len(groups) > 0 {
		m.add(slices.ContainsFunc(groups, isProductionGroup), pkg)
	}
}
