package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// What a package manager is called to do; an action that has none of these names
// stands as written, as in "config" for npm config set.
const (
	actionInstall  = "install"  // the packages that it names, or those of a manifest
	actionUpdate   = "update"   // the lists of what there is
	actionUpgrade  = "upgrade"  // packages that are installed
	actionRemove   = "remove"   // packages that are installed
	actionClean    = "clean"    // what it keeps of downloads and lists
	actionDownload = "download" // without installing, as pip wheel does
)

// packages is a call of a package manager.
type packages struct {
	// manager is apt (for apt-get and aptitude, too), apk, dnf, yum, microdnf,
	// tdnf, zypper, pip (for pip3, too), pipx, uv, npm, yarn, pnpm, bun, gem, go,
	// cargo, composer or conda (for mamba and micromamba, too).
	manager string
	// action is one of the constants above, or what the call says.
	action string
	// command is program and action as written, as in "apt-get dist-upgrade".
	command string
	// operands are the packages: what stands behind the action and is no option.
	operands []packageOperand
	// flags are the options as written, those before the action included. One with
	// a value in a word of its own is joined to it by "=": "--virtual=.deps" for
	// --virtual .deps, but "-r=a.txt" for both -r a.txt and -r=a.txt.
	flags []string
	// system is whether it manages the packages of the operating system.
	system bool
	// global is whether it installs a tool for the whole image rather than a
	// dependency of the project: npm -g, yarn global, uv tool, go install x@v1.
	global bool
}

// packageOperand is one package that a call names.
type packageOperand struct {
	// word is the operand as written, index its place in Call.Words.
	word  string
	index int
	// name is the package without version, extras and architecture.
	name string
	// version is the version that it is pinned to, or a variable that holds it.
	version string
	// constraint is what stands instead of a version and does not pin one: a
	// range, or a tag such as latest.
	constraint string
	// elsewhere is whether it is a file, a directory or a URL rather than a package
	// of the manager's repositories.
	elsewhere bool
	// unknown is whether what it names depends on a variable.
	unknown bool
}

// pinned reports whether the operand always means the same package, or may do.
func (o packageOperand) pinned() bool { return o.version != "" || o.elsewhere || o.unknown }

// has reports whether one of these options is given, with or without a value. A
// letter such as -y counts among others, too, as in -qy.
func (p packages) has(options ...string) bool {
	_, ok := p.value(options...)
	return ok
}

// value returns the value of the first of these options that is given.
func (p packages) value(options ...string) (string, bool) {
	for _, flag := range p.flags {
		name, value, _ := strings.Cut(flag, "=")
		for _, option := range options {
			letter := len(option) == 2 && option[1] != '-'
			if name == option || letter && managers[p.manager].letters && isLetters(name) && strings.Contains(name, option[1:]) {
				return value, true
			}
		}
	}
	return "", false
}

// isLetters reports whether an option is one or more letters, as in -yqq.
func isLetters(option string) bool {
	return len(option) > 1 && option[0] == '-' && strings.Trim(option[1:], letters) == ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// manager is how a package manager is called.
type manager struct {
	// valued are the options that take the next word as their value.
	valued []string
	// actions are its words for actions; others stand for themselves.
	actions map[string]string
	// groups are the words before an action, as cache in "npm cache clean".
	groups []string
	// letters is whether options of one letter can stand together.
	letters bool
	system  bool
	// split takes an operand apart.
	split func(o *packageOperand)
}

// programs are the managers by the names of their programs.
var programs = map[string]string{
	"apt-get": "apt", "apt": "apt", "aptitude": "apt", "apk": "apk",
	"dnf": "dnf", "dnf5": "dnf", "yum": "yum", "microdnf": "microdnf", "tdnf": "tdnf", "zypper": "zypper",
	"pip": "pip", "pip3": "pip", "pipx": "pipx", "uv": "uv",
	"npm": "npm", "yarn": "yarn", "yarnpkg": "yarn", "pnpm": "pnpm", "bun": "bun",
	"gem": "gem", "go": "go", "cargo": "cargo", "composer": "composer",
	"conda": "conda", "mamba": "conda", "micromamba": "conda",
}

var (
	rpmActions = map[string]string{
		"in": actionInstall, "localinstall": actionInstall, "reinstall": actionInstall, "groupinstall": actionInstall,
		"makecache": actionUpdate, "check-update": actionUpdate,
		"update": actionUpgrade, "up": actionUpgrade, "update-minimal": actionUpgrade, "upgrade-minimal": actionUpgrade,
		"distro-sync": actionUpgrade, "dsync": actionUpgrade,
		"erase": actionRemove, "autoremove": actionRemove, "rm": actionRemove,
	}
	rpmValued = []string{
		"-c", "--config", "-x", "--exclude", "-d", "--debuglevel", "-e", "--errorlevel", "-R", "--randomwait",
		"--setopt", "--installroot", "--releasever", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--downloaddir", "--forcearch",
	}
	nodeActions = map[string]string{
		"i": actionInstall, "in": actionInstall, "add": actionInstall, "clean-install": "ci", "ic": "ci", "install-clean": "ci",
		"up": actionUpgrade, "update": actionUpgrade,
		"rm": actionRemove, "uninstall": actionRemove, "un": actionRemove,
	}
	nodeValued = []string{
		"--prefix", "-C", "--cwd", "--dir", "--registry", "--cache", "--loglevel", "--omit", "--include", "--workspace", "-w",
		"--filter", "-F", "--userconfig", "--tag", "--cache-folder", "--modules-folder", "--network-timeout",
		"--network-concurrency", "--mutex", "--store-dir", "--reporter", "--fetch-retries", "--fetch-timeout", "--maxsockets",
		"--backend", "--use-yarnrc", "--global-dir", "--global-folder",
	}
	pipValued = []string{
		"-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints", "-i", "--index-url", "--extra-index-url", "--index", "--default-index",
		"-t", "--target", "-f", "--find-links", "--trusted-host", "--allow-insecure-host", "-p", "--python", "--prefix", "--root", "--cache-dir", "--timeout",
		"--retries", "--proxy", "--cert", "--client-cert", "--log", "--no-binary", "--only-binary", "--platform",
		"--python-version", "--python-platform", "--implementation", "--abi", "-w", "--wheel-dir", "-d", "--dest", "--global-option",
		"--install-option", "--build-option", "-C", "--config-settings", "--config-setting", "--src", "--upgrade-strategy", "--progress-bar", "--report",
		"--exists-action", "--root-user-action", "--pip-args", "--suffix", "--with", "--directory", "--project", "--group", "--extra",
		"--no-group", "--only-group", "--no-extra", "--package", "--link-mode", "--index-strategy", "--no-build-package", "--refresh-package",
		"-P", "--upgrade-package", "--override", "--prerelease", "--resolution", "--exclude-newer",
	}
)

var managers = map[string]manager{
	"apt": {
		valued: []string{"-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a", "--host-architecture"},
		actions: map[string]string{
			"reinstall": actionInstall, "build-dep": "build-dep",
			"dist-upgrade": actionUpgrade, "full-upgrade": actionUpgrade, "safe-upgrade": actionUpgrade,
			"purge": actionRemove, "autoremove": actionRemove, "auto-remove": actionRemove, "autopurge": actionRemove,
			"autoclean": actionClean, "auto-clean": actionClean, "distclean": actionClean,
		},
		letters: true, system: true, split: splitDebian,
	},
	"apk": {
		valued: []string{
			"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--repositories-file",
			"--cache-dir", "--cache-max-age", "--wait", "--timeout",
		},
		actions: map[string]string{"add": actionInstall, "fix": actionInstall, "del": actionRemove},
		groups:  []string{"cache"}, letters: true, system: true, split: splitAlpine,
	},
	"dnf":      {valued: rpmValued, actions: rpmActions, groups: []string{"group", "groups", "module"}, letters: true, system: true, split: splitRPM},
	"yum":      {valued: rpmValued, actions: rpmActions, groups: []string{"group", "groups", "module"}, letters: true, system: true, split: splitRPM},
	"microdnf": {valued: rpmValued, actions: rpmActions, groups: []string{"module"}, letters: true, system: true, split: splitRPM},
	"tdnf":     {valued: rpmValued, actions: rpmActions, letters: true, system: true, split: splitRPM},
	"zypper": {
		valued: []string{
			"-R", "--root", "-r", "--repo", "--from", "-p", "--plus-repo", "--plus-content", "-t", "--type", "-c", "--config",
			"-D", "--reposd-dir", "-C", "--cache-dir", "--installroot", "--releasever", "--name", "--solv-cache-dir", "--pkg-cache-dir",
		},
		actions: map[string]string{
			"in": actionInstall, "refresh": actionUpdate, "ref": actionUpdate,
			"update": actionUpgrade, "up": actionUpgrade, "dist-upgrade": actionUpgrade, "dup": actionUpgrade, "patch": actionUpgrade,
			"rm": actionRemove, "cc": actionClean,
		},
		letters: true, system: true, split: splitAssigned,
	},
	"pip": {
		valued:  pipValued,
		actions: map[string]string{"wheel": actionDownload, "uninstall": actionRemove},
		groups:  []string{"cache"}, letters: true, split: splitPython,
	},
	"pipx": {
		valued:  pipValued,
		actions: map[string]string{"uninstall": actionRemove, "upgrade-all": actionUpgrade},
		letters: true, split: splitPython,
	},
	"uv": {
		valued:  pipValued,
		actions: map[string]string{"uninstall": actionRemove, "wheel": actionDownload, "add": actionInstall},
		groups:  []string{"pip", "tool", "cache"}, letters: true, split: splitPython,
	},
	"npm":  {valued: nodeValued, actions: nodeActions, groups: []string{"cache"}, split: splitNode},
	"yarn": {valued: nodeValued, actions: nodeActions, groups: []string{"cache", "global"}, split: splitNode},
	"pnpm": {valued: nodeValued, actions: nodeActions, groups: []string{"store"}, split: splitNode},
	"bun":  {valued: nodeValued, actions: nodeActions, groups: []string{"pm", "cache"}, split: splitNode},
	"gem": {
		valued: []string{
			"-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P", "--trust-policy", "--platform",
			"-p", "--http-proxy", "-B", "--bulk-threshold", "--document", "-g", "--file",
		},
		actions: map[string]string{"i": actionInstall, "update": actionUpgrade, "uninstall": actionRemove, "cleanup": actionClean},
		split:   splitGem,
	},
	"go": {
		valued: []string{
			"-ldflags", "-tags", "-o", "-gcflags", "-asmflags", "-gccgoflags", "-mod", "-modfile", "-p", "-C", "-buildmode",
			"-pkgdir", "-overlay", "-exec", "-toolexec", "-run", "-count", "-timeout",
		},
		actions: map[string]string{"get": actionInstall},
		groups:  []string{"mod"}, split: splitGo,
	},
	"cargo": {
		valued: []string{
			"--version", "--vers", "--git", "--branch", "--tag", "--rev", "--path", "--root", "--features", "-F", "--target",
			"--profile", "-j", "--jobs", "--registry", "--index", "--bin", "--example", "--target-dir", "--manifest-path",
			"--color", "-Z", "--config", "-p", "--package", "--recipe-path",
		},
		actions: map[string]string{"binstall": actionInstall, "update": actionUpgrade, "uninstall": actionRemove},
		groups:  []string{"chef"}, split: splitAt,
	},
	"composer": {
		valued:  []string{"-d", "--working-dir", "--prefer-install"},
		actions: map[string]string{"i": actionInstall, "require": actionInstall, "u": actionUpgrade, "update": actionUpgrade, "clear-cache": actionClean, "clearcache": actionClean},
		groups:  []string{"global"}, split: splitComposer,
	},
	"conda": {
		valued: []string{
			"-n", "--name", "-c", "--channel", "-p", "--prefix", "-f", "--file", "--platform", "-r", "--root-prefix",
			"--solver", "--experimental-solver",
		},
		actions: map[string]string{"create": actionInstall, "update": actionUpgrade, "uninstall": actionRemove},
		groups:  []string{"env"}, letters: true, split: splitConda,
	},
}

// parsePackages recognizes the calls of package managers. What installs from a
// manifest is one, too, without operands; parseInstall says which manifest.
func parsePackages(call dockerfile.Call) (packages, bool) {
	if name, _, _ := managerOf(call); name == "" {
		return packages{}, false
	}
	return packageCalls.Of(call), true
}

// managerOf returns the package manager that a call is of, the program as it is
// called, and which of the words names it; empty if it is of none.
func managerOf(call dockerfile.Call) (manager, program string, from int) {
	program = call.Program()
	if strings.HasPrefix(program, "python") && len(call.Words) > 2 && call.Words[1] == "-m" {
		program, from = call.Words[2], 2
	}
	name, ok := programs[program]
	if !ok {
		name = versionedPip(program)
	}
	return name, program, from
}

var packageCalls = dockerfile.NewFact(newPackages)

// newPackages takes the call of a package manager apart.
func newPackages(call dockerfile.Call) packages {
	name, program, from := managerOf(call)
	m := managers[name]
	p := packages{manager: name, system: m.system}
	var words []packageOperand
	for i := from + 1; i < len(call.Words); i++ {
		switch word := call.Words[i]; {
		case word == "--":
		case !strings.HasPrefix(word, "-") || word == "-":
			words = append(words, packageOperand{word: word, index: i})
		case slices.Contains(m.valued, word) && i+1 < len(call.Words):
			i++
			p.flags = append(p.flags, word+"="+call.Words[i])
		case name == "pip" && len(word) > 2 && (word[:2] == "-r" || word[:2] == "-c"):
			p.flags = append(p.flags, word[:2]+"="+strings.TrimPrefix(word[2:], "="))
		default:
			p.flags = append(p.flags, word)
		}
	}
	action := 0
	for action < len(words) && slices.Contains(m.groups, words[action].word) {
		action++
	}
	written := []string{program}
	for i := 0; i <= action && i < len(words); i++ {
		written = append(written, words[i].word)
	}
	p.command = strings.Join(written, " ")
	switch {
	case action < len(words):
		p.action = words[action].word
	case name == "yarn" && len(words) == 0:
		p.action = actionInstall // what yarn does by itself
	}
	if known, ok := m.actions[p.action]; ok {
		p.action = known
	}
	group := ""
	if action > 0 {
		group = words[action-1].word
	}
	if group == "cache" || group == "store" {
		switch p.action {
		case "prune", "purge", "delete", actionRemove:
			p.action = actionClean
		}
	}
	p.global = group == "global" || group == "tool" || name == "pipx" || slices.Contains([]string{"npm", "pnpm", "bun"}, name) && p.has("-g", "--global")
	switch p.action {
	case actionInstall, actionUpgrade, actionDownload, actionRemove:
		p.operands = words[min(action+1, len(words)):]
	case "run":
		if name == "go" { // the package, then its arguments
			p.operands = words[min(1, len(words)):min(2, len(words))]
		}
	}
	for i := range p.operands {
		o := &p.operands[i]
		o.elsewhere = isFileOrURL(o.word)
		m.split(o)
		o.unknown = o.version == "" && strings.ContainsAny(o.word, "$`")
		if group == "group" || group == "groups" || group == "module" || strings.HasPrefix(o.word, "@") && m.system {
			o.unknown = true // a group has no version, a module's stream is one
		}
	}
	p.versionFlags()
	return p
}

// versionedPip returns pip for pip3.12, and nothing for another program.
func versionedPip(program string) string {
	rest, ok := strings.CutPrefix(program, "pip")
	if !ok || rest == "" || strings.Trim(rest, "0123456789.") != "" {
		return ""
	}
	return "pip"
}

// versionFlags enters into the operands what options say about them.
func (p *packages) versionFlags() {
	version := ""
	switch p.manager {
	case "gem":
		version, _ = p.value("-v", "--version")
	case "cargo":
		if version, _ = p.value("--version", "--vers", "--rev", "--tag"); p.has("--path") {
			for i := range p.operands {
				p.operands[i].elsewhere = true
			}
		}
		// The crate can be left out where the repository has one only.
		if url, ok := p.value("--git"); ok && len(p.operands) == 0 && p.action == actionInstall {
			p.operands = append(p.operands, packageOperand{word: url, name: url})
		}
	case "go":
		for i := range p.operands {
			p.global = p.global || p.action == actionInstall && !p.operands[i].elsewhere
		}
	}
	for i := range p.operands {
		if o := &p.operands[i]; version != "" && o.version == "" {
			o.version = version
		}
	}
}

// isFileOrURL reports whether an operand is a file, a directory or a URL.
func isFileOrURL(word string) bool {
	if word == "." || word == ".." || word == "*" || strings.Contains(word, "://") {
		return true
	}
	for _, prefix := range []string{"/", "./", "../", "~/", ".[", "git@", "file:"} {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return slices.Contains([]string{".deb", ".apk", ".rpm", ".whl", ".tgz", ".gz", ".zip", ".gem", ".xz", ".bz2"}, path.Ext(word))
}

// splitDebian takes apart name=version, name:architecture and name/release.
func splitDebian(o *packageOperand) {
	splitAssigned(o)
	if name, release, ok := strings.Cut(o.name, "/"); ok && !o.elsewhere {
		o.name, o.constraint = name, release
	}
	o.name, _, _ = strings.Cut(o.name, ":")
}

// splitAlpine takes apart name=version, name~version, name>version and name@repository.
func splitAlpine(o *packageOperand) {
	o.name = o.word
	if i := strings.IndexAny(o.word, "=~<>"); i > 0 {
		o.name = o.word[:i]
		version := strings.TrimLeft(o.word[i:], "=~<>")
		if strings.ContainsAny(o.word[i:len(o.word)-len(version)], "<>") {
			o.constraint = o.word[i:]
		} else {
			o.version = version
		}
	}
	o.name, _, _ = strings.Cut(o.name, "@")
}

// splitAssigned takes apart name=version, and name>=version, which pins nothing.
func splitAssigned(o *packageOperand) {
	o.name = o.word
	i := strings.IndexAny(o.word, "=<>")
	if i < 1 {
		return
	}
	o.name = o.word[:i]
	if o.word[i] == '=' {
		o.version = strings.TrimLeft(o.word[i:], "=")
	} else {
		o.constraint = o.word[i:]
	}
}

// splitRPM takes apart name-version and name-version-release. A part that looks
// like a version in the middle belongs to the name, as in java-1.8.0-openjdk.
func splitRPM(o *packageOperand) {
	o.name = o.word
	parts := strings.Split(o.word, "-")
	n := len(parts)
	version := func(part string) bool { return part != "" && part[0] >= '0' && part[0] <= '9' }
	switch {
	case n > 2 && version(parts[n-2]) && version(parts[n-1]):
		o.name, o.version = strings.Join(parts[:n-2], "-"), strings.Join(parts[n-2:], "-")
	case n > 1 && version(parts[n-1]) && strings.ContainsAny(parts[n-1], ".*"):
		o.name, o.version = strings.Join(parts[:n-1], "-"), parts[n-1]
	}
}

// splitPython takes apart name[extra]==version, name>=version and name @ URL.
func splitPython(o *packageOperand) {
	o.name = o.word
	spec, _, _ := strings.Cut(o.word, ";") // what follows is a marker
	if i := strings.IndexAny(spec, "=<>!~@"); i > 0 && !o.elsewhere {
		o.name = strings.TrimSpace(spec[:i])
		constraint := strings.ReplaceAll(spec[i:], " ", "")
		switch version := strings.TrimLeft(constraint, "="); {
		case constraint[0] == '@': // uv tool install ruff@0.5.0
			if version = constraint[1:]; version == "latest" {
				o.constraint = version
			} else {
				o.version = version
			}
		case strings.HasPrefix(constraint, "==") && !strings.HasSuffix(version, ".*"):
			o.version = version
		default:
			o.constraint = constraint
		}
	}
	o.name, _, _ = strings.Cut(o.name, "[")
}

// splitNode takes apart name@version and @scope/name@version.
func splitNode(o *packageOperand) {
	scope := 0
	if strings.HasPrefix(o.word, "@") {
		scope = 1
	}
	o.name = o.word
	if i := strings.Index(o.word[scope:], "@"); i > 0 {
		o.name = o.word[:scope+i]
		o.tagOrVersion(o.word[scope+i+1:])
	}
	if strings.Contains(o.name, "/") && scope == 0 || strings.Contains(o.name, ":") {
		o.elsewhere = true // GitHub's owner/repository
	}
}

// splitAt takes apart name@version.
func splitAt(o *packageOperand) {
	name, version, ok := strings.Cut(o.word, "@")
	o.name = name
	if ok {
		o.tagOrVersion(version)
	}
}

// splitGo takes apart module@version. A package without version is one of the
// project, or of a module that its go.mod pins.
func splitGo(o *packageOperand) {
	splitAt(o)
	if o.version == "" && o.constraint == "" {
		o.elsewhere = true
	}
}

// splitGem takes apart name:version.
func splitGem(o *packageOperand) {
	name, version, _ := strings.Cut(o.word, ":")
	if o.name, o.version = name, version; strings.ContainsAny(version, "<>~") {
		o.version, o.constraint = "", version
	}
}

// splitComposer takes apart vendor/name:version and vendor/name=version.
func splitComposer(o *packageOperand) {
	o.name = o.word
	if i := strings.IndexAny(o.word, ":="); i > 0 {
		o.name = o.word[:i]
		o.tagOrVersion(o.word[i+1:])
	}
}

// splitConda takes apart name=version=build, name==version and name>=version,
// each with a channel before it.
func splitConda(o *packageOperand) {
	splitAssigned(o)
	if i := strings.LastIndex(o.name, "::"); i >= 0 {
		o.name = o.name[i+2:]
	}
}

// tagOrVersion enters what stands behind the name: a version has a digit at its
// head, or is a commit, and a tag such as latest moves.
func (o *packageOperand) tagOrVersion(text string) {
	head := strings.TrimLeft(text, "v^~=")
	if isCommit(text) || head != "" && (head[0] >= '0' && head[0] <= '9' || head[0] == '$') {
		o.version = text
	} else {
		o.constraint = text
	}
}

// DependencyDirectory returns the directory, relative to that of the project,
// into which a call installs the project's dependencies; empty if it installs
// none, or does so elsewhere.
func DependencyDirectory(call dockerfile.Call) string {
	p, ok := parsePackages(call)
	if !ok || p.global || p.has("--prefix", "-C", "--cwd", "--dir", "--modules-folder", "-d", "--working-dir", "--directory", "--project") {
		return ""
	}
	switch installs := p.action == actionInstall; p.manager {
	case "npm", "pnpm", "bun", "yarn":
		if installs || p.action == "ci" {
			return "node_modules"
		}
	case "composer":
		if installs {
			return "vendor"
		}
	case "uv":
		if p.action == "sync" {
			return ".venv"
		}
	}
	return ""
}
