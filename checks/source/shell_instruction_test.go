package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestShellInstruction(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN rm /bin/sh && \\\n    ln -s /bin/bash /bin/sh\n", status: checks.Warn, finding: "3:5: ln makes bash the /bin/sh of the whole image"},
		"build stage":    {text: "FROM a:1 AS b\nRUN ln -s bash /bin/sh\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN ln -s bash /bin/sh\nFROM a:1\n", status: checks.Pass},
	}
	for _, line := range []string{"ln -sf bash /bin/sh", "ln -snf /usr/bin/bash /usr/bin/sh", "mv /bin/bash /bin/sh", "cp /bin/zsh /bin/sh", "sudo ln -sf /bin/bash /bin/sh", "ln --symbolic --force /bin/dash /bin/sh"} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{"ln -s /bin/busybox /bin/sh", "ln -s /bin/bash /usr/local/bin/bash", "ln -s bash /rootfs/bin/sh", "ln -s /bin/sh /bin/bash", "echo ln -s bash /bin/sh", "chsh -s /bin/bash app", "ln -s $SHELL /bin/sh"} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, shellInstruction, tests)

	for line, fix := range map[string]string{
		"ln -sf bash /bin/sh": `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] instead`,
		"ln -sf dash /bin/sh": `Write SHELL ["/bin/dash", "-c"] instead`,
	} {
		if found := run(t, shellInstruction, "FROM a:1\nRUN "+line+"\n", dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", line, found)
		}
	}
}
