package image

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// Program is what the kernel makes of a file when it is executed.
type Program struct {
	// Format is that of the file, by its first bytes; empty where it was not
	// looked at.
	Format ProgramFormat
	// Architecture is that of an ELF file, in Go's terms: "amd64"; "ELF machine 7"
	// for one that Go does not know.
	Architecture string
	// Interpreter is the absolute path of what the kernel starts in the file's
	// place: a script's shebang, or the dynamic linker of an ELF file; empty if
	// there is none.
	Interpreter string
	// Argument is what a shebang gives the interpreter: "node" in
	// "#!/usr/bin/env node".
	Argument string
}

// ProgramFormat is a format of executable files.
type ProgramFormat string

// The formats.
const (
	FormatELF    ProgramFormat = "ELF"
	FormatScript ProgramFormat = "script" // starts with #!
	FormatOther  ProgramFormat = "other"  // the kernel refuses it
)

const (
	// maxShebang is how many bytes of the first line Linux reads.
	maxShebang = 256
	// maxInterpreter is the length up to which the path of an ELF file's
	// interpreter is read.
	maxInterpreter = 256
)

// programOf returns what the kernel makes of a file with these first bytes.
func programOf(head []byte) Program {
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return elf(head)
	case bytes.HasPrefix(head, []byte("#!")):
		return shebang(head)
	}
	return Program{Format: FormatOther}
}

// shebang reads a script's first line as Linux does: a path, and all behind it as
// one argument. What follows a carriage return belongs to it, as in a file with
// Windows line ends, whose interpreter nobody has.
func shebang(head []byte) Program {
	line, _, _ := bytes.Cut(head[2:min(len(head), maxShebang)], []byte{'\n'})
	interpreter, argument, _ := strings.Cut(strings.Trim(string(line), " \t"), " ")
	if i := strings.IndexByte(interpreter, '\t'); i >= 0 {
		interpreter, argument = interpreter[:i], interpreter[i+1:]+" "+argument
	}
	return Program{Format: FormatScript, Interpreter: interpreter, Argument: strings.Trim(argument, " \t")}
}

// elfMachines are the architectures of ELF files, as in the field e_machine.
var elfMachines = map[uint16]string{
	2: "sparc", 3: "386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 43: "sparc64", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64",
}

// elf reads the header of an ELF file: its machine, and the interpreter if the
// program header that names it lies within the head.
func elf(head []byte) Program {
	p := Program{Format: FormatELF}
	if len(head) < 64 {
		return Program{Format: FormatOther}
	}
	var order binary.ByteOrder = binary.LittleEndian
	big := head[5] == 2
	if big {
		order = binary.BigEndian
	}
	machine := order.Uint16(head[18:])
	name, ok := elfMachines[machine]
	wide := head[4] == 2
	switch {
	case !ok:
		name = "ELF machine " + strconv.Itoa(int(machine))
	case name == "ppc64" && !big:
		name = "ppc64le"
	case name == "mips":
		if wide {
			name = "mips64"
		}
		if !big {
			name += "le"
		}
	}
	p.Architecture = name

	// Where the program headers are, how large one is and how many there are.
	at, size, count := uint64(order.Uint32(head[28:])), order.Uint16(head[42:]), order.Uint16(head[44:])
	if wide {
		at, size, count = order.Uint64(head[32:]), order.Uint16(head[54:]), order.Uint16(head[56:])
	}
	const interp = 3
	for range count {
		if at > uint64(len(head)) || uint64(len(head))-at < 56 {
			break
		}
		header := head[at:]
		if order.Uint32(header) == interp {
			from, length := uint64(order.Uint32(header[4:])), uint64(order.Uint32(header[16:]))
			if wide {
				from, length = order.Uint64(header[8:]), order.Uint64(header[32:])
			}
			if length <= maxInterpreter && from <= uint64(len(head)) && length <= uint64(len(head))-from {
				p.Interpreter, _, _ = strings.Cut(string(head[from:from+length]), "\x00")
			}
			break
		}
		at += uint64(size)
	}
	return p
}
