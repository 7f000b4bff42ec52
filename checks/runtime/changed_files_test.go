package runtime

import "testing"

func TestChangedFiles(t *testing.T) {
	document := func(changes string) string {
		return `{"args": ["/app"], "expected": {"writable": ["/tmp", "/data/"]}, ` + changes + `, ` + stoppedWell
	}
	const unknown = "skipped the engine does not compare"
	testVerdicts(t, readOnlyRootfs, map[string]verdict{
		"not known": {document(`"noChanges": "the engine does not compare"`), unknown},
		"not said":  {`{"args": ["/app"], ` + stoppedWell, "skipped the root file system was not compared before the start and after the end"},
		"none":      {document(`"changes": {}`), "pass"},
		"elsewhere": {document(`"changes": {"added": ["/data", "/tmp/a/b", "/proc/1"], "modified": ["/", "/dev/null", "/sys/x"]}`), "pass"},
		"like a volume": {document(`"changes": {"added": ["/data2", "/tmpfile"]}`),
			"MEDIUM the application changes 2 paths of the root file system: / (data2, tmpfile)"},
		"directories": {document(`"changes": {"added": ["/app/cache/", "/app/cache/x/", "/app/cache/x/1", "/app/cache/2", "/app/cache/3", "/run/app.pid"], "modified": ["/app/", "/etc/app.conf", "/run/"], "removed": ["/etc/first-start"]}`),
			"MEDIUM the application changes 6 paths of the root file system: /app/cache (2, 3 and 1 more), /etc (app.conf, first-start), /run (app.pid)"},
		"many places": {document(`"changes": {"modified": ["/a/1", "/b/1", "/c/1", "/d/1", "/e/1", "/f/1", "/g/1"]}`),
			"MEDIUM the application changes 7 paths of the root file system: /a (1), /b (1), /c (1), /d (1), /e (1) and 2 more"},
		"one": {document(`"changes": {"added": ["/app/\u001b[31mred\nname"]}`),
			"MEDIUM the application changes a path of the root file system: /app (red name)"},
		"above what is mounted": {`{"args": ["/app"], "expected": {"writable": ["/app/cache"]}, "changes": {"modified": ["/app/", "/app/cache/", "/app/cache/1"]}, ` + stoppedWell, "pass"},
		"added and modified":    {document(`"changes": {"added": ["/app/x"], "modified": ["/app/", "/app/x"]}`), "MEDIUM the application changes a path of the root file system: /app (x)"},
		"another mode":          {document(`"changes": {"modified": ["/srv/"]}`), "MEDIUM the application changes a path of the root file system: / (srv)"},
		"replaced":              {document(`"changes": {"added": ["/app/x"], "removed": ["/app/x"]}`), "MEDIUM the application changes a path of the root file system: /app (x)"},
		"journal":               {document(`"changes": {"added": ["/app/db/000003.log"]}`), "MEDIUM the application changes a path of the root file system: /app/db (000003.log)"},
		"log files":             {document(`"changes": {"added": ["/app/logs/", "/app/logs/today.txt", "/var/log/app", "/app/app.log", "/nohup.out"]}`), "pass"},
		"log file is gone":      {document(`"changes": {"removed": ["/var/log/old.log"]}`), "MEDIUM the application changes a path of the root file system: /var/log (old.log)"},
		"empty directories":     {document(`"changes": {"added": ["/app/logs/"]}`), "MEDIUM the application changes a path of the root file system: /app (logs)"},
		"ended early":           {`{"args": ["/app"], "early": {"code": 1}, "changes": {"added": ["/x"]}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
	testVerdicts(t, logFiles, map[string]verdict{
		"not known": {document(`"noChanges": "the engine does not compare"`), unknown},
		"others":    {document(`"changes": {"added": ["/app/db/000003.log", "/app/catalog", "/app/dialog/x", "/var/logo.png", "/data/app.log"]}`), "pass"},
		"one":       {document(`"changes": {"modified": ["/var/log/app"]}`), "MEDIUM the application writes a log file into the root file system: /var/log/app"},
		"many": {document(`"changes": {"added": ["/a.log", "/b.log.1", "/c.log.2.gz", "/d.out", "/e/log/f", "/g.log-20260102", "/h/_logs/i"]}`),
			"MEDIUM the application writes 7 log files into the root file system: /a.log, /b.log.1, /c.log.2.gz, /d.out, /e/log/f and 2 more"},
	})
}

// TestFixOfChanges wants the fixes of what is written by others than the
// application itself.
func TestFixOfChanges(t *testing.T) {
	for text, want := range map[string]string{
		`{"added": ["/home/node/.npm/", "/home/node/.npm/_logs/", "/home/node/.npm/_logs/1-debug-0.log"]}`: "npm writes a log of each start",
		`{"added": ["/app/__pycache__/", "/app/__pycache__/main.cpython-312.pyc"]}`:                        "PYTHONDONTWRITEBYTECODE=1",
		`{"added": ["/app/__pycache__/main.cpython-312.pyc", "/app/x"]}`:                                   "with --tmpfs",
		`{"added": ["/home/node/.npm/_logs/1-debug-0.log", "/app/a.log"]}`:                                 "ln -sf /dev/stdout",
	} {
		wantFix(t, `{"args": ["/app"], "changes": `+text+`, `+stoppedWell, want)
	}
}
