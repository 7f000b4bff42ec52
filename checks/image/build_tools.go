package image

import (
	"archive/tar"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var buildTools = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/build-tools",
		Title:     "No compiler, header or build tool is left in the image",
		Severity:  checks.Medium,
		Why:       "Compilers run nothing in production; they make an image several times as large, bring most of its vulnerabilities, and help whoever breaks in to build what they need.",
		Fix:       "build in a stage of its own and copy only the result into a final stage on a slim base image; or remove the packages in the RUN that installs them",
		Reference: "https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds",
	},
	Good: `{
  "files": {"/app/server": {"mode": "755", "size": 12000000}, "/usr/bin/perl": {"mode": "755", "size": 3000000}}
}`,
	Bad: `{
  "files": {
    "/app/server": {"mode": "755", "size": 12000000},
    "/usr/bin/gcc-12": {"mode": "755", "size": 1000000},
    "/usr/lib/gcc/x86_64-linux-gnu/12/cc1": {"mode": "755", "size": 30000000},
    "/usr/local/go/bin/go": {"mode": "755", "size": 14000000},
    "/usr/local/go/pkg/tool/linux_amd64/compile": {"mode": "755", "size": 20000000}
  }
}`,
	Judge: judgeBuildTools,
}

// A tool is something that builds others, known by a program of it.
type tool struct {
	name string
	// programs are names as path.Match has them, in a directory of programs.
	programs []string
	// below are the directories that come with it, without the slash at their
	// start; they count for its size alone.
	below []string
}

var tools = []tool{
	{"a C or C++ compiler", []string{"gcc", "gcc-[0-9]*", "g++", "g++-[0-9]*", "*-linux-gnu*-gcc*", "*-linux-musl*-gcc*", "cc1", "clang", "clang-[0-9]*", "clang++", "tcc"}, []string{"usr/lib/gcc", "usr/libexec/gcc", "usr/lib/llvm*"}},
	{"an assembler and linker", []string{"as", "ld", "ld.bfd", "ld.gold", "ld.lld", "nasm", "yasm"}, nil},
	{"make and the like", []string{"make", "gmake", "cmake", "ninja", "meson", "autoconf", "automake", "automake-[0-9]*", "libtool", "libtoolize", "bison", "flex", "bazel", "scons"}, []string{"usr/share/cmake*", "usr/share/automake*", "usr/share/autoconf"}},
	{"the Go toolchain", []string{"go", "gofmt"}, []string{"usr/local/go", "usr/lib/go", "usr/lib/go-[0-9]*"}},
	{"the Rust toolchain", []string{"cargo", "rustc", "rustup"}, []string{"usr/local/rustup", "root/.rustup", "usr/local/cargo", "root/.cargo", "usr/lib/rustlib"}},
	{"the Java compiler", []string{"javac", "mvn", "gradle", "kotlinc", "scalac", "sbt"}, []string{"usr/share/maven", "opt/gradle"}},
	{"the .NET SDK", []string{"csc.dll", "MSBuild.dll"}, []string{"usr/share/dotnet/sdk", "usr/lib/dotnet/sdk"}},
	{"a compiler", []string{"ghc", "ghc-[0-9]*", "zig", "swiftc", "gfortran", "gfortran-[0-9]*", "gnat", "dmd", "nim", "ocamlopt", "fpc"}, nil},
	{"a debugger", []string{"gdb", "lldb", "lldb-[0-9]*", "valgrind", "dlv"}, nil},
}

// headers are the files that only compilers read. Official images of languages
// keep their own headers beside the interpreter, in /usr/local/include.
const (
	headers    = "C headers"
	headersDir = "usr/include"
	// fewHeaders is how many of them other packages bring along.
	fewHeaders = 20
)

// isProgramDir reports whether a directory, absolute, is one that programs are
// looked up in, or that compilers keep theirs in.
func isProgramDir(dir string) bool {
	return slices.Contains([]string{"bin", "sbin"}, path.Base(dir)) && !strings.Contains(dir, "/node_modules/") ||
		strings.HasPrefix(dir, "/usr/lib/gcc/") || strings.HasPrefix(dir, "/usr/libexec/gcc/") || strings.Contains(dir, "/dotnet/sdk/")
}

func judgeBuildTools(img *Image) checks.Outcome {
	found, below, programs := groups{}, groups{}, map[string][]Sample{}
	for e := range img.Tree.All() {
		if e.Type != tar.TypeReg && e.Type != tar.TypeSymlink {
			continue
		}
		for _, t := range tools {
			switch {
			case isProgramDir(path.Dir("/"+e.Path)) && matches(t.programs, path.Base(e.Path)):
				found.add(t.name, e)
				if len(programs[t.name]) < maxSamples {
					programs[t.name] = append(programs[t.name], Sample{Path: "/" + e.Path})
				}
			case matchesBelow(t.below, e.Path):
				below.add(t.name, e)
			}
		}
		if strings.HasPrefix(e.Path, headersDir+"/") && slices.Contains([]string{".h", ".hpp", ".hh"}, path.Ext(e.Path)) {
			found.add(headers, e)
		}
	}
	if h := found[headers]; h != nil && h.Files < fewHeaders {
		delete(found, headers)
	}
	var findings []checks.Finding
	for _, g := range found.sorted() {
		bytes := g.Bytes
		if with := below[g.name]; with != nil {
			bytes += with.Bytes
		}
		where, names := "/"+headersDir, files(g.Files)
		if of := programs[g.name]; len(of) > 0 {
			where, names = of[0].Path, named(of, g.Files)
		}
		f := checks.At(checks.Location{Path: where}, "%s is in the image, %s: %s; it comes with %s", g.name, humanSize(bytes), names, img.layerName(g.layer))
		if g.name == headers {
			f.Message = fmt.Sprintf("%s are in the image, %s in %s; they come with %s", g.name, humanSize(bytes), names, img.layerName(g.layer))
		}
		f.Subject = g.name
		findings = append(findings, f)
	}
	return checks.Found(findings...)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// matchesBelow reports whether a path lies below one of some directories, the last
// step of which is a pattern.
func matchesBelow(dirs []string, name string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		parent, last := path.Split(dir)
		rest, ok := strings.CutPrefix(name, parent)
		if !ok {
			return false
		}
		step, _, ok := strings.Cut(rest, "/")
		return ok && matches([]string{last}, step)
	})
}
