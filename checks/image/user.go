package image

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
	shadowFile = "/etc/shadow"
)

var user = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/user",
		Title:     "The container does not start as root",
		Severity:  checks.High,
		Why:       "A process that runs as root in a container is root on the host as soon as it breaks out of it, and may change every file of the image until then.",
		Fix:       "create a user in the Dockerfile and end it with USER and that user's number, as in USER 10001",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
		Aliases:   []string{"DL3002", "DS-0002", "CIS-DI-0001", "CIS-4.1", "CKV_DOCKER_3", "CKV_DOCKER_8"},
	},
	Good: `{
  "image": {"os": "linux", "config": {"User": "app"}},
  "files": {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/home/app:/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\napp:x:10001:\n"
  }
}`,
	Bad: `{
  "image": {"os": "linux", "config": {"User": "admin"}},
  "files": {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nadmin:x:0:0::/home/admin:/bin/sh\n"
  }
}`,
	Judge: judgeUser,
}

func judgeUser(img *Image) checks.Outcome {
	if img.Config.OS == "windows" {
		return checks.Skip("a Windows image has no numeric users; build for Linux to have it judged")
	}
	where := checks.Location{Path: "config.User"}
	who, err := resolveUser(img.Config.Config.User, img.Files[passwdFile], img.Files[groupFile])
	if err != nil {
		return checks.Found(checks.At(where, "%q: %v; the container would not start", img.Config.Config.User, err))
	}
	if who.uid == 0 {
		if img.Config.Config.User == "" {
			return checks.Found(checks.At(where, "no user is set, so that the container starts as root"))
		}
		return checks.Found(checks.At(where, "%q is %s, which is root", img.Config.Config.User, who))
	}
	return checks.Passed("%s", who)
}

// account is whom a container runs as. The names are empty where the image has none.
type account struct {
	uid, gid    int
	name, group string
	// groups are the numbers of further groups.
	groups []int
}

func (a account) String() string {
	s := fmt.Sprintf("uid %d", a.uid)
	if a.name != "" {
		s += fmt.Sprintf(" (%s)", a.name)
	}
	s += fmt.Sprintf(", gid %d", a.gid)
	if a.group != "" {
		s += fmt.Sprintf(" (%s)", a.group)
	}
	return s
}

// resolveUser returns whom a container engine starts as for a USER of the form
// user[:group]. It does what Docker, containerd and Podman do (their common code
// is GetExecUser in github.com/moby/sys/user): what reads as a decimal number,
// such as 00 or +0, is one; of several lines with one name the first counts; a
// number in passwd that cannot be read is 0; a number that passwd does not have
// is fine, with the group 0, but a name that it does not have is an error.
func resolveUser(spec string, passwd, group []byte) (account, error) {
	userArg, groupArg, _ := strings.Cut(spec, ":")
	groupArg, _, _ = strings.Cut(groupArg, ":")

	var who account
	uid, uidErr := strconv.Atoi(userArg)
	line, ok, err := find(passwd, func(f []string) bool {
		if userArg == "" || uidErr == nil {
			return number(f, 2) == uid
		}
		return f[0] == userArg
	})
	switch {
	case err != nil:
		return account{}, fmt.Errorf("reading %s: %w", passwdFile, err)
	case ok:
		who = account{uid: number(line, 2), gid: number(line, 3), name: line[0]}
	case userArg == "":
	case uidErr != nil && passwd == nil:
		return account{}, fmt.Errorf("the image has no %s to find the user %s in", passwdFile, userArg)
	case uidErr != nil:
		return account{}, fmt.Errorf("%s has no user %s", passwdFile, userArg)
	default:
		who.uid = uid
	}
	if !inRange(who.uid) {
		return account{}, fmt.Errorf("uid %d is not between 0 and %d", who.uid, math.MaxInt32)
	}

	if groupArg != "" {
		gid, gidErr := strconv.Atoi(groupArg)
		line, ok, err := find(group, func(f []string) bool {
			if gidErr == nil {
				return number(f, 2) == gid
			}
			return f[0] == groupArg
		})
		switch {
		case err != nil:
			return account{}, fmt.Errorf("reading %s: %w", groupFile, err)
		case ok:
			who.gid = number(line, 2)
		case gidErr != nil && group == nil:
			return account{}, fmt.Errorf("the image has no %s to find the group %s in", groupFile, groupArg)
		case gidErr != nil:
			return account{}, fmt.Errorf("%s has no group %s", groupFile, groupArg)
		default:
			who.gid = gid
		}
		if !inRange(who.gid) {
			return account{}, fmt.Errorf("gid %d is not between 0 and %d", who.gid, math.MaxInt32)
		}
	}
	if groupArg == "" && who.name != "" {
		for _, line := range accountLines(group) {
			if len(line) > 3 && slices.Contains(strings.Split(line[3], ","), who.name) {
				who.groups = append(who.groups, number(line, 2))
			}
		}
	}
	// Only for the name: a group file that cannot be read does no harm here.
	if line, ok, _ := find(group, func(f []string) bool { return number(f, 2) == who.gid }); ok {
		who.group = line[0]
	}
	return who, nil
}

func inRange(id int) bool { return id >= 0 && id <= math.MaxInt32 }

// find returns the fields of the first line of a passwd or group file that fits.
func find(file []byte, fits func(fields []string) bool) (found []string, ok bool, err error) {
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || ok {
			continue
		}
		if fields := strings.Split(line, ":"); fits(fields) {
			found, ok = fields, true
		}
	}
	return found, ok, lines.Err()
}

// number returns a field as a number; 0 if it is none, or not there.
func number(fields []string, i int) int {
	if i >= len(fields) {
		return 0
	}
	n, _ := strconv.Atoi(fields[i])
	return n
}
