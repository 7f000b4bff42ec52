package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestRemovedCopy(t *testing.T) {
	judgeAll(t, removedCopy, map[string]judgement{
		"directory":          {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /app/wheels /wheels\nRUN pip install /wheels/* \\\n  && rm -rf /wheels\n", status: checks.Warn, finding: "5:6: rm removes /app/wheels, which the layer of the COPY in line 3 keeps"},
		"contents":           {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /app/wheels /wheels\nRUN rm -rf /wheels/*\n", status: checks.Warn, finding: "4: "},
		"file":               {text: "FROM a:1\nCOPY a.sh /tmp/\nRUN /tmp/a.sh && rm /tmp/a.sh\n", status: checks.Warn, finding: "3: rm removes a.sh"},
		"relative":           {text: "FROM a:1\nWORKDIR /x\nCOPY a.sh b.sh ./\nRUN ./a.sh && rm a.sh\n", status: checks.Warn, finding: "4: "},
		"pattern":            {text: "FROM a:1\nCOPY *.whl /tmp/\nRUN rm /tmp/*.whl\n", status: checks.Warn},
		"base stage":         {text: "FROM a:1 AS b\nCOPY a /tmp/a\nFROM b\nRUN rm -rf /tmp/*\n", status: checks.Warn, finding: "4: line 2"},
		"archive":            {text: "FROM a:1\nADD a.zip /tmp/a.zip\nRUN unzip /tmp/a.zip && rm /tmp/a.zip\n", status: checks.Warn, finding: "3: the ADD"},
		"mount":              {text: "FROM a:1\nRUN --mount=type=bind,source=a.sh,target=/tmp/a.sh /tmp/a.sh\nRUN rm -rf /tmp/*\n", status: checks.Pass},
		"some of it":         {text: "FROM a:1\nWORKDIR /app\nCOPY . .\nRUN rm -rf tests node_modules\n", status: checks.Pass},
		"directory's name":   {text: "-- Dockerfile --\nFROM a:1\nCOPY src /app/\nRUN make && rm -rf /app/src\n-- src/a --\n", status: checks.Pass},
		"directory by slash": {text: "FROM a:1\nCOPY src/ /app/\nRUN make && rm -rf /app/src\n", status: checks.Pass},
		"stage's directory":  {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /x/dist /app/\nRUN make && rm -rf /app/dist\n", status: checks.Pass},
		"stage's file":       {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /x/a.tgz /app/\nRUN rm -rf /app/a.tgz\n", status: checks.Warn},
		"another":            {text: "FROM a:1\nCOPY a /app/a\nRUN rm -rf /app/b /tmp/*\n", status: checks.Pass},
		"build stage":        {text: "FROM a:1 AS b\nCOPY a /tmp/a\nRUN rm /tmp/a\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"before":             {text: "FROM a:1\nRUN rm -rf /app\nCOPY . /app\n", status: checks.Pass},
		"unknown":            {text: "FROM a:1\nARG D\nCOPY a $D\nRUN rm -rf $D\n", status: checks.Pass},
		"unknown workdir":    {text: "FROM a:1\nCOPY a .\nRUN rm a\n", status: checks.Pass},
	})
	text := "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /app/wheels /wheels\nRUN rm -rf /wheels\n"
	f := run(t, removedCopy, text, dockerfile.Options{}).Findings
	if want := "Instead of the COPY, write RUN --mount=type=bind,from=b,source=/app/wheels,target=/wheels"; len(f) != 1 || f[0].Fix != want {
		t.Errorf("%+v, want %s", f, want)
	}
}
