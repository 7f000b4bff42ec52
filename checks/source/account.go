package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// account is a user that a RUN of the image creates.
type account struct {
	name string
	// uid is its number; empty if that is not known.
	uid  string
	call dockerfile.Call
}

// createdAccount recognizes the calls that create a user: useradd, and the adduser
// of Debian, of BusyBox and of Red Hat.
func createdAccount(call dockerfile.Call) (account, bool) {
	var valued []string
	switch call.Program() {
	case "useradd":
		valued = []string{"-b", "-c", "-d", "-e", "-f", "-F", "-g", "-G", "-k", "-K", "-p", "-s", "-u", "-R", "-P", "-Z"}
	case "adduser":
		valued = []string{"-h", "-g", "-s", "-G", "-u", "-k", "-c", "-d", "-b", "-e", "-f", "-p"}
	default:
		return account{}, false
	}
	a := account{call: call}
	var names []string
	for i := 1; i < len(call.Words); i++ {
		word := call.Words[i]
		name, value, joined := strings.Cut(word, "=")
		takes := slices.Contains([]string{
			"--base-dir", "--comment", "--home-dir", "--home", "--expiredate", "--inactive", "--gid", "--groups", "--skel", "--key", "--password", "--shell",
			"--uid", "--root", "--prefix", "--selinux-user", "--firstuid", "--lastuid", "--firstgid", "--lastgid", "--ingroup", "--gecos", "--conf",
		}, name)
		switch {
		case strings.HasPrefix(word, "--"):
			if takes && !joined && i+1 < len(call.Words) {
				i++
				value = call.Words[i]
			}
			if name == "--uid" {
				a.uid = value
			}
		case isLetters(word):
			// The last of several letters may take the next word.
			last := "-" + word[len(word)-1:]
			if slices.Contains(valued, last) && i+1 < len(call.Words) {
				i++
				if last == "-u" {
					a.uid = call.Words[i]
				}
			}
		case strings.HasPrefix(word, "-u") && isNumber(word[2:]):
			a.uid = word[2:]
		case strings.HasPrefix(word, "-"):
		default:
			names = append(names, word)
		}
	}
	if len(names) != 1 { // two are a user and a group that it enters
		return account{}, false
	}
	a.name = names[0]
	if !isNumber(a.uid) {
		a.uid = ""
	}
	return a, !strings.ContainsAny(a.name, "$`")
}

// createdAccounts returns the users that the image's stages create.
func createdAccounts(s *dockerfile.Source) []account {
	var accounts []account
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			if in.Keyword != "RUN" {
				continue
			}
			for _, call := range in.Calls {
				if a, ok := createdAccount(call); ok {
					accounts = append(accounts, a)
				}
			}
		}
	}
	return accounts
}

// finalUser returns the user and the group of the image, and the USER that sets
// them; false if the Dockerfile sets none, or it is not known.
func finalUser(s *dockerfile.Source) (in *dockerfile.Instruction, name, group string, ok bool) {
	in = s.Final.Config.User
	if in == nil {
		return nil, "", "", false
	}
	value := in.Expand(in.Command.(*instructions.UserCommand).User)
	name, group, _ = strings.Cut(value.Text, ":")
	return in, name, group, value.Known
}

// sameUser reports whether two ways to name a user, by name or number, are known
// to mean the same one.
func sameUser(a, b string, accounts []account) bool {
	if a == b {
		return true
	}
	return slices.ContainsFunc(accounts, func(known account) bool {
		return known.uid != "" && (a == known.name && b == known.uid || b == known.name && a == known.uid)
	})
}
