package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestVolumeSystem(t *testing.T) {
	judgeAll(t, volumeSystem, map[string]judgement{
		"etc":              {text: "FROM a:1\nVOLUME /etc\n", status: checks.Warn, finding: "2: VOLUME /etc is a directory of the system"},
		"second":           {text: "FROM a:1\nVOLUME [\"/data\", \"/usr/lib/\"]\n", status: checks.Warn, finding: "2: VOLUME /usr/lib is"},
		"below proc":       {text: "FROM a:1\nVOLUME /proc/sys\n", status: checks.Warn, finding: "2: VOLUME /proc/sys"},
		"root":             {text: "FROM a:1\nVOLUME /\n", status: checks.Warn, finding: "2: VOLUME / is"},
		"inherited":        {text: "FROM a:1 AS b\nVOLUME /dev\nFROM b\n", status: checks.Warn, finding: "2: VOLUME /dev"},
		"data":             {text: "FROM a:1\nVOLUME /var/lib/app /etc/app /usr/local/share/app\n", status: checks.Pass},
		"run and tmp":      {text: "FROM a:1\nVOLUME /run /tmp /var/log\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1\nARG DIR\nVOLUME $DIR\n", status: checks.Pass},
		"relative":         {text: "FROM a:1\nVOLUME etc\n", status: checks.Pass},
		"only copied from": {text: "FROM a:1 AS b\nVOLUME /etc\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
	})
	f := run(t, volumeSystem, "FROM a:1\nVOLUME /data /etc\n", dockerfile.Options{}).Findings[0]
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 14, EndLine: 2, EndColumn: 18}); f.Location != want {
		t.Errorf("finding at %+v, want %+v", f.Location, want)
	}
}
