package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestPackageLists(t *testing.T) {
	tests := map[string]judgement{
		"columns":           {text: "FROM a:1\nRUN set -e; \\\n    apt-get update -q && apt-get install -y x\n", status: checks.Warn, finding: "3:5: apt-get update leaves the package lists in the layer: the RUN does not remove /var/lib/apt/lists"},
		"apk":               {text: "FROM a:1\nRUN apk add curl\n", status: checks.Warn, finding: "2:5: apk add leaves the package lists in the layer: the RUN does not remove /var/cache/apk"},
		"apk in a base":     {text: "FROM a:1 AS b\nRUN apk update && apk add curl\nFROM b\n", status: checks.Warn, finding: "2:5: apk update"},
		"in a condition":    {text: "FROM a:1\nRUN if [ -n \"$X\" ]; then apt-get update && apt-get install -y x; fi\n", status: checks.Warn, finding: "2:26: "},
		"through sh":        {text: "FROM a:1\nRUN [\"sh\", \"-c\", \"apt-get update && apt-get install -y x\"]\n", status: checks.Warn},
		"exec form":         {text: "FROM a:1\nRUN [\"apk\", \"add\", \"x\"]\n", status: checks.Warn, finding: "2:1: "},
		"heredoc":           {text: "FROM a:1\nRUN <<EOF\napt-get update\napt-get install -y x\nEOF\n", status: checks.Warn, finding: "3:1: "},
		"removed before":    {text: "FROM a:1\nRUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y x\n", status: checks.Warn, finding: "2:36: "},
		"other mount":       {text: "FROM a:1\nRUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y x\n", status: checks.Warn},
		"temporary":         {text: "FROM a:1\nRUN d=$(mktemp -d) && apt-get update && apt-get install -y x && rm -rf \"$d\"\n", status: checks.Warn},
		"a trigger":         {text: "FROM a:1 AS b\nONBUILD RUN apk add x\nFROM b\n", status: checks.Warn, finding: "2: "},
		"build stage":       {text: "FROM a:1 AS b\nRUN apt-get update && apt-get install -y x\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"stage not used":    {text: "FROM a:1 AS b\nRUN apk add x\nFROM a:1\n", status: checks.Pass},
		"trigger of others": {text: "FROM a:1\nONBUILD RUN apk add x\n", status: checks.Pass},
		"removed later":     {text: "FROM a:1\nRUN apt-get update && apt-get install -y x\nRUN rm -rf /var/lib/apt/lists/*\n", status: checks.Pass}, // late-cleanup
		"windows":           {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN apk add x\n", status: checks.Pass},
		"powershell":        {text: "FROM a:1\nSHELL [\"pwsh\", \"-Command\"]\nRUN apk add x\n", status: checks.Pass},
		"heredoc removes":   {text: "FROM a:1\nRUN <<EOF\napt-get update\napt-get install -y x\nrm -rf /var/lib/apt/lists/*\nEOF\n", status: checks.Pass},
		"cache mount":       {text: "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y x\n", status: checks.Pass},
		"tmpfs":             {text: "FROM a:1\nRUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get update && apt-get install -y x\n", status: checks.Pass},
		"mount of ARG":      {text: "FROM a:1\nARG L=/var/lib\nRUN --mount=type=cache,target=${L}/apt apt-get update && apt-get install -y x\n", status: checks.Pass},
		"unknown mount":     {text: "FROM a:1\nARG L\nRUN --mount=type=cache,target=${L}/apt apt-get update && apt-get install -y x\n", status: checks.Pass},
		"apk cache mount":   {text: "FROM a:1\nRUN --mount=type=cache,target=/etc/apk/cache apk add x\n", status: checks.Pass},
		"variable":          {text: "FROM a:1\nENV LISTS=/var/lib/apt/lists\nRUN apt-get update && apt-get install -y x && rm -rf $LISTS/*\n", status: checks.Pass},
		"shell variable":    {text: "FROM a:1\nRUN l=/var/lib/apt/lists; apt-get update && apt-get install -y x && rm -rf \"${l:?}\"/*\n", status: checks.Pass},
		"after cd":          {text: "FROM a:1\nRUN apt-get update && apt-get install -y x && cd /var/lib/apt && rm -rf lists\n", status: checks.Pass},
		"trap":              {text: "FROM a:1\nRUN trap 'rm -rf /var/lib/apt/lists/*' EXIT; apt-get update && apt-get install -y x\n", status: checks.Pass},
		"function":          {text: "FROM a:1\nRUN clean() { rm -rf /var/lib/apt/lists/*; }; apt-get update && apt-get install -y x; clean\n", status: checks.Pass},
	}
	const install = "apt-get update && apt-get install -y x"
	for _, end := range []string{"apt-get clean", "apt-get autoclean && rm -rf /tmp/*", "rm -rf /var/cache/apt/*", "rm -rf /var/lib/apt/listsx", "find / -name '*.pyc' -delete", "echo rm -rf /var/lib/apt/lists", "find /var/lib/apt/lists -type f"} {
		tests["left by "+end] = judgement{text: "FROM a:1\nRUN " + install + " && " + end + "\n", status: checks.Warn, finding: "2:5: "}
	}
	for _, end := range []string{
		"rm -rf /var/lib/apt/lists/*", "rm -rf /var/lib/apt/lists", "rm -r /tmp/* /var/lib/apt/lists/* || true", "rm -rf /var/lib/apt/", "rm -rf /var/lib/apt/*",
		"sudo rm -rf /var/lib/apt/lists/*", "rm -rf /var/lib/{apt,dpkg/info}/lists", "rm -rf /var/{lib/{apt,x},cache}/*", "rm -rf /var/lib/a*/lists/*", "apt-get clean; rm -fr -- \"/var/lib/apt/lists/\"*",
		"find /var/lib/apt/lists -type f -delete", "find /var/lib/apt/lists -mindepth 1 -name '*' -exec rm -rf {} +", "find /var/lib/apt/lists -type f | xargs rm -f", "bash -c 'rm -rf /var/lib/apt/lists/*'",
		"apt-get distclean", "rm -rf /mnt/root/var/lib/apt/lists/*", "rm -rf $FROM_BASE_IMAGE/*", "/scripts/cleanup.sh", "if [ -z \"$KEEP\" ]; then rm -rf /var/lib/apt/lists/*; fi", "cd / && rm -rf /var/lib/apt/lists/*",
	} {
		tests["removed by "+end] = judgement{text: "FROM a:1\nRUN " + install + " && " + end + "\n", status: checks.Pass}
	}
	for _, line := range []string{
		"apt-get install -y x", "apt-get -o Dir::State::lists=/tmp/l update", "apt-get install -y ./x.deb", "apk add --no-cache x", "apk --no-cache add x", "apk add x && rm -rf /var/cache/apk/*", "apk -U add x && rm -rf /var/cache/*",
		"apk del x", "apk info", "apk add --no-network ./x.apk", "apk add --allow-untrusted /tmp/x.apk", "yum makecache", "echo apt-get update", "apt-cache policy x", "true", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, packageLists, tests)
}

func TestPackageListsOfEachRun(t *testing.T) {
	text := "FROM a:1\nRUN apk update && apk add x && apk add y\nRUN apk add z\n"
	if f := run(t, packageLists, text, dockerfile.Options{}).Findings; len(f) != 2 || f[1].Location.Line != 3 {
		t.Errorf("%+v", f)
	}
}
