package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestLabels(t *testing.T) {
	all := "LABEL"
	for _, name := range wantedLabels {
		all += " " + ociLabel + name + "=1"
	}
	judgeAll(t, labels, map[string]judgement{
		"none":                    {text: "FROM a:1\n", status: checks.Warn, finding: "1: the image has no label org.opencontainers.image.title, org.opencontainers.image.source, org.opencontainers.image.version, org.opencontainers.image.revision, org.opencontainers.image.licenses"},
		"one is missing":          {text: "FROM a:1\n" + strings.Replace(all, "revision", "vendor", 1) + "\n", status: checks.Warn, finding: "1: the image has no label org.opencontainers.image.revision"},
		"in a stage copied from":  {text: "FROM a:1 AS b\n" + all + "\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "3: "},
		"all":                     {text: "FROM a:1\n" + all + "\n", status: checks.Pass},
		"in several instructions": {text: "FROM a:1\n" + strings.ReplaceAll(all, " ", "\nLABEL ")[len("LABEL\n"):] + "\n", status: checks.Pass},
		"quoted keys":             {text: "FROM a:1\n" + strings.ReplaceAll(strings.ReplaceAll(all, " ", ` "`), "=", `"=`) + "\n", status: checks.Pass},
		"of the stage's base":     {text: "FROM a:1 AS b\n" + all + "\nFROM b\n", status: checks.Pass},
		"by an argument":          {text: "FROM a:1\nARG V\n" + strings.ReplaceAll(all, "=1", "=$V") + "\n", status: checks.Pass},
	})
}
