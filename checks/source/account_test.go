package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestCreatedAccount(t *testing.T) {
	for command, want := range map[string]string{
		"useradd app":                                        "app ",
		"useradd --uid 10001 app":                            "app 10001",
		"useradd --uid=10001 --gid app app":                  "app 10001",
		"useradd -r -u 999 -g app -s /bin/sh app":            "app 999",
		"useradd app -mu 1000 -s /bin/bash":                  "app 1000",
		"useradd -u1000 app":                                 "app 1000",
		"useradd -ux app":                                    "app ",
		"useradd -lm -d /home/app app":                       "app ",
		"adduser -D app":                                     "app ",
		"adduser -S -D -H -u 1001 -G app app":                "app 1001",
		"adduser -DHu 1001 app":                              "app 1001",
		"adduser -D -g '' app":                               "app ",
		"adduser --system --uid 1001 --ingroup appgroup app": "app 1001",
		"adduser --disabled-password --gecos '' app":         "app ",
		"useradd --uid ${UID} app":                           "app ",
		"adduser app docker":                                 "", // a group that the user enters
		"useradd $NAME":                                      "",
		"useradd":                                            "",
		"usermod -u 1000 app":                                "",
		"groupadd app":                                       "",
	} {
		words := strings.Fields(strings.ReplaceAll(command, "''", "x"))
		got, ok := createdAccount(dockerfile.Call{Words: words})
		if text := got.name + " " + got.uid; ok != (want != "") || ok && text != want {
			t.Errorf("%s: %q %v, want %q", command, text, ok, want)
		}
	}
}
