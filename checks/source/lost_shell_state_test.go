package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestLostShellState(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN make && \\\n    export PATH=/opt/bin:$PATH\n", status: checks.Warn, finding: "3:5: export PATH has no effect"},
		"two":            {text: "FROM a:1\nRUN make; export A=1; export B=2\n", status: checks.Warn, finding: "2:11: export A has no effect"},
		"heredoc":        {text: "FROM a:1\nRUN <<EOF\nmake\nalias ll='ls -l'\nEOF\n", status: checks.Warn, finding: "4:1: alias"},
		"stage not used": {text: "FROM a:1 AS b\nRUN export A=1\nFROM a:1\n", status: checks.Pass},
		"CMD":            {text: "FROM a:1\nCMD export A=1\n", status: checks.Pass},
		"exec form":      {text: "FROM a:1\nRUN [\"export\", \"A=1\"]\n", status: checks.Pass},
		"PowerShell":     {text: "FROM a:1\nSHELL [\"pwsh\", \"-c\"]\nRUN export A=1\n", status: checks.Pass},
	}
	for line, what := range map[string]string{
		"export A=1": "export A", "export A": "export A", "A=1": "the assignment of A", "source /venv/bin/activate": "source /venv/bin/activate", ". ~/.bashrc": ". ~/.bashrc",
		"source $HOME/.cargo/env": "source $HOME/.cargo/env", "nvm use 20": "nvm use", ". $NVM_DIR/nvm.sh && nvm install 20 && nvm use 20": "nvm use", "conda activate a": "conda activate",
		"umask 002": "umask", "ulimit -n 65536": "ulimit", "set -o pipefail": "set -o pipefail", "echo a >> ~/.bashrc && source ~/.bashrc": "source ~/.bashrc", "declare -x A=1": "declare",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: " + what}
	}
	for _, line := range []string{
		"export A=1 && make", "export A=1; make", "A=1 make", "export A=1 && echo $A > /a", ". /venv/bin/activate && pip install a==1", ". ./install.sh", "source /opt/setup", "alias", "set -e; make",
		"(export A=1)", "make && A=$(make b)", "export A=$(make)", "echo export A=1 >> /etc/profile", "umask", "ulimit -n", "export -p > /a", "nvm install 20", "conda activate a && pip install b==1",
		"export A=1 || true", "if true; then export A=1; fi", "export $A",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, lostShellState, tests)

	for line, fix := range map[string]string{
		"export A=1":            "Write ENV A=value instead, or put it into the RUN that needs it",
		". /venv/bin/activate":  "Write ENV PATH=/venv/bin:$PATH instead",
		"conda activate a":      "Write ENV PATH with the directory of the version, or put it into the RUN that needs it",
		"source ~/.bashrc":      "Write ENV for the variables that it sets, or put it into the RUN that needs it",
		"set -euo pipefail":     `Write SHELL ["/bin/bash", "-euo", "pipefail", "-c"] with the options instead`,
		"alias ll='ls -l'":      "Write a script into /usr/local/bin instead",
		"ulimit -n 65536":       "Set it where the container is started, as in docker run --ulimit nofile=65536",
		"umask 002 && umask 22": "Write it into the RUN that needs it, or into the entrypoint",
	} {
		if found := run(t, lostShellState, "FROM a:1\nRUN "+line+"\n", dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", line, found)
		}
	}
}
