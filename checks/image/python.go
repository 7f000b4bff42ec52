package image

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// PythonManifest is a file that tells which Python packages a project needs: its
// pyproject.toml, a lock file, or a file of requirements.
type PythonManifest struct {
	// Path is absolute in the image, and relative in the source.
	Path string
	// Production and Development are what the project names itself for each; in a lock
	// file, also what it pulls in where the file says what for. One of Production that
	// has a For is what it may do without: of an extra, or listed in a file of
	// requirements, where people list what they develop with, too.
	Production, Development []PythonRequirement
	// Packages is what each package of a lock file requires, by its name.
	Packages map[string][]PythonRequirement

	// extras is how many the requirements name.
	extras       int
	layer, index int
}

// PythonRequirement is a package that a project or another package needs. All names are
// normalised: "typing-extensions".
type PythonRequirement struct {
	Name string
	// Extras are those of it that are needed.
	Extras []string
	// For is the extra that needs it of the package that requires it; empty: it is
	// needed in any case.
	For string
}

// PythonPackage is what a package that is installed in the image says of itself.
type PythonPackage struct {
	// Path is that of its METADATA, absolute.
	Path     string
	Name     string
	Requires []PythonRequirement

	layer, index int
}

const (
	pyproject    = "pyproject.toml"
	uvLock       = "uv.lock"
	poetryLock   = "poetry.lock"
	pdmLock      = "pdm.lock"
	requirements = "requirements"
	// maxRequirements is how many requirements of one such file are kept, with the extras
	// that they name, and maxRequirement how many bytes one may have that pip writes.
	maxRequirements = 50_000
	maxRequirement  = 4 << 10
	// maxPythonPackages is how many packages of one layer are kept: what is installed
	// beyond them is found by its name alone.
	maxPythonPackages = 10_000
	// requirementBytes is about what one takes.
	requirementBytes = 96
)

// pythonManifests are the names of the files that decodePythonManifest reads, besides
// those of requirements.
var pythonManifests = []string{pyproject, uvLock, poetryLock, pdmLock}

// isPythonManifest reports whether a file is one of an application's, not of a package
// that is installed.
func isPythonManifest(name string) bool {
	return (slices.Contains(pythonManifests, path.Base(name)) || isRequirements(name)) && !published(name)
}

// isRequirements reports whether a file names what is needed in production, as pip
// reads it: requirements.txt, requirements-prod.txt, requirements/base.txt; and not
// requirements-dev.txt.
func isRequirements(name string) bool {
	base, text := strings.CutSuffix(path.Base(name), ".txt")
	words := strings.Split(normalName(base), "-")
	return text && (slices.Contains(words, requirements) || path.Base(path.Dir(name)) == requirements) &&
		!slices.ContainsFunc(words, isDevelopmentExtra)
}

// ReadPythonManifests reads what directories of a source declare: an image is often
// given the packages that are installed, and not the files that name them.
func ReadPythonManifests(source fs.FS, directories ...string) ([]PythonManifest, error) {
	var manifests []PythonManifest
	seen := map[string]bool{}
	for _, top := range directories {
		for _, dir := range []string{top, path.Join(top, requirements)} {
			if !fs.ValidPath(dir) || seen[dir] {
				continue
			}
			seen[dir] = true
			if info, err := fs.Stat(source, dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
				continue
			}
			files, err := fs.ReadDir(source, dir)
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				name := path.Join(dir, file.Name())
				if !isPythonManifest(name) {
					continue
				}
				m, ok, err := readPythonManifest(source, name)
				if err != nil {
					return nil, err
				}
				if ok {
					manifests = append(manifests, m)
				}
			}
		}
	}
	return manifests, nil
}

func readPythonManifest(source fs.FS, name string) (PythonManifest, bool, error) {
	f, err := source.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return PythonManifest{}, false, nil
	}
	if err != nil {
		return PythonManifest{}, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return PythonManifest{}, false, err
	}
	if info.IsDir() || info.Size() > MaxManifest {
		return PythonManifest{}, false, nil
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return PythonManifest{}, false, err
	}
	m, ok := decodePythonManifest(name, bytes.NewReader(text))
	m.Path = name
	return m, ok, nil
}

// decodePythonManifest reads a file that isPythonManifest knows. It returns false for
// one that tells nothing, that is none after all (no package manager would read it
// either) or that is larger than any.
func decodePythonManifest(name string, body io.Reader) (PythonManifest, bool) {
	m := PythonManifest{Path: "/" + name}
	var err error
	switch base := path.Base(name); {
	case base == pyproject:
		err = m.decodeProject(body)
	case isRequirements(name):
		err = m.decodeRequirements(body)
	default:
		err = m.decodeLock(base, body)
	}
	return m, err == nil && len(m.Production)+len(m.Development)+len(m.Packages) > 0
}

// bytes is about how many bytes a manifest takes.
func (m *PythonManifest) bytes() int {
	n := 2*len(m.Path) + noteBytes + requirementsBytes(m.Production) + requirementsBytes(m.Development)
	for name, requires := range m.Packages {
		n += len(name) + noteBytes + requirementsBytes(requires)
	}
	return n
}

func requirementsBytes(list []PythonRequirement) int {
	n := 0
	for _, r := range list {
		n += len(r.Name) + len(r.For) + requirementBytes
		for _, extra := range r.Extras {
			n += len(extra) + noteBytes/2
		}
	}
	return n
}

// A project is what is read of a pyproject.toml.
type project struct {
	Project struct {
		Name                 string
		Dependencies         []string
		OptionalDependencies map[string][]string `toml:"optional-dependencies"`
	}
	DependencyGroups map[string][]any `toml:"dependency-groups"`
	Tool             struct {
		Poetry struct {
			Name            string
			Dependencies    map[string]any
			DevDependencies map[string]any `toml:"dev-dependencies"`
			Group           map[string]struct{ Dependencies map[string]any }
		}
		PDM struct {
			DevDependencies map[string][]string `toml:"dev-dependencies"`
		}
		UV struct {
			DevDependencies []string `toml:"dev-dependencies"`
		}
	}
}

// decodeProject reads a pyproject.toml: what is for development by PEP 735, in the
// tables of Poetry, PDM and uv from before it, and in extras that are named so.
func (m *PythonManifest) decodeProject(body io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(body, maxTOML+1))
	if err != nil {
		return err
	}
	var p project
	if err := decodeTOML(text, &p); err != nil {
		return err
	}
	m.add(true, requirementsOf(p.Project.Dependencies)...)
	for extra, list := range p.Project.OptionalDependencies {
		m.add(!isDevelopmentExtra(extra), requiredFor(extra, requirementsOf(list))...)
	}
	groups := map[string][]any{}
	for name, members := range p.DependencyGroups {
		groups[normalName(name)] = members
	}
	seen := map[bool]map[string]bool{true: {}, false: {}}
	for name := range groups {
		production := isProductionGroup(name)
		m.addGroup(groups, name, production, seen[production])
	}
	poetry := p.Tool.Poetry
	m.add(true, poetryRequirements(poetry.Dependencies)...)
	m.add(false, poetryRequirements(poetry.DevDependencies)...)
	for name, group := range poetry.Group {
		m.add(isProductionGroup(name), poetryRequirements(group.Dependencies)...)
	}
	for _, list := range p.Tool.PDM.DevDependencies {
		m.add(false, requirementsOf(list)...)
	}
	m.add(false, requirementsOf(p.Tool.UV.DevDependencies)...)
	// "app[test]" in the group dev of app stands for one of its extras.
	itself := []string{normalName(p.Project.Name), normalName(poetry.Name)}
	m.Development = slices.DeleteFunc(m.Development, func(r PythonRequirement) bool { return slices.Contains(itself, r.Name) })
	return m.check()
}

// addGroup adds the members of a group and of those that it includes.
func (m *PythonManifest) addGroup(groups map[string][]any, name string, production bool, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, member := range groups[name] {
		switch member := member.(type) {
		case string:
			m.add(production, requirementsOf([]string{member})...)
		case map[string]any:
			if included, ok := member["include-group"].(string); ok {
				m.addGroup(groups, normalName(included), production, seen)
			}
		}
	}
}

func (m *PythonManifest) add(production bool, list ...PythonRequirement) {
	m.extras += extrasOf(list)
	if production {
		m.Production = append(m.Production, list...)
	} else {
		m.Development = append(m.Development, list...)
	}
}

// check reports more requirements than are kept. Where some were left out, what needs
// them would not be seen.
func (m *PythonManifest) check() error {
	if len(m.Production)+len(m.Development)+m.extras > maxRequirements {
		return fmt.Errorf("more than %d requirements and extras", maxRequirements)
	}
	return nil
}

// extrasOf returns how many extras requirements name.
func extrasOf(list []PythonRequirement) int {
	n := 0
	for _, r := range list {
		n += len(r.Extras)
	}
	return n
}

// decodeRequirements reads a file of requirements.
func (m *PythonManifest) decodeRequirements(body io.Reader) error {
	lines := bufio.NewScanner(io.LimitReader(body, MaxManifest))
	for lines.Scan() {
		m.add(true, requiredFor(requirements, requirementsOf([]string{lines.Text()}))...)
		if err := m.check(); err != nil {
			return err
		}
	}
	return lines.Err()
}

// productionGroups are words in the name of a group that is for production, although
// it is one; developmentExtras are names of extras for development.
var (
	productionGroups  = []string{"main", "default", "prod", "production", "deploy", "deployment", "runtime", "server"}
	developmentExtras = []string{"dev", "devel", "develop", "development", "test", "tests", "testing", "lint", "linting", "typing", "doc", "docs"}
)

func isProductionGroup(name string) bool {
	return slices.ContainsFunc(strings.Split(normalName(name), "-"), func(word string) bool { return slices.Contains(productionGroups, word) })
}

func isDevelopmentExtra(name string) bool {
	return slices.Contains(developmentExtras, normalName(name))
}

var (
	separators = regexp.MustCompile(`[-_.]+`)
	// requirement is what a requirement begins with, by the names of packages and its
	// extras: "uvicorn[standard]>=0.30; python_version > '3.8'".
	requirement = regexp.MustCompile(`^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?`)
	// extraMarker is the condition that an extra is asked for.
	extraMarker = regexp.MustCompile(`\bextra\s*==\s*['"]([^'"]+)['"]`)
)

// normalName returns a name as PEP 503 compares it. It holds nothing of the text that
// the name is in.
func normalName(name string) string {
	return strings.Clone(strings.ToLower(separators.ReplaceAllLiteralString(name, "-")))
}

// requirementsOf reads requirements as pip writes them, leaving out what names no
// package. One that several extras ask for comes once for each of them.
func requirementsOf(texts []string) []PythonRequirement {
	var list []PythonRequirement
	for _, text := range texts {
		m := requirement.FindStringSubmatch(text)
		if m == nil || len(text) > maxRequirement {
			continue
		}
		r := PythonRequirement{Name: normalName(m[1])}
		for extra := range strings.SplitSeq(m[2], ",") {
			if extra = strings.TrimSpace(extra); extra != "" {
				r.Extras = append(r.Extras, normalName(extra))
			}
		}
		_, marker, _ := strings.Cut(text, ";")
		conditions := extraMarker.FindAllStringSubmatch(marker, -1)
		if conditions == nil {
			list = append(list, r)
		}
		for _, condition := range conditions {
			r.For = normalName(condition[1])
			list = append(list, r)
		}
	}
	return list
}

// requiredFor returns requirements as those of an extra.
func requiredFor(extra string, list []PythonRequirement) []PythonRequirement {
	for i := range list {
		list[i].For = normalName(extra)
	}
	return list
}

// poetryRequirements reads a table of Poetry's, of a version or more by name.
func poetryRequirements(table map[string]any) []PythonRequirement {
	var list []PythonRequirement
	for name, value := range table {
		r := PythonRequirement{Name: normalName(name)}
		if r.Name == "python" {
			continue
		}
		if isPoetryOptional(value) {
			r.For = poetryOptional
		}
		for _, c := range poetryConstraints(value) {
			extras, _ := c["extras"].([]any)
			for _, extra := range extras {
				if extra, ok := extra.(string); ok {
					r.Extras = append(r.Extras, normalName(extra))
				}
			}
		}
		list = append(list, r)
	}
	return list
}

// poetryConstraints returns the tables of a dependency, which has one for each platform
// where they differ; none for a version alone.
func poetryConstraints(value any) []map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return []map[string]any{value}
	case []map[string]any:
		return value
	case []any:
		var tables []map[string]any
		for _, each := range value {
			table, _ := each.(map[string]any)
			tables = append(tables, table)
		}
		return tables
	}
	return nil
}

// poetryOptional stands for the extras that need what Poetry calls optional.
const poetryOptional = "optional"

// isPoetryOptional reports whether a dependency is one of an extra alone.
func isPoetryOptional(value any) bool {
	for _, c := range poetryConstraints(value) {
		if c["optional"] != true {
			return false
		}
	}
	return len(poetryConstraints(value)) > 0
}

// closure returns the names of all packages that the roots need, by what each package
// requires; with every is as though all extras were asked for.
func closure(packages map[string][]PythonRequirement, roots []PythonRequirement, every bool) map[string]bool {
	type part struct{ name, extra string }
	requires := map[part][]PythonRequirement{}
	for name, list := range packages {
		for _, r := range list {
			of := part{name, r.For}
			if every {
				of.extra = ""
			}
			requires[of] = append(requires[of], r)
		}
	}
	seen, names := map[part]bool{}, map[string]bool{}
	for queue := slices.Clone(roots); len(queue) > 0; {
		r := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		names[r.Name] = true
		for _, extra := range append([]string{""}, r.Extras...) {
			if of := (part{r.Name, extra}); !seen[of] {
				seen[of] = true
				queue = append(queue, requires[of]...)
			}
		}
	}
	return names
}

// distInfo is the directory in which a Python package is described, by its name
// and version.
var distInfo = regexp.MustCompile(`^([A-Za-z0-9._]+)-[^-/]+\.dist-info$`)

// installedPython returns the directory in which a package is installed and its name,
// where a file is the METADATA of one.
func installedPython(name string) (dir, pkg string, ok bool) {
	info, base := path.Split(name)
	if base != "METADATA" {
		return "", "", false
	}
	dir, info = path.Split(path.Clean(info))
	dir = path.Clean(dir)
	m := distInfo.FindStringSubmatch(info)
	if m == nil || !slices.Contains([]string{"site-packages", "dist-packages"}, path.Base(dir)) {
		return "", "", false
	}
	return dir, normalName(m[1]), true
}

// decodePythonMetadata reads what a package that is installed requires, from the head
// of its METADATA.
func decodePythonMetadata(name string, body io.Reader) PythonPackage {
	_, pkg, _ := installedPython(name)
	p := PythonPackage{Path: "/" + name, Name: pkg}
	kept := 0
	for lines := bufio.NewReader(io.LimitReader(body, MaxManifest)); kept < maxRequirements; {
		line, tooLong, err := lines.ReadLine()
		if err != nil || len(line) == 0 {
			return p
		}
		if text, ok := bytes.CutPrefix(line, []byte("Requires-Dist:")); ok {
			requires := requirementsOf([]string{string(text)})
			p.Requires = append(p.Requires, requires...)
			kept += len(requires) + extrasOf(requires)
		}
		for tooLong && err == nil {
			_, tooLong, err = lines.ReadLine()
		}
	}
	return p
}
