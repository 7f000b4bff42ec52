package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestWorldWritable(t *testing.T) {
	tests := map[string]judgement{
		"columns":           {text: "FROM a:1\nRUN mkdir /a && \\\n    chmod -R 777 /a\n", status: checks.Warn, finding: "3:5: chmod 777 lets everybody write /a"},
		"COPY":              {text: "FROM a:1\nCOPY --chmod=777 a /a\n", status: checks.Warn, finding: "2:14: COPY --chmod=777 lets everybody write /a"},
		"COPY 0666":         {text: "FROM a:1\nCOPY --chmod=0666 a /a\n", status: checks.Warn},
		"COPY 755":          {text: "FROM a:1\nCOPY --chmod=755 a /a\n", status: checks.Pass},
		"ADD":               {text: "FROM a:1\nADD --chmod=777 https://e.com/a /a\n", status: checks.Warn, finding: "2:13: ADD"},
		"COPY, variable":    {text: "FROM a:1\nARG M=777\nCOPY --chmod=$M a /a\n", status: checks.Warn},
		"COPY, unknown":     {text: "FROM a:1\nARG M\nCOPY --chmod=$M a /a\n", status: checks.Pass},
		"base stage":        {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM b\n", status: checks.Warn, finding: "2:5: "},
		"build stage":       {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"taken":             {text: "FROM a:1 AS b\nRUN chmod 777 /a/b\nFROM a:1\nCOPY --from=b /a /a\n", status: checks.Warn, finding: "2:5: chmod 777 lets everybody write /a/b, and a COPY takes it into the image"},
		"taken, below":      {text: "FROM a:1 AS b\nRUN chmod -R 777 /a\nFROM a:1\nCOPY --from=b /a/b /a\n", status: checks.Warn},
		"taken, not below":  {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM a:1\nCOPY --from=b /a/b /a\n", status: checks.Pass},
		"taken, relative":   {text: "FROM a:1 AS b\nWORKDIR /app\nRUN chmod 777 run.sh\nFROM a:1\nCOPY --from=b /app/run.sh /a\n", status: checks.Warn},
		"taken, --chmod":    {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM a:1\nCOPY --from=b --chmod=755 /a /a\n", status: checks.Pass},
		"taken, base of it": {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM b AS c\nFROM a:1\nCOPY --from=c /a /a\n", status: checks.Warn},
		"both":              {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM b\nCOPY --from=b /a /b\n", status: checks.Warn},
		"cache mount":       {text: "FROM a:1\nRUN --mount=type=cache,target=/cache chmod 777 /cache && make\n", status: checks.Pass},
		"stage not used":    {text: "FROM a:1 AS b\nRUN chmod 777 /a\nFROM a:1\n", status: checks.Pass},
		"ONBUILD":           {text: "FROM a:1\nONBUILD RUN chmod 777 /a\n", status: checks.Pass},
		"CMD":               {text: "FROM a:1\nCMD chmod 777 /a && exec app\n", status: checks.Pass},
		"heredoc":           {text: "FROM a:1\nRUN <<EOF\nset -e\nchmod 777 /a\nEOF\n", status: checks.Warn, finding: "4:1: "},
	}
	for _, line := range []string{
		"chmod 777 /a", "chmod 0777 /a", "chmod 2777 /a", "chmod 666 /a", "chmod 757 /a", "chmod -R a+w /a", "chmod a+rwX /a", "chmod o+w /a", "chmod ugo+rwx /a", "chmod a=rwx /a", "chmod u=rwx,o=rw /a", "chmod -Rf 777 /a /b", "chmod --recursive 777 /a",
		"install -d -m 777 /a", "install -m777 a /b", "mkdir -p -m 0777 /a", "mkdir --mode=777 /a", "mkdir -pm 777 /a", "find /a -type d -exec chmod 777 {} +", "find /a | xargs chmod -f 777", "sudo chmod 777 /a", "chmod 777 /tmp", "chmod 777 /a || true", "chmod 777 $A",
		"chmod 755 /a && chmod 777 /a",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: lets everybody write"}
	}
	for _, line := range []string{
		"chmod 755 /a", "chmod 1777 /tmp", "chmod +x /a", "chmod +w /a", "chmod g+w /a", "chmod g=u /a", "chmod 775 /a", "chmod a+rwxt /a", "chmod a+rwx,+t /a", "chmod o-w /a", "chmod a+r /a", "chmod 777 /a && rm -rf /a", "chmod 777 /a && make && chmod 755 /a", "chmod 777 /a/b && rm -r /a",
		"chmod 666 /dev/null", "chmod $M /a", "chmod --reference=/b /a", "echo chmod 777 /a", "install -d -m 750 -o app /a", "mkdir -p /a/777", "find /777 -name chmod", "if $DEV; then chmod 777 /a; fi", "chown 777 /a", "chmod", "install -m 755 a 777", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, worldWritable, tests)

	for line, mode := range map[string]string{
		"RUN chmod 777 /a": "755 instead of 777", "RUN chmod 0666 /a": "0644 instead of 0666", "RUN chmod -R a+w /a": "u+w instead of a+w", "COPY --chmod=757 a /a": "755 instead of 757",
	} {
		found := run(t, worldWritable, "FROM a:1\n"+line+"\n", dockerfile.Options{}).Findings
		if want := "Give it to the user that writes it, by chown or COPY --chown, and write " + mode; len(found) != 1 || found[0].Fix != want {
			t.Errorf("%q: found %+v", line, found)
		}
	}
}
