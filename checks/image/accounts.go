package image

import (
	"iter"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var accounts = checks.Check[*Image]{
	Rule: checks.Rule{
		ID:        "image/accounts",
		Title:     "Every account has a name and number of its own, and none an empty password",
		Severity:  checks.Medium,
		Why:       "Two names of one number are one user to the kernel, so that what one owns the other may change; anybody may become a user whose password is empty, in every container with su or a login.",
		Fix:       "create users with useradd or adduser, which choose a free number and lock the password; take the second line of a number or name out of /etc/passwd or /etc/group",
		Reference: "https://man7.org/linux/man-pages/man5/passwd.5.html",
		Aliases:   []string{"DKL-LI-0001", "DKL-LI-0002"},
	},
	Good: `{
  "files": {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/app:/sbin/nologin\n",
    "/etc/group": "root:x:0:\napp:x:10001:\n",
    "/etc/shadow": "root:*:19000:0:::::\napp:!:19000:0:::::\n"
  }
}`,
	Bad: `{
  "files": {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:0:10001::/app:/bin/sh\n",
    "/etc/shadow": "root::19000:0:::::\napp:!:19000:0:::::\n"
  }
}`,
	Judge: judgeAccounts,
}

func judgeAccounts(img *Image) checks.Outcome {
	var findings []checks.Finding
	for _, of := range []string{passwdFile, groupFile} {
		names, numbers := map[string]int{}, map[string]string{}
		for n, f := range accountLines(img.Files[of]) {
			where := checks.Location{Path: of, Line: n}
			switch first, twice := numbers[f[2]]; {
			case names[f[0]] > 0:
				findings = append(findings, checks.At(where, "%q is there twice, in line %d too: the first line counts", f[0], names[f[0]]))
			case twice:
				findings = append(findings, checks.At(where, "%q has the number of %q, %s", f[0], first, f[2]))
			}
			if names[f[0]] == 0 {
				names[f[0]] = n
			}
			if _, ok := numbers[f[2]]; !ok {
				numbers[f[2]] = f[0]
			}
			if of == passwdFile && f[1] == "" {
				findings = append(findings, checks.At(where, "%q has an empty password", f[0]))
			}
		}
	}
	for n, f := range accountLines(img.Files[shadowFile]) {
		if f[1] == "" {
			findings = append(findings, checks.At(checks.Location{Path: shadowFile, Line: n}, "%q has an empty password", f[0]))
		}
	}
	if len(findings) > maxGroups {
		more := len(findings) - maxGroups
		findings = append(findings[:maxGroups], checks.At(checks.Location{}, "%d more", more))
	}
	return checks.Found(findings...)
}

// accountLines returns the fields of the lines of a passwd, group or shadow file,
// three at least, by the lines' numbers, in their order.
func accountLines(file []byte) iter.Seq2[int, []string] {
	return func(yield func(int, []string) bool) {
		n := 0
		for line := range strings.Lines(string(file)) {
			n++
			f := strings.Split(strings.TrimSpace(line), ":")
			if len(f) >= 3 && f[0] != "" && !strings.HasPrefix(f[0], "#") && !yield(n, f) {
				return
			}
		}
	}
}
