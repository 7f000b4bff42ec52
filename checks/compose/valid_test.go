package compose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

const services = "services:\n  app:\n    image: a:1.2.3\n"

func TestValid(t *testing.T) {
	judgeAll(t, valid, map[string]judgement{
		"no YAML":                       {"services:\n  app: image: a\n", []string{"HIGH compose.yaml:2:13: no YAML: mapping values are not allowed"}},
		"tab":                           {"services:\n\tapp:\n", []string{"HIGH compose.yaml:2:1: cannot start any token"}},
		"no end of a quote":             {services + "    command: \"a\n", []string{"HIGH compose.yaml:5:1: unexpected end of stream"}},
		"control character":             {"services:\n  a\x01:\n", []string{"HIGH compose.yaml:2:4: control characters"}},
		"latin-1":                       {"# caf\xe9\n" + services, []string{"HIGH compose.yaml:1: no text in UTF-8"}},
		"empty":                         {"# nothing yet\n", []string{"HIGH compose.yaml:1: the file is empty"}},
		"a list":                        {"- services\n", []string{"HIGH compose.yaml:1:1: has to be a mapping"}},
		"unknown key":                   {services + "    port: [80]\n", []string{"HIGH compose.yaml:4:5: services.app.port is no key"}},
		"unknown top-level key":         {"service:\n  app: {}\n", []string{"HIGH compose.yaml:1:1: service is no key"}},
		"version 1":                     {"web:\n  image: a\n", []string{"HIGH compose.yaml:1:1: web is no key"}},
		"wrong type":                    {services + "    ports: 80\n", []string{"HIGH compose.yaml:4:12: services.app.ports has to be a list"}},
		"wrong type, keys beside it":    {services + "    init: true\n    user: 1000\n    hostname: a\n", []string{"HIGH compose.yaml:5:11: services.app.user has to be a string"}},
		"unknown key, others beside it": {services + "    init: true\n    users: a\n    hostname: a\n", []string{"HIGH compose.yaml:5:5: services.app.users is no key"}},
		"one of several types":          {"services:\n  app:\n    build: 3\n", []string{"HIGH compose.yaml:3:12: services.app.build has to be a mapping or a string"}},
		"wrong value":                   {services + "    develop:\n      watch:\n        - {path: ., action: sink}\n", []string{"HIGH compose.yaml:6:29: services.app.develop.watch.0.action"}},
		"two at once: the deeper one":   {services + "    port: [80]\n    healthcheck:\n      tests: [CMD, a]\n", []string{"HIGH compose.yaml:6:7: services.app.healthcheck.tests is no key"}},
		"key twice":                     {services + "    image: b\n", []string{"HIGH compose.yaml:4:5: the key image is there a second time, after line 3"}},
		"unknown anchor":                {services + "    environment: *none\n", []string{"HIGH compose.yaml:4:18: unknown anchor"}},
		"dollar":                        {services + "    command: echo ${A B}\n", []string{"HIGH compose.yaml:4:14: dollar sign is written as $$"}},
		"alias in itself":               {"x-a: &a [*a]\n" + services, []string{"HIGH compose.yaml:1:10: the alias *a is in what it stands for"}},
		"merge of a text":               {services + "    <<: a\n", []string{"HIGH compose.yaml:4:5: what << merges is no mapping"}},
		"neither image nor build":       {"services:\n  app:\n    command: a\n", []string{"HIGH compose.yaml:2:3: service app has neither image nor build"}},
		"dependency":                    {services + "    depends_on: [db]\n", []string{"HIGH compose.yaml:4:18: service app depends on db, which is no service"}},
		"volume":                        {services + "    volumes: [\"data:/data\"]\n", []string{"HIGH compose.yaml:4:15: mounts the volume data"}},
		"network":                       {services + "    networks: [back]\n", []string{"HIGH compose.yaml:4:16: has back under networks"}},
		"network with settings":         {services + "    networks: {back: {aliases: [a]}}\n", []string{"HIGH compose.yaml:4:16: has back under networks"}},
		"secret":                        {services + "    secrets: [{source: key, target: key}]\n", []string{"HIGH compose.yaml:4:15: has key under secrets"}},
		"circle":                        {"services:\n  a: {image: \"a:1\", depends_on: [b]}\n  b: {image: \"b:1\", depends_on: [a]}\n", []string{"HIGH compose.yaml:3:34: services wait for each other: a → b → a"}},
		"extends":                       {services + "  b:\n    extends: {service: c}\n", []string{"HIGH compose.yaml:5:24: service b extends c, which compose.yaml does not have"}},
		"extends a file":                {services + "  b:\n    extends: {service: c, file: c.yaml}\n", []string{"HIGH compose.yaml:5:33: which the source does not have"}},
		"extends a directory":           {"-- compose.yaml --\n" + services + "  b:\n    extends: {service: c, file: web}\n-- web/a --\n", []string{"HIGH compose.yaml:5:33: web, which the source does not have"}},
		"extends itself":                {services + "  b:\n    image: b\n    extends: {service: b}\n", []string{"HIGH compose.yaml:6:14: service b extends itself"}},
		"includes":                      {"include: [other.yaml]\n" + services, []string{"HIGH compose.yaml:1:11: other.yaml is included"}},
		"broken for development":        {"-- compose.yaml --\n" + services + "-- compose.dev.yaml --\nservices: 3\n", []string{"MEDIUM compose.dev.yaml:1:11: services has to be a mapping"}},
		"each file on its own": {"-- compose.yaml --\nservices: 3\n-- compose.prod.yaml --\n" + services + "    port: 3\n", []string{
			"HIGH compose.prod.yaml:4:5: port", "HIGH compose.yaml:1:11: services has to be",
		}},
		"in a directory":        {"-- docker/compose.yaml --\nservices: 3\n-- other/compose.yaml --\nservices: 3\n", []string{"HIGH docker/compose.yaml:1:11: services"}},
		"what no file declares": {"-- compose.yaml --\n" + services + "-- compose.gpu.yaml --\n" + services + "    depends_on: [db]\n", []string{"HIGH compose.gpu.yaml:4:18: service app depends on db, which is no service"}},

		"plain":                            {text: services},
		"version":                          {text: "version: \"3.8\"\n" + services},
		"extension":                        {text: "x-a: {b: 1}\n" + services + "    x-c: 3\n"},
		"CRLF and byte-order mark":         {text: "\ufeff" + strings.ReplaceAll(services, "\n", "\r\n")},
		"several documents":                {text: services + "---\nservices:\n  app:\n    command: a\n"},
		"variables":                        {text: services + "    ports: [\"${PORT:-80}:80\"]\n    deploy: {replicas: \"${REPLICAS:-2}\"}\n    privileged: ${PRIVILEGED:-false}\n    healthcheck: {test: [CMD, a], interval: \"$INTERVAL\"}\n"},
		"variable that has to be a number": {text: services + "    user: a\n    oom_score_adj: $SCORE\n    mem_swappiness: \"${SWAP}\"\n    cpu_count: $CPUS\n    pids_limit: ${PIDS:-100}\n    init: ${INIT:-true}\n"},
		"dollar that is written":           {text: services + "    command: echo $$HOME $$(date)\n"},
		"merge":                            {text: "x-a: &a {restart: always}\nx-b: &b {init: true}\nservices:\n  app:\n    <<: [*a, *b]\n    image: a\n"},
		"environment without values":       {text: services + "    environment:\n      A:\n      B: 1\n      C: true\n      D: 1.5\n"},
		"provider":                         {text: "services:\n  db:\n    provider: {type: awesomecloud}\n"},
		"declared":                         {text: services + "    networks: [default, back]\n    volumes: [\"data:/data\", /cache, \".:/app\", \"$A:/b\"]\n    secrets: [key]\nnetworks: {back: {}}\nvolumes: {data: }\nsecrets: {key: {file: key}}\n"},
		"extends and includes": {text: "-- compose.yaml --\ninclude: [db/compose.yaml, {path: cache.yaml}]\nservices:\n  app:\n    extends: {file: common.yaml, service: base}\n    depends_on: [db, cache]\n" +
			"-- common.yaml --\nservices:\n  base:\n    build: .\n-- db/compose.yaml --\nservices: {db: {image: \"d:1\", volumes: [\"d:/d\"]}}\nvolumes: {d: {}}\n-- cache.yaml --\nservices: {cache: {image: c}}\n"},
		"includes of elsewhere":                   {text: "include: [\"https://example.com/a.git\", ../b.yaml, \"$C\"]\nservices:\n  app:\n    image: a\n    depends_on: [db]\n    networks: [back]\n"},
		"extends of elsewhere":                    {text: "services:\n  app:\n    extends: {file: ../a.yaml, service: a}\n"},
		"override without base":                   {text: "-- compose.override.yaml --\nservices:\n  app:\n    depends_on: [db]\n    volumes: [\"a:/a\"]\n"},
		"laid over":                               {text: "-- compose.yaml --\n" + services + "  db:\n    image: d:1\nvolumes: {a: {}}\n-- compose.override.yaml --\nservices:\n  app:\n    depends_on: [db]\n    volumes: [\"a:/a\"]\n"},
		"laid over, going by its dependency":      {text: "-- compose.yaml --\n" + services + "  db:\n    image: d:1\nnetworks: {back: }\nvolumes: {data: }\n-- compose.gpu.yaml --\nservices:\n  app:\n    image: b:1\n    depends_on: [db]\n"},
		"laid over, going by its long dependency": {text: "-- compose.yaml --\n" + services + "  db:\n    image: d:1\nnetworks: {back: }\nvolumes: {data: }\n-- compose.gpu.yaml --\nservices:\n  app:\n    image: b:1\n    depends_on: {db: {condition: service_healthy}}\n"},
		"laid over, going by its network":         {text: "-- compose.yaml --\n" + services + "  db:\n    image: d:1\nnetworks: {back: }\nvolumes: {data: }\n-- compose.gpu.yaml --\nservices:\n  app:\n    image: b:1\n    networks: [back]\n"},
		"laid over, going by its volume":          {text: "-- compose.yaml --\n" + services + "  db:\n    image: d:1\nnetworks: {back: }\nvolumes: {data: }\n-- compose.gpu.yaml --\nservices:\n  app:\n    image: b:1\n    volumes: [\"data:/data\"]\n"},
		"reset":                                   {text: "-- compose.yaml --\n" + services + "    ports: [\"80:80\"]\n    depends_on: [db]\n  db:\n    image: d:1\n-- compose.override.yaml --\nservices:\n  app:\n    ports: !reset []\n    depends_on: !override []\n  db: !reset\n"},
		"no Compose file":                         {text: "-- compose.yaml --\n" + services + "-- composer.yaml --\n{{\n-- docker-compose.yml.j2 --\n{{ a }}\n"},
	})
}

// TestBounds wants files that grow without bound to be findings, soon.
func TestBounds(t *testing.T) {
	laughs := "x-a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for i := range 20 {
		laughs += fmt.Sprintf("x-a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	for name, test := range map[string]struct{ text, want string }{
		"aliases of aliases": {laughs + services, "more than 20000 values"},
		"merges of merges":   {mergedLaughs() + services, "more than 20000 values"},
		"deep":               {"x-a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n" + services, "nested deeper"},
		"deeper":             {"x-a: " + strings.Repeat("[", 100_000) + "\n", "no YAML"},
		"large":              {services + strings.Repeat("# a\n", MaxFileSize/4), "larger than"},
		"extends in a ring":  {"services:\n" + ring("extends: {service: s%d}", 20), "extends itself"},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, valid, test.text)
			if res.Status != checks.Fail || !strings.Contains(res.Findings[0].Message, test.want) {
				t.Errorf("%s %.300v, want %s", res.Status, res.Findings, test.want)
			}
		})
	}
}

func mergedLaughs() string {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "x-m%d: &m%d {", i, i)
		for j := range 200 {
			fmt.Fprintf(&b, "k%d-%d: 1, ", i, j)
		}
		if i > 0 {
			fmt.Fprintf(&b, "<<: *m%d", i-1)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func ring(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  s%d:\n    "+format+"\n", i, (i+1)%n)
	}
	return b.String()
}

func TestIncludesEachOther(t *testing.T) {
	text := "-- compose.yaml --\ninclude: [a.yaml, b.yaml]\n" + services + "-- a.yaml --\ninclude: [b.yaml, compose.yaml]\nservices: {a: {image: a}}\n-- b.yaml --\ninclude: [a.yaml]\nservices: {b: {image: b}}\n"
	p, err := Load(example(t, text), dockerfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Stacks[0]; len(s.Services) != 3 || !s.Partial {
		t.Errorf("%d services, partial %v", len(s.Services), s.Partial)
	}
}

// TestLarge wants the largest files that are judged to take a moment: less than a
// second, and no more than the limit on a busy machine.
func TestLarge(t *testing.T) {
	var ports, items, all strings.Builder
	for i := range 4500 {
		fmt.Fprintf(&ports, "  s%d: {image: postgres, ports: [\"%d\"]}\n", i, i)
		fmt.Fprintf(&all, "  s%d: {image: postgres, depends_on: [s%d]}\n", i, i+1)
	}
	for i := range MaxNodes - 100 {
		fmt.Fprintf(&items, "      - /a%d\n", i)
	}
	for name, text := range map[string]string{
		"services":     "services:\n" + ports.String()[:strings.LastIndex(ports.String()[:120_000], "\n")] + "\n",
		"dependencies": "services:\n" + all.String()[:strings.LastIndex(all.String()[:100_000], "\n")] + "\n",
		"volumes":      services + "    volumes:\n" + items.String(),
		"one line":     "services: {" + strings.Repeat("\"\": 1, ", MaxFileSize/10) + "}",
		"long line":    services + "    volumes: [" + strings.Repeat("/a, ", MaxNodes-100) + "]\n",
		"ports":        services + "    ports:\n" + strings.ReplaceAll(items.String(), "/a", ""),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			for _, res := range Run(All(), example(t, text), dockerfile.Options{}) {
				if res.Status == checks.Error {
					t.Error(res.Detail)
				}
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
