package image

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const programs = `
	"/etc/passwd": "app:x:5:5::/:\n",
	"/etc/group": "team:x:1000:other,app\n",
	"/bin/sh": {"mode": "755", "elf": "amd64", "interpreter": "/lib/ld-musl-x86_64.so.1"},
	"/lib/ld-musl-x86_64.so.1": {"mode": "755", "elf": "amd64"},
	"/usr/bin/env": {"mode": "755", "elf": "amd64"},
	"/usr/bin/glibc": {"mode": "755", "elf": "amd64", "interpreter": "/lib64/ld-linux-x86-64.so.2"},
	"/usr/bin/wide": {"mode": "755", "elf": "arm64"},
	"/usr/bin/old": {"mode": "755", "elf": "386"},
	"/usr/bin/curl": {"mode": "755", "elf": "amd64"},
	"/usr/bin/secret": {"mode": "700", "elf": "amd64"},
	"/usr/bin/team": {"mode": "750", "elf": "amd64", "owner": "0:1000"},
	"/usr/bin/sdl": {"link": "/opt/gone"},
	"/usr/local/bin/curl": {"mode": "644", "elf": "amd64"},
	"/root": {"directory": true, "mode": "700"},
	"/root/tool": {"mode": "755", "elf": "amd64"},
	"/app/run.sh": {"mode": "755", "content": "#!/bin/sh\n"},
	"/app/bash.sh": {"mode": "755", "content": "#!/bin/bash\n"},
	"/app/node.js": {"mode": "755", "content": "#!/usr/bin/env node\n"},
	"/app/split.js": {"mode": "755", "content": "#!/usr/bin/env -S X=1 curl --x\n"},
	"/app/windows.sh": {"mode": "755", "content": "#!/bin/sh\r\nexit\r\n"},
	"/app/bare.sh": {"mode": "755", "content": "exec curl\n"},
	"/app/empty": {"mode": "755", "content": ""},
	"/app/none.sh": {"mode": "755", "content": "#!\n"},
	"/app/loop": {"mode": "755", "content": "#!/app/loop\n"},
	"/app/plain.sh": "#!/bin/sh\n"`

func TestEntrypoint(t *testing.T) {
	tests := []struct {
		args []string
		user string
		want string // empty: it starts
	}{
		{[]string{"/app/run.sh"}, "", ""},
		{[]string{"run.sh"}, "", "the image has no run.sh in its PATH (/usr/local/sbin:/usr/local/bin:"},
		{[]string{"./run.sh"}, "", ""},
		{[]string{"curl"}, "", ""},
		{[]string{"curl", "-f"}, "1000", ""},
		{[]string{"/usr/local/bin/curl"}, "", "/usr/local/bin/curl has no executable bit (mode 0644)"},
		{[]string{"/usr/bin/old"}, "", ""},
		{[]string{"wide"}, "", "/usr/bin/wide is compiled for arm64, but the image is for amd64"},
		{[]string{"glibc"}, "", "/usr/bin/glibc needs /lib64/ld-linux-x86-64.so.2: the image has no /lib64/ld-linux-x86-64.so.2"},
		{[]string{"secret"}, "", ""},
		{[]string{"secret"}, "1000", "uid 1000, gid 0 may not execute /usr/bin/secret (mode 0700, owner 0:0)"},
		{[]string{"team"}, "1:1000", ""},
		{[]string{"team"}, "1:1", "may not execute /usr/bin/team"},
		{[]string{"team"}, "app", ""},
		{[]string{"team"}, "app:5", "uid 5 (app), gid 5 may not execute /usr/bin/team"},
		{[]string{"/usr/bin/sdl"}, "", "/usr/bin/sdl is a link to /opt/gone, which the image does not have"},
		{[]string{"/root/tool"}, "", ""},
		{[]string{"/root/tool"}, "1000:1000", "may not enter /root, where /root/tool lies (mode 0700, owner 0:0)"},
		{[]string{"/app"}, "", "/app is a directory"},
		{[]string{"/app/bash.sh"}, "", "/app/bash.sh needs /bin/bash: the image has no /bin/bash"},
		{[]string{"/app/node.js"}, "", "/app/node.js needs node: the image has no node in its PATH"},
		{[]string{"/app/split.js"}, "", ""},
		{[]string{"/app/windows.sh"}, "", `ends as Windows ends lines, so that the kernel looks for "/bin/sh\r"`},
		{[]string{"/app/bare.sh"}, "", "the kernel refuses it (exec format error)"},
		{[]string{"/app/empty"}, "", "/app/empty is empty"},
		{[]string{"/app/none.sh"}, "", "names no interpreter behind #!"},
		{[]string{"/app/loop"}, "", "a script of a script, more than 4 deep"},
		{[]string{"/app/plain.sh"}, "", "has no executable bit"},
		{[]string{""}, "", "it is empty"},
		{[]string{"/bin/sh", "-c", "exec wget x"}, "", "the image has no wget in its PATH"},
		{[]string{"/bin/sh", "-c", "cd /app && ./x"}, "", ""},
		{[]string{"nobody-has"}, "no-such-user", "the image has no nobody-has"},
		{nil, "", "neither an entrypoint nor a command"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.args, test.user), func(t *testing.T) {
			img, err := Example(fmt.Sprintf(`{"image": {"os": "linux", "architecture": "amd64", "config": {"WorkingDir": "/app", "User": %q, "Entrypoint": %s}}, "files": {%s}}`,
				test.user, must(json.Marshal(test.args)), programs))
			if err != nil {
				t.Fatal(err)
			}
			status, message := judge(entrypoint, img)
			if (status == "pass") != (test.want == "") || !strings.Contains(message, test.want) {
				t.Errorf("%s %q, want %q", status, message, test.want)
			}
		})
	}
}

func TestHealthcheckCommand(t *testing.T) {
	tests := map[string]struct {
		test []string
		want string
	}{
		"program":            {[]string{"CMD", "curl", "x"}, ""},
		"missing":            {[]string{"CMD", "wget", "x"}, "config.Healthcheck.Test: the image has no wget in its PATH"},
		"shell":              {[]string{"CMD-SHELL", "curl -f http://localhost || exit 1"}, ""},
		"missing, in shell":  {[]string{"CMD-SHELL", "wget -q http://localhost || exit 1"}, "no wget in its PATH"},
		"piped":              {[]string{"CMD-SHELL", "curl http://localhost | grep ok"}, "no grep in its PATH"},
		"in a condition":     {[]string{"CMD-SHELL", "if command -v wget; then wget x; else curl x; fi"}, ""},
		"other of two":       {[]string{"CMD-SHELL", "curl x || wget x"}, ""},
		"expansion":          {[]string{"CMD-SHELL", "$TOOL x"}, ""},
		"path set":           {[]string{"CMD-SHELL", "PATH=/opt/bin:$PATH wget x"}, ""},
		"builtins":           {[]string{"CMD-SHELL", "test -e /x && wget x"}, ""},
		"shell as a program": {[]string{"CMD", "sh", "-c", "wget x"}, "no wget in its PATH"},
		"none":               {[]string{"NONE"}, ""},
		"syntax error":       {[]string{"CMD-SHELL", "wget ("}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			img, err := Example(fmt.Sprintf(`{"image": {"os": "linux", "architecture": "amd64", "config": {"Healthcheck": {"Test": %s}}}, "files": {%s}}`, must(json.Marshal(test.test)), programs))
			if err != nil {
				t.Fatal(err)
			}
			status, message := judge(healthcheckCommand, img)
			if (status == "pass") != (test.want == "") || !strings.Contains(message, test.want) {
				t.Errorf("%s %q, want %q", status, message, test.want)
			}
		})
	}
	img := must(Example(`{"image": {"os": "linux", "config": {"Healthcheck": {"Test": ["CMD-SHELL", "true"]}}}, "files": {"/app": "x"}}`))
	if status, message := judge(healthcheckCommand, img); status != "fail" || !strings.Contains(message, "CMD-SHELL needs a shell: the image has no /bin/sh") {
		t.Errorf("an image without a shell: %s %s", status, message)
	}
	img.Config.OS = "windows"
	for _, c := range All() {
		if c.ID == entrypoint.ID || c.ID == healthcheckCommand.ID {
			if status, _ := judge(c, img); status != "skipped" {
				t.Errorf("%s of a Windows image is %s", c.ID, status)
			}
		}
	}
}

func TestNameLayers(t *testing.T) {
	layer := func(others int, below string) Layer { return Layer{Others: others, Below: below} }
	base := layer(1000, "/")
	step := func(keyword, into string) Step { return Step{keyword, keyword + " " + into, into} }
	tests := map[string]struct {
		layers []Layer
		steps  []Step
		want   []string // empty: not certain
		base   Bounds
	}{
		"in order": {
			[]Layer{base, layer(0, ""), layer(5, "/app"), layer(9, "/")},
			[]Step{step("WORKDIR", "/app"), step("COPY", "/app"), step("ENV", ""), step("RUN", "")},
			[]string{"", "", "COPY /app", "RUN "}, Bounds{1, 2},
		},
		"a directory that was there": {
			[]Layer{base, base, layer(5, "/app"), layer(9, "/")},
			[]Step{step("WORKDIR", "/app"), step("COPY", "/app"), step("RUN", "")},
			[]string{"", "", "COPY /app", "RUN "}, Bounds{2, 2},
		},
		"one file": {
			[]Layer{base, layer(1, "/etc")},
			[]Step{step("COPY", "/etc/app.conf")},
			[]string{"", "COPY /etc/app.conf"}, Bounds{1, 1},
		},
		"does not fit":  {[]Layer{base, layer(5, "/srv")}, []Step{step("COPY", "/app")}, []string{"", ""}, Bounds{}},
		"too few":       {[]Layer{layer(5, "/app")}, []Step{step("RUN", ""), step("COPY", "/app")}, []string{""}, Bounds{}},
		"two ways":      {[]Layer{base, layer(0, ""), layer(5, "/app")}, []Step{step("RUN", ""), step("WORKDIR", "/x"), step("COPY", "/app")}, []string{"", "", "COPY /app"}, Bounds{0, 1}},
		"no step":       {[]Layer{base}, nil, []string{""}, Bounds{1, 1}},
		"many WORKDIRs": {slices.Repeat([]Layer{layer(0, "")}, 40), slices.Repeat([]Step{step("WORKDIR", "/x")}, 40), make([]string, 40), Bounds{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NameLayers(test.layers, test.steps); got != test.base {
				t.Errorf("%v layers of the base image, want %v", got, test.base)
			}
			for i, want := range test.want {
				if got := test.layers[i].Instruction; got != want {
					t.Errorf("layer %d is of %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

func TestInstruction(t *testing.T) {
	for by, want := range map[string]string{
		"/bin/sh -c #(nop) ADD file:0123 in / ":                                                "ADD file:0123 in /",
		"/bin/sh -c apt-get update     && apt-get install -y x":                                "RUN apt-get update && apt-get install -y x",
		"RUN /bin/sh -c npm ci # buildkit":                                                     "RUN npm ci",
		"RUN |2 TOKEN=f3b1c9d7 B=1 /bin/sh -c make # buildkit":                                 "RUN make",
		"|1 TOKEN=f3b1c9d7 /bin/sh -c make":                                                    "RUN make",
		"COPY . . # buildkit":                                                                  "COPY . .",
		"RUN /bin/sh -c curl -H " + githubToken + " # buildkit":                                "",
		"RUN /bin/sh -c git clone https://me:s3cr3tpw@git.example.org/x # buildkit":            "",
		"/bin/sh -c curl -u me:s3cr3tpw https://x.y":                                           "",
		"RUN /bin/sh -c make && deploy --password s3cr3tpw":                                    "",
		"RUN /bin/sh -c DB_PASSWORD=s3cr3tpw make":                                             "",
		"RUN /bin/sh -c curl -H 'Authorization: Bearer f3b1c9d7e2' https://x.y":                "",
		"RUN /bin/sh -c DB_PASSWORD=$DB_PASSWORD make":                                         "RUN DB_PASSWORD=$DB_PASSWORD make",
		"RUN /bin/sh -c git clone https://git.example.org/x && apt-get install -y --force x=1": "RUN git clone https://git.example.org/x && apt-get install -y --force x=1",
		"Directory.withDirectoryDockerfileCompat":                                              "",
		"withNewDirectory /app":                                                                "",
		"import image layer sha256:0123abcd":                                                   "",
		"without a shell, RUN make":                                                            "without a shell, RUN make",
		"":                                                                                     "",
		"RUN /bin/sh -c " + strings.Repeat("ä", 100):                                           "RUN " + strings.Repeat("ä", 38) + "…",
	} {
		if got := instruction(by); got != want {
			t.Errorf("%q is %q, want %q", by, got, want)
		}
	}
}
