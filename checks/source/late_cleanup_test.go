package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestLateCleanup(t *testing.T) {
	const apt = "FROM a:1\nRUN apt-get update && apt-get install -y gcc x\n"
	judgeAll(t, lateCleanup, map[string]judgement{
		"lists":              {text: apt + "RUN true && \\\n  rm -rf /var/lib/apt/lists/* /tmp/*\n", status: checks.Warn, finding: "4:3: rm removes the package lists too late: the layer of line 2 keeps them"},
		"update alone":       {text: "FROM a:1\nRUN apt-get update\nRUN apt-get install -y x && rm -rf /var/lib/apt/lists/*\n", status: checks.Pass}, // apt-update-alone
		"update, base stage": {text: "FROM a:1 AS b\nRUN apt-get update\nFROM b\nRUN apt-get install -y x && rm -rf /var/lib/apt/lists/*\n", status: checks.Pass},
		"two installs":       {text: apt + "RUN apt-get install -y y\nRUN rm -rf /var/lib/apt/lists/*\n", status: checks.Pass},
		"files installed":    {text: "FROM a:1\nRUN apt-get update\nRUN apt-get install -y ./x.deb && rm -rf /var/lib/apt/lists/*\n", status: checks.Warn, finding: "3:35: the layer of line 2"},
		"lists, base stage":  {text: "FROM a:1 AS b\nRUN apt-get update && apt-get install -y x\nFROM b\nRUN rm -rf /var/lib/apt/lists/*\n", status: checks.Warn, finding: "4:5: line 2"},
		"lists, distclean":   {text: apt + "RUN apt-get distclean\n", status: checks.Warn, finding: "3:5: apt-get removes the package lists"},
		"apk":                {text: "FROM a:1\nRUN apk add x\nRUN rm -rf /var/cache/apk/*\n", status: checks.Warn, finding: "3:5: "},
		"dnf":                {text: "FROM a:1\nRUN dnf install -y x\nRUN dnf clean all && rm -rf /var/cache/dnf\n", status: checks.Warn, finding: "3:5: dnf removes the cache of dnf too late: the layer of line 2 keeps it"},
		"pip":                {text: "FROM a:1\nRUN pip install x\nRUN rm -rf /root/.cache\n", status: checks.Warn, finding: "3:5: rm removes the cache of pip"},
		"npm":                {text: "FROM a:1\nRUN npm ci\nCOPY . .\nRUN npm cache clean --force\n", status: checks.Warn, finding: "4:5: npm removes the cache of npm"},
		"package":            {text: apt + "RUN make\nRUN apt-get purge -y --auto-remove gcc\n", status: checks.Warn, finding: "4:5: apt-get removes the package gcc too late: the layer of line 2 keeps it"},
		"virtual package":    {text: "FROM a:1\nRUN apk add --no-cache -t .deps gcc\nRUN make\nRUN apk del .deps\n", status: checks.Warn, finding: "4:5: apk removes the package .deps"},
		"modules":            {text: "FROM a:1\nRUN npm ci && npm cache clean --force\nRUN npm run build\nRUN npm prune --omit=dev\n", status: checks.Warn, finding: "4:5: npm removes the development dependencies too late: the layer of line 2 keeps them"},
		"modules, ENV":       {text: "FROM a:1\nRUN npm ci && npm cache clean --force\nENV NODE_ENV=production\nRUN npm prune\n", status: checks.Warn, finding: "4:5: "},
		"download":           {text: "FROM a:1\nRUN curl -fsSLo /tmp/a.tgz https://a.b/a.tgz\nRUN tar -xf /tmp/a.tgz && rm /tmp/a.tgz\n", status: checks.Warn, finding: "3:27: rm removes /tmp/a.tgz too late: the layer of line 2 keeps it"},
		"download, relative": {text: "FROM a:1\nWORKDIR /opt\nRUN wget https://a.b/a.tgz\nRUN tar -xf a.tgz; rm a.tgz\n", status: checks.Warn, finding: "4:20: rm removes /opt/a.tgz"},
		"download, pattern":  {text: "FROM a:1\nRUN curl -fsSLo /tmp/a.tgz https://a.b/a.tgz\nRUN rm -rf /tmp/*.tgz\n", status: checks.Warn, finding: "3: "},
		"ADD":                {text: "FROM a:1\nADD https://a.b/a.tgz /tmp/\nRUN tar -xf /tmp/a.tgz && rm /tmp/a.tgz\n", status: checks.Warn, finding: "3: rm removes https://a.b/a.tgz too late: the layer of line 2"},
		"same RUN":           {text: apt[:len(apt)-1] + " && make && apt-get purge -y gcc && rm -rf /var/lib/apt/lists/*\n", status: checks.Pass},
		"its own lists":      {text: apt + "RUN apt-get update && apt-get install -y y && rm -rf /var/lib/apt/lists/*\n", status: checks.Pass}, // package-lists
		"its own cache":      {text: "FROM a:1\nRUN dnf install -y x\nRUN dnf install -y y && dnf clean all\n", status: checks.Pass},
		"of the base":        {text: "FROM a:1\nRUN rm -rf /var/lib/apt/lists/* && apt-get clean && apt-get purge -y gcc\n", status: checks.Pass},
		"package of base":    {text: apt + "RUN apt-get purge -y perl\n", status: checks.Pass},
		"build stage":        {text: "FROM a:1 AS b\nRUN apt-get update && apt-get install -y x\nRUN rm -rf /var/lib/apt/lists/*\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"two stages":         {text: "FROM a:1 AS b\nRUN apt-get update && apt-get install -y x\nFROM a:1\nCOPY --from=b /x /x\nRUN rm -rf /var/lib/apt/lists/*\n", status: checks.Pass},
		"mounted":            {text: "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y x\nRUN rm -rf /var/lib/apt/lists\n", status: checks.Pass},
		"download mounted":   {text: "FROM a:1\nRUN --mount=type=tmpfs,target=/tmp curl -fsSLo /tmp/a.tgz https://a.b/a.tgz\nRUN rm -rf /tmp/*\n", status: checks.Pass},
		"download removed":   {text: "FROM a:1\nRUN curl -fsSLo /tmp/a.tgz https://a.b/a.tgz && tar -xf /tmp/a.tgz && rm /tmp/a.tgz\nRUN rm -rf /tmp/*\n", status: checks.Pass},
		"download elsewhere": {text: "FROM a:1\nRUN cd /x && curl -fsSLO https://a.b/a.tgz\nRUN rm -f a.tgz\n", status: checks.Pass},
		"download unknown":   {text: "FROM a:1\nRUN curl -fsSLo $F https://a.b/a.tgz\nRUN rm -f $F\n", status: checks.Pass},
		"another file":       {text: "FROM a:1\nRUN curl -fsSLo /usr/bin/x https://a.b/x\nRUN rm -rf /tmp/* /usr/bin/y\n", status: checks.Pass},
		"some of it":         {text: "FROM a:1\nRUN pip install x\nRUN find /root -name '*.pyc' -delete\n", status: checks.Pass},
		"unknown":            {text: apt + "RUN rm -rf $X\n", status: checks.Pass},
		"after cd":           {text: "FROM a:1\nWORKDIR /opt\nRUN wget https://a.b/a.tgz\nRUN cd /x; rm a.tgz\n", status: checks.Pass},
		"modules of prod":    {text: "FROM a:1\nRUN npm ci --omit=dev && npm cache clean --force\nRUN npm prune --omit=dev\n", status: checks.Pass},
		"modules in one":     {text: "FROM a:1\nRUN npm ci && npm run build && npm prune --omit=dev && npm cache clean --force\n", status: checks.Pass},
		"virtual removed":    {text: "FROM a:1\nRUN apk add --no-cache --virtual .d icu-dev g++ && docker-php-ext-install intl && apk del .d\nRUN apk add --no-cache g++ make && pecl install redis-6.1.0 && apk del g++ make\n", status: checks.Pass},
		"virtual, later":     {text: "FROM a:1\nRUN apk add --no-cache --virtual .d x && x && apk del .d\nRUN apk del x\n", status: checks.Pass},
		"marked as auto":     {text: "FROM a:1\nRUN saved=\"$(apt-mark showmanual)\" && apt-get install -y gcc && apt-mark auto '.*' && apt-mark manual $saved && apt-get purge -y --auto-remove\nRUN apt-get purge -y gcc\n", status: checks.Pass},
		"its own package":    {text: apt + "RUN apt-get install -y gcc && make && apt-get purge -y gcc\n", status: checks.Pass},
		"removed by rpm":     {text: "FROM a:1\nRUN dnf install -y gcc && rpm -e gcc && dnf clean all\nRUN dnf remove -y gcc\n", status: checks.Pass},
		"not marked":         {text: "FROM a:1\nRUN apt-get install -y gcc && apt-get autoremove -y\nRUN apt-get purge -y gcc\n", status: checks.Warn, finding: "3:5: the package gcc"},
		"built in one stage": {text: "FROM node:22\nCOPY package.json .\nRUN npm ci && npm cache clean --force\nCOPY . .\nRUN npm run build && npm prune --omit=dev\nCMD [\"node\", \"x\"]\n", status: checks.Pass}, // multi-stage
		"tools, one stage":   {text: "FROM alpine:3\nRUN apk add --no-cache gcc\nCOPY . .\nRUN make\nRUN apk del gcc\nCMD [\"/x\"]\n", status: checks.Pass},
		"build tools":        {text: "FROM golang:1 AS b\nRUN go build -o /x\nFROM alpine:3\nRUN apk add --no-cache gcc\nCOPY --from=b /x /x\nRUN apk del gcc\nCMD [\"/x\"]\n", status: checks.Pass}, // build-tools
		"build tools, group": {text: "FROM golang:1 AS b\nRUN go build -o /x\nFROM alpine:3\nRUN apk add --no-cache -t .d gcc\nCOPY --from=b /x /x\nRUN apk del .d\nCMD [\"/x\"]\n", status: checks.Pass},
		"beside build tools": {text: "FROM golang:1 AS b\nRUN go build -o /x\nFROM alpine:3\nRUN apk add --no-cache gcc curl\nCOPY --from=b /x /x\nRUN apk del gcc curl\nCMD [\"/x\"]\n", status: checks.Warn, finding: "6:5: the package curl"},
		"copied":             {text: "FROM a:1\nCOPY a /tmp/a\nRUN rm /tmp/a\n", status: checks.Pass}, // removed-copy
	})
	// One removal of several packages of one RUN is one finding.
	text := "FROM a:1\nRUN apk add --no-cache gcc make\nRUN apk del gcc make\n"
	if f := run(t, lateCleanup, text, dockerfile.Options{}).Findings; len(f) != 1 || f[0].Fix != "Move it to the end of the RUN of line 2" {
		t.Errorf("%+v", f)
	}
}

// TestLateCleanupFix wants what it says to be done not to break the build.
func TestLateCleanupFix(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a:1\nRUN apt-get update\nRUN apt-get install -y x\nRUN rm -rf /var/lib/apt/lists/*\n":              "Move it to the end of the RUN of line 3",
		"FROM a:1\nRUN apt-get update && apt-get install -y x\nRUN make\nRUN rm -rf /var/lib/apt/lists/*\n":      "Move it to the end of the RUN of line 2",
		"FROM a:1\nRUN npm ci && npm cache clean --force\nRUN x\nRUN npm prune --omit=dev\n":                     "Install and build in a stage of its own, run npm prune --omit=dev there, and take the result by COPY --from",
		"FROM a:1 AS b\nRUN apt-get update\nFROM b\nRUN apt-get install -y x\nRUN rm -rf /var/lib/apt/lists/*\n": "Move it to the end of the RUN of line 4",
	} {
		if f := run(t, lateCleanup, text, dockerfile.Options{}).Findings; len(f) != 1 || f[0].Fix != want {
			t.Errorf("%s: %+v, want %s", text, f, want)
		}
	}
}

// TestLateCleanupReportsOnce wants what is removed too late to be no finding of the
// checks of lists and caches, too.
func TestLateCleanupReportsOnce(t *testing.T) {
	text := "FROM a:1\nRUN apt-get update && apt-get install -y x\nRUN pip install y\nRUN rm -rf /var/lib/apt/lists/* /root/.cache\n"
	s := load(t, text, dockerfile.Options{})
	for _, res := range checks.Run([]Check{packageLists, packageCache, lateCleanup}, s) {
		if want := map[string]int{lateCleanup.ID: 2}[res.Check]; len(res.Findings) != want {
			t.Errorf("%s: %+v, want %d", res.Check, res.Findings, want)
		}
	}
}
