package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestStopSignal(t *testing.T) {
	judgeAll(t, stopSignal, map[string]judgement{
		"kill":             {text: "FROM a:1\nSTOPSIGNAL SIGKILL\n", status: checks.Fail, finding: "2:12: STOPSIGNAL SIGKILL cannot be handled"},
		"kill by number":   {text: "FROM a:1\nSTOPSIGNAL 9\n", status: checks.Fail, finding: "2:12: SIGKILL"},
		"stop, short":      {text: "FROM a:1\nSTOPSIGNAL stop\n", status: checks.Fail, finding: "2: SIGSTOP"},
		"kill by argument": {text: "FROM a:1\nARG S=KILL\nSTOPSIGNAL $S\n", status: checks.Fail, finding: "3:12: SIGKILL"},
		"not known":        {text: "FROM a:1\nARG S\nSTOPSIGNAL $S\n", status: checks.Pass},
		"corrected":        {text: "FROM a:1\nSTOPSIGNAL SIGKILL\nSTOPSIGNAL SIGTERM\n", status: checks.Pass},
		"builder":          {text: "FROM a:1 AS b\nSTOPSIGNAL SIGKILL\nFROM a:1\n", status: checks.Pass},
		"inherited":        {text: "FROM a:1 AS b\nSTOPSIGNAL SIGKILL\nFROM b\n", status: checks.Fail, finding: "2: "},
		"other program":    {text: "FROM a:1\nSTOPSIGNAL SIGINT\nCMD [\"app\"]\n", status: checks.Pass},
		"real time":        {text: "FROM a:1\nSTOPSIGNAL SIGRTMIN+3\nCMD [\"/sbin/init\"]\n", status: checks.Pass},

		"nginx":               {text: "FROM alpine:3.20\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Warn, finding: "2:1: nginx gets SIGTERM, on which it drops the requests that are open: it needs STOPSIGNAL SIGQUIT"},
		"nginx, set":          {text: "FROM alpine:3.20\nSTOPSIGNAL SIGQUIT\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"nginx, short":        {text: "FROM alpine:3.20\nSTOPSIGNAL quit\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"nginx, number":       {text: "FROM alpine:3.20\nSTOPSIGNAL 3\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"nginx, SIGTERM":      {text: "FROM alpine:3.20\nSTOPSIGNAL 15\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Warn, finding: "2:12: nginx drops the requests that are open on STOPSIGNAL SIGTERM"},
		"base brings it":      {text: "FROM nginx:1.27.3\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"base may bring it":   {text: "FROM registry.example.com/web:1\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"base not known":      {text: "ARG B\nFROM $B\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"base is spoiled":     {text: "FROM nginx:1.27.3\nSTOPSIGNAL SIGTERM\n", status: checks.Warn, finding: "2: nginx drops"},
		"base by argument":    {text: "ARG V=1.27\nFROM docker.io/library/nginx:$V\nSTOPSIGNAL SIGINT\n", status: checks.Warn},
		"base, own program":   {text: "FROM nginx:1.27.3\nSTOPSIGNAL SIGTERM\nENTRYPOINT [\"/agent\"]\n", status: checks.Pass},
		"scratch":             {text: "FROM scratch\nCOPY --from=a:1 / /\nENTRYPOINT [\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Warn},
		"by a script":         {text: "-- Dockerfile --\nFROM debian:12\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n-- e.sh --\n#!/bin/sh\nset -e\nexec \"$@\"\n", status: checks.Warn, finding: "4: nginx gets SIGTERM"},
		"in the script":       {text: "-- Dockerfile --\nFROM debian:12\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\nexec php-fpm8.2 -F\n", status: checks.Warn, finding: "3: php-fpm gets SIGTERM"},
		"below s6":            {text: "FROM alpine:3.20.3\nENTRYPOINT [\"/init\"]\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"below s6, SIGTERM":   {text: "FROM alpine:3.20.3\nSTOPSIGNAL SIGTERM\nENTRYPOINT [\"/init\"]\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"below tini":          {text: "FROM alpine:3.20.3\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Warn, finding: "3: nginx gets SIGTERM"},
		"one of two programs": {text: "-- Dockerfile --\nFROM debian:12\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\nif $A; then exec nginx; else exec app; fi\n", status: checks.Pass},
		"not the main one":    {text: "FROM debian:12\nCMD [\"sh\", \"-c\", \"nginx; exec app\"]\n", status: checks.Pass},
		"apache":              {text: "FROM debian:12\nCMD [\"apachectl\", \"-D\", \"FOREGROUND\"]\n", status: checks.Warn, finding: "2: SIGWINCH"},
		"php apache":          {text: "FROM php:8.3-apache\nSTOPSIGNAL SIGTERM\n", status: checks.Warn, finding: "2: apache drops"},
		"php fpm":             {text: "FROM php:8.3-fpm\nSTOPSIGNAL SIGQUIT\nCMD [\"php-fpm\"]\n", status: checks.Pass},
		"postgres":            {text: "FROM postgres:17.2\nSTOPSIGNAL SIGTERM\n", status: checks.Warn, finding: "2: postgres waits for every client"},
		"postgres, fast":      {text: "FROM postgres:17.2\nSTOPSIGNAL SIGINT\n", status: checks.Pass},
		"haproxy":             {text: "FROM haproxy:3.1\nSTOPSIGNAL SIGTERM\n", status: checks.Warn},
		"windows":             {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nSTOPSIGNAL SIGKILL\n", status: checks.Pass},
		"target":              {text: "FROM debian:12 AS web\nCMD [\"nginx\"]\nFROM a:1\n", status: checks.Warn, options: dockerfile.Options{Target: "web"}},
	})
	for text, want := range map[string]checks.Severity{
		"FROM a:1\nSTOPSIGNAL SIGKILL\n":                               checks.High,
		"FROM nginx:1.27\nSTOPSIGNAL SIGTERM\n":                        checks.Medium,
		"FROM alpine:3.20\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n": checks.Low,
	} {
		if res := run(t, stopSignal, text, dockerfile.Options{}); len(res.Findings) != 1 || res.Findings[0].Severity != want {
			t.Errorf("%s: %+v, want %s", text, res.Findings, want)
		}
	}
}
