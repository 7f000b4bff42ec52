package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestChownLayer(t *testing.T) {
	judgeAll(t, chownLayer, map[string]judgement{
		"working directory": {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nRUN npm ci && chown -R app:app .\n", status: checks.Warn, finding: "4:15: chown -R writes what line 3 copies to /app once more"},
		"absolute":          {text: "FROM a:1\nCOPY src /app/src\nRUN chown -hR app /app\n", status: checks.Warn, finding: "3:5: to /app/src"},
		"mode":              {text: "FROM a:1\nCOPY . /app\nRUN chmod -R 755 /app\n", status: checks.Warn, finding: "3:5: chmod -R"},
		"mode, symbolic":    {text: "FROM a:1\nCOPY . /app\nRUN chmod -R -w /app\n", status: checks.Warn},
		"group":             {text: "FROM a:1\nCOPY . /app\nRUN chgrp --recursive 0 /app\n", status: checks.Warn},
		"second path":       {text: "FROM a:1\nCOPY . /app\nRUN chown -R app:app /data /app\n", status: checks.Warn},
		"from a stage":      {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /out /app\nRUN chown -R 1001:0 /app\n", status: checks.Warn},
		"all below":         {text: "FROM a:1\nCOPY . /app\nRUN chown -R app /app/*\n", status: checks.Warn},
		"base stage":        {text: "FROM a:1 AS b\nCOPY . /app\nFROM b\nRUN chown -R app /app\n", status: checks.Warn, finding: "4: "},
		"behind cd":         {text: "FROM a:1\nCOPY . /app\nRUN cd /tmp && chown -R app /app\n", status: checks.Warn},
		"variable":          {text: "FROM a:1\nENV HOME=/app\nCOPY . /app\nRUN chown -R app $HOME\n", status: checks.Warn},

		"not recursive":   {text: "FROM a:1\nCOPY . /app\nRUN chown app /app && chmod +x /app/run.sh\n", status: checks.Pass},
		"own files":       {text: "FROM a:1\nCOPY . /app\nRUN mkdir /data && chown -R app /data\n", status: checks.Pass},
		"part of a copy":  {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nRUN chown -R app log tmp\n", status: checks.Pass},
		"before the copy": {text: "FROM a:1\nRUN chown -R app /app\nCOPY . /app\n", status: checks.Pass},
		"by the copy":     {text: "FROM a:1\nCOPY --chown=app . /app\n", status: checks.Pass},
		"builder":         {text: "FROM a:1 AS b\nCOPY . /app\nRUN chown -R app /app\nFROM a:1\nCOPY --from=b /app /app\n", status: checks.Pass},
		"manifests alone": {text: "FROM a:1\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci && chown -R node /app\n", status: checks.Pass},
		"cache mount":     {text: "FROM a:1\nCOPY . /app\nRUN --mount=type=cache,target=/app chown -R app /app\n", status: checks.Pass},
		"relative, cd":    {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nRUN cd /data && chown -R app .\n", status: checks.Pass},
		"path not known":  {text: "FROM a:1\nCOPY . /app\nRUN chown -R app $DIR\n", status: checks.Pass},
		"workdir unknown": {text: "FROM a:1\nCOPY . .\nRUN chown -R app .\n", status: checks.Pass},
		"name in front":   {text: "FROM a:1\nCOPY . /application\nRUN chown -R app /app\n", status: checks.Pass},
		"quoted in echo":  {text: "FROM a:1\nCOPY . /app\nRUN echo chown -R app /app\n", status: checks.Pass},
		"operand missing": {text: "FROM a:1\nCOPY . /app\nRUN chown -R app\n", status: checks.Pass},
		"reference":       {text: "FROM a:1\nCOPY . /app\nRUN chown -R --reference=/x /app\n", status: checks.Pass},
		"options end":     {text: "FROM a:1\nCOPY . /app\nRUN chown -R -- app /app\n", status: checks.Warn},
		"configuration":   {text: "-- Dockerfile --\nFROM a:1\nCOPY Caddyfile /etc/caddy/\nRUN chown -R app /etc/caddy\n-- Caddyfile --\n", status: checks.Pass},
	})
	res := run(t, chownLayer, "FROM a:1\nCOPY . /app\nRUN chmod -R 755 /app\n", dockerfile.Options{})
	if want := "Write COPY --chmod=755 in line 2, and take /app out of the chmod."; len(res.Findings) != 1 || res.Findings[0].Fix != want {
		t.Errorf("%+v, want %s", res.Findings, want)
	}
}
