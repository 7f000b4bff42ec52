package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestVolumeCode(t *testing.T) {
	judgeAll(t, volumeCode, map[string]judgement{
		"working directory":     {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nVOLUME /app\n", status: checks.Warn, finding: "4: VOLUME /app holds the working directory /app, and what line 3 copies to /app"},
		"above it":              {text: "FROM a:1\nWORKDIR /srv/app\nVOLUME /srv\nCOPY --from=b:1 /x ./bin/\n", status: checks.Warn, finding: "3: VOLUME /srv holds the working directory /srv/app, and what line 4 copies to /srv/app/bin"},
		"inherited":             {text: "FROM a:1 AS b\nWORKDIR /app\nCOPY . .\nFROM b\nVOLUME .\n", status: checks.Warn, finding: "5: VOLUME /app"},
		"data":                  {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nVOLUME /app/data\n", status: checks.Pass},
		"name in front":         {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nVOLUME /ap\n", status: checks.Pass},
		"no copy into it":       {text: "FROM a:1\nWORKDIR /data\nCOPY app /usr/local/bin/\nVOLUME /data\n", status: checks.Pass},
		"seed, not the workdir": {text: "FROM a:1\nWORKDIR /app\nCOPY seed /var/lib/app/\nVOLUME /var/lib/app\n", status: checks.Pass},
		"workdir not known":     {text: "FROM a:1\nCOPY . /app\nVOLUME /app\n", status: checks.Pass},
		"other stage":           {text: "FROM a:1 AS b\nWORKDIR /app\nCOPY . .\nVOLUME /app\nFROM a:1\nWORKDIR /app\nCOPY --from=b /app .\n", status: checks.Pass},
	})
}
