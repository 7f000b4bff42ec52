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
	const end = ", and take /app out of the "
	for text, want := range map[string]string{
		"COPY . /app\nRUN chmod -R 755 /app\n":                             "Write COPY --chmod=755 in line 2" + end + "chmod.",
		"COPY . /app\nRUN chmod -R 777 /app\n":                             "Write COPY --chmod=755 in line 2" + end + "chmod.",
		"COPY . /app\nRUN chmod -R 0666 /app\n":                            "Write COPY --chmod=0644 in line 2" + end + "chmod.",
		"COPY . /app\nRUN chmod -R a+rwX /app\n":                           "Write COPY --chmod=755 in line 2" + end + "chmod.",
		"ADD . /app\nRUN chown -R 1000 /app\n":                             "Write COPY --chown=1000 in line 2" + end + "chown.",
		"ADD a.tgz /app\nRUN chown -R 1000 /app\n":                         "Write ADD --chown=1000 in line 2" + end + "chown.",
		"COPY . /app\nRUN chgrp -R 0 /app && chmod -R g=u /app\n":          "Write COPY --chmod=g=u in line 2" + end + "chgrp and chmod.",
		"COPY . /app\nRUN chown -R a /app && chgrp -R b /app\n":            "Write COPY --chown=a:b in line 2" + end + "chown and chgrp.",
		"COPY . /app\nRUN chown -R a:b /app && chmod -R 750 /app\n":        "Write COPY --chown=a:b --chmod=750 in line 2" + end + "chown and chmod.",
		"COPY . /app\nRUN chown -R root:root /app\n":                       "Take /app out of the chown: what COPY brings belongs to root anyway.",
		"COPY --chown=a . /app\nRUN chgrp -R 0 /app\n":                     "Write COPY --chown=:0 in line 2" + end + "chgrp.",
		"COPY . /app\nRUN useradd --system app && chown -R app:app /app\n": "Create the user app before line 2 instead of in line 3, write COPY --chown=app:app there" + end + "chown.",
		"RUN adduser -D app\nCOPY . /app\nRUN chown -R app /app\n":         "Write COPY --chown=app in line 3" + end + "chown.",
	} {
		f := run(t, chownLayer, "FROM a:1\n"+text, dockerfile.Options{}).Findings
		if len(f) != 1 || f[0].Fix != want {
			t.Errorf("%s: %+v, want %s", text, f, want)
		}
	}
}
