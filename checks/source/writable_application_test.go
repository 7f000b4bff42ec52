package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestWritableApplication(t *testing.T) {
	judgeAll(t, writableApplication, map[string]judgement{
		"copy":              {text: "FROM a:1\nCOPY --chown=app:app . /app\nUSER app\n", status: checks.Warn, finding: "2:1: COPY --chown gives /app to app, the user that the application runs as"},
		"by number":         {text: "FROM a:1\nCOPY --chown=1000:0 . /app\nUSER 1000\n", status: checks.Warn},
		"name and number":   {text: "FROM a:1\nRUN useradd -u 1000 app\nCOPY --chown=app . /app\nUSER 1000\n", status: checks.Warn, finding: "3: "},
		"from a stage":      {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b --chown=app /out /app\nUSER app\n", status: checks.Warn},
		"chown":             {text: "FROM a:1\nCOPY . /app\nRUN chown -R app:app /app\nUSER app\n", status: checks.Warn, finding: "3:5: chown -R gives /app to app"},
		"argument":          {text: "FROM a:1\nARG U=app\nCOPY --chown=$U . /app\nUSER $U\n", status: checks.Warn},
		"other user":        {text: "FROM a:1\nCOPY --chown=build . /app\nUSER app\n", status: checks.Pass},
		"group alone":       {text: "FROM a:1\nCOPY --chown=root:app . /app\nRUN chgrp -R app /app && chown -R :app /app\nUSER app\n", status: checks.Pass},
		"data":              {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nCOPY --chown=app seed data/\nCOPY --chown=app x /var/lib/app/\nUSER app\n", status: checks.Pass},
		"volume":            {text: "FROM a:1\nCOPY --chown=app site /site\nVOLUME /site\nUSER app\n", status: checks.Pass},
		"chown of data":     {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nRUN mkdir -p data && chown -R app data && chown app /app\nUSER app\n", status: checks.Pass},
		"chown of own":      {text: "FROM a:1\nCOPY . /app\nRUN mkdir /x && chown -R app /x\nUSER app\n", status: checks.Pass},
		"root":              {text: "FROM a:1\nCOPY --chown=app . /app\n", status: checks.Pass},
		"user not known":    {text: "FROM a:1\nARG U\nCOPY --chown=$U . /app\nUSER $U\n", status: checks.Pass},
		"builder":           {text: "FROM a:1 AS b\nCOPY --chown=app . /app\nUSER app\nFROM a:1\nCOPY --from=b /app /app\nUSER app\n", status: checks.Pass},
		"number of another": {text: "FROM a:1\nRUN useradd -u 1000 build\nCOPY --chown=build . /app\nUSER 1001\n", status: checks.Pass},
	})
}
