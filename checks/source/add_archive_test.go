package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestAddArchive(t *testing.T) {
	const copied = "FROM a:1\nCOPY a.tar.gz /tmp/\n"
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\n  COPY dir/a.tgz /tmp/\nRUN make && \\\n  tar xzf /tmp/a.tgz -C /opt\n", status: checks.Warn, finding: "2:3: COPY leaves a.tgz in a layer of its own, and line 4 unpacks it: ADD does both"},
		"renamed":        {text: "FROM a:1\nCOPY a.tar.gz /tmp/b.tar\nRUN tar -xf /tmp/b.tar\nWORKDIR /x\n", status: checks.Pass}, // where to is not known
		"renamed, known": {text: "FROM a:1\nWORKDIR /x\nCOPY a.tar.gz /tmp/b.tar\nRUN tar -xf /tmp/b.tar\n", status: checks.Warn, finding: "3:1: COPY leaves b.tar"},
		"relative":       {text: "FROM a:1\nWORKDIR /x\nCOPY a.tar.xz .\nRUN tar xJf a.tar.xz && rm a.tar.xz\n", status: checks.Warn},
		"directory":      {text: "FROM a:1\nCOPY a.tar.xz /tmp\nRUN tar xf /tmp/a.tar.xz -C /\n", status: checks.Warn},
		"base stage":     {text: "FROM a:1 AS b\nCOPY a.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\nFROM b\n", status: checks.Warn},
		"build stage":    {text: "FROM a:1 AS b\nCOPY a.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\nFROM a:1\nCOPY --from=b /opt /opt\n", status: checks.Pass},
		"of a stage":     {text: "FROM a:1\nCOPY --from=b:1 /a.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\n", status: checks.Pass},
		"chown":          {text: "FROM a:1\nCOPY --chown=1 a.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\n", status: checks.Pass},
		"several":        {text: "FROM a:1\nCOPY a.tar b.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\n", status: checks.Pass},
		"pattern":        {text: "FROM a:1\nCOPY *.tar /tmp/\nRUN tar xf /tmp/a.tar -C /opt\n", status: checks.Pass},
		"zip":            {text: "FROM a:1\nCOPY a.zip /tmp/\nRUN unzip /tmp/a.zip -d /opt\n", status: checks.Pass},
		"ADD":            {text: "FROM a:1\nADD a.tar /opt/\nRUN tar xf /opt/b.tar -C /opt\n", status: checks.Pass},
	}
	for _, line := range []string{"tar -xzf /tmp/a.tar.gz -C /opt", "tar xf /tmp/a.tar.gz -C /opt", "tar -C /opt -xvf /tmp/a.tar.gz", "tar --extract --gzip --file=/tmp/a.tar.gz --directory=/opt", "tar -x -z -f /tmp/a.tar.gz -C /opt && rm /tmp/a.tar.gz"} {
		tests[line] = judgement{text: copied + "RUN " + line + "\n", status: checks.Warn, finding: "2:1: "}
	}
	for _, line := range []string{
		"tar xzf /tmp/a.tar.gz -C /opt --strip-components=1", "tar xzf /tmp/a.tar.gz -C /opt a/b", "sha256sum -c a.sum && tar xzf /tmp/a.tar.gz -C /opt", "tar tzf /tmp/a.tar.gz", "tar xzf /tmp/b.tar.gz -C /opt", "cd /opt && tar xzf /tmp/a.tar.gz", "tar xzOf /tmp/a.tar.gz",
		"tar xzf /tmp/a.tar.gz -C $D", "if $A; then tar xzf /tmp/a.tar.gz -C /opt; fi", "tar xzf /tmp/a.tar.gz --no-same-owner -C /opt", "cat /tmp/a.tar.gz | tar xz -C /opt", "tar xzf /tmp/a.tar.gz", "sudo -u app tar xzf /tmp/a.tar.gz -C /opt", "tar", "tar xzf",
	} {
		tests["fine: "+line] = judgement{text: copied + "RUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, addArchive, tests)

	found := run(t, addArchive, copied+"RUN tar xf /tmp/a.tar.gz -C /\n", dockerfile.Options{}).Findings
	if len(found) != 1 || found[0].Fix != "Write ADD a.tar.gz / instead, and leave tar out" {
		t.Errorf("found %+v", found)
	}
}
