package probe

import (
	"os"
	"path/filepath"
)

// Program is the base name that the module's binary is mounted under to be the
// probe. The probe knows itself by it, and not by a variable or an argument: the
// application inherits the one, and may have the other.
const Program = "imagegate-probe"

// The module's generated code connects to Dagger when it is initialised, and
// panics where there is none, as in the image under test. Packages are
// initialised in the order of their import paths once their imports are, and
// this one comes before internal/dagger: so this is where the binary can be the
// probe instead.
func init() {
	if len(os.Args) == 0 || filepath.Base(os.Args[0]) != Program {
		return
	}
	if len(os.Args) == 2 && os.Args[1] == launchArgument {
		os.Exit(launcher())
	}
	os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
}
