package probe

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	t.Setenv("TRACEPARENT", "00-0")
	for name, c := range map[string]struct {
		env, want []string
	}{
		"all set":        {[]string{"PATH=/bin", "HOSTNAME=h", "HOME=/h", "A=b=c"}, []string{"PATH=/bin", "HOSTNAME=h", "HOME=/h", "A=b=c"}},
		"twice":          {[]string{"A=1", "PATH=/bin", "HOSTNAME=h", "HOME=/h", "A=2"}, []string{"A=2", "PATH=/bin", "HOSTNAME=h", "HOME=/h"}},
		"empty":          {[]string{"PATH=", "HOSTNAME=h", "HOME=/h", "A="}, []string{"PATH=", "HOSTNAME=h", "HOME=/h", "A="}},
		"default path":   {[]string{"HOSTNAME=h", "HOME=/h"}, []string{"HOSTNAME=h", "HOME=/h", "PATH=" + defaultPath}},
		"not a variable": {[]string{"PATH=/bin", "HOSTNAME=h", "HOME=/h", "A"}, []string{"PATH=/bin", "HOSTNAME=h", "HOME=/h"}},
	} {
		if got := environment(c.env); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestHome(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\n\napp:x:1001:1001::/home/app:/bin/sh\nempty:x:7:7:::\nshort:x:8\nlast:x:9:9::/last"
	for uid, want := range map[int]string{0: "/root", 1001: "/home/app", 7: "/", 8: "/", 9: "/last", 65532: "/"} {
		if got := home(passwd, uid); got != want {
			t.Errorf("uid %d: got %q, want %q", uid, got, want)
		}
	}
}
