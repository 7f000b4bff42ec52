package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// maxRequirementsFiles is how many files a build's requirements are read from:
// they may include one another.
const maxRequirementsFiles = 16

// requirementsFile is a file of the build context that pip installs from.
type requirementsFile struct {
	path  string
	lines []requirement
	// constrained is whether a constraints file may pin what has no version here.
	constrained bool
	// call is the one that installs from it, perhaps by way of another file.
	call dockerfile.Call
}

// requirement is one line of a requirements file that names a package.
type requirement struct {
	packageOperand
	location checks.Location
	hashed   bool
}

// requirementsFiles returns the files that pip and uv install from in the stages
// that the image is made from, as far as the Dockerfile shows where they come from.
func requirementsFiles(s *dockerfile.Source) []requirementsFile {
	var found []requirementsFile
	var read func(name string, call dockerfile.Call, constrained bool)
	read = func(name string, call dockerfile.Call, constrained bool) {
		seen := slices.ContainsFunc(found, func(f requirementsFile) bool { return f.path == name })
		if seen || len(found) == maxRequirementsFiles {
			return
		}
		text, err := s.ReadFile(name)
		if err != nil {
			return // pip says so
		}
		file := requirementsFile{path: name, call: call, constrained: constrained}
		at := len(found)
		found = append(found, file)
		includes := file.parse(string(text))
		found[at] = file
		for _, include := range includes {
			if !strings.ContainsAny(include, "$:") && !path.IsAbs(include) {
				read(path.Join(path.Dir(name), include), call, file.constrained)
			}
		}
	}
	walkFiles(s, func(in *dockerfile.Instruction, files *stageFiles) {
		if !in.Stage.Reachable || in.Trigger {
			return
		}
		for i, call := range in.Calls {
			p, ok := parsePackages(call)
			if !ok || p.manager != "pip" && p.manager != "uv" || p.action != actionInstall && p.action != actionDownload {
				continue
			}
			for _, name := range files.requirements(in, i, p) {
				read(name, call, p.has("-c", "--constraint", "--constraints"))
			}
		}
	})
	return found
}

// requirements returns the paths of the files in the build context that a call of
// pip or uv reads its packages from, as far as they are there.
func (f *stageFiles) requirements(in *dockerfile.Instruction, index int, p packages) []string {
	var found []string
	for _, flag := range p.flags {
		option, name, _ := strings.Cut(flag, "=")
		if option != "-r" && option != "--requirement" && option != "--requirements" || name == "" || strings.ContainsAny(name, "$`:") {
			continue
		}
		for _, dir := range f.directories(in, index) {
			target := path.Join(dir, name)
			if path.IsAbs(name) {
				target = path.Clean(name)
			}
			if at := f.find(in, target); at.presence == present {
				found = append(found, at.path)
				break
			}
		}
	}
	return found
}

// parse reads the lines of the file, and returns the files that it includes.
func (f *requirementsFile) parse(text string) (includes []string) {
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for i := 0; i < len(lines); i++ {
		first := i
		var logical strings.Builder
		for {
			line := strings.TrimSuffix(lines[i], "\r")
			rest, continued := strings.CutSuffix(line, `\`)
			logical.WriteString(rest)
			if !continued || i+1 == len(lines) {
				break
			}
			i++
		}
		line := withoutComment(logical.String())
		if line == "" {
			continue
		}
		if option, value := requirementOption(line); option != "" {
			switch option {
			case "-r", "--requirement":
				includes = append(includes, value)
				continue
			case "-c", "--constraint":
				f.constrained = true
				continue
			case "-e", "--editable":
				line = value
			default:
				continue
			}
		}
		r := parseRequirement(line)
		r.location = checks.Location{
			Path: f.path, Line: first + 1, Column: 1 + len(lines[first]) - len(strings.TrimLeft(lines[first], " \t")),
			EndLine: i + 1, EndColumn: 1 + len([]rune(strings.TrimRight(lines[i], "\r"))),
		}
		f.lines = append(f.lines, r)
	}
	return includes
}

func withoutComment(line string) string {
	for i := range line {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

// requirementOption takes apart a line that is an option, as in "-r base.txt",
// "-rbase.txt" and "--requirement=base.txt".
func requirementOption(line string) (option, value string) {
	if !strings.HasPrefix(line, "-") {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	switch {
	case end < 0 && strings.HasPrefix(line, "--"):
		return line, ""
	case end < 0 || line[1] != '-' && end > 2:
		end = min(2, len(line))
	}
	return line[:end], strings.Trim(line[end:], " \t=\"'")
}

func parseRequirement(line string) requirement {
	var r requirement
	spec, _, hashed := strings.Cut(line, "--hash")
	if i := strings.Index(spec, " --"); i >= 0 {
		spec = spec[:i] // other options of the line
	}
	spec, _, _ = strings.Cut(spec, " ;")
	r.hashed = hashed || strings.Contains(spec, "#sha256=")
	r.word = strings.TrimSpace(spec)
	_, url, direct := strings.Cut(r.word, "@")
	direct = direct && strings.Contains(url, ":")
	r.elsewhere = isFileOrURL(r.word) || direct
	splitPython(&r.packageOperand)
	r.unknown = strings.Contains(r.word, "${")
	return r
}
