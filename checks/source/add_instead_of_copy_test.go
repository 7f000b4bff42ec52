package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestAddInsteadOfCopy(t *testing.T) {
	judgeAll(t, addInsteadOfCopy, map[string]judgement{
		"directory":      {text: "FROM a:1\nADD src /src\n", status: checks.Warn, finding: "2:1: ADD of src does no more than COPY"},
		"context":        {text: "FROM a:1\nADD . /app\n", status: checks.Warn, finding: "2:1: "},
		"all of it":      {text: "FROM a:1\nADD * /app/\n", status: checks.Warn, finding: "2:1: "},
		"JSON":           {text: "FROM a:1\nADD [\"a b.txt\", \"/x/\"]\n", status: checks.Warn, finding: "2:1: a b.txt"},
		"pattern":        {text: "FROM a:1\nADD *.json /app/\n", status: checks.Warn, finding: "2:1: "},
		"here document":  {text: "FROM a:1\nADD <<EOF /x\na\nEOF\n", status: checks.Warn, finding: "2:1: here document"},
		"archive":        {text: "FROM a:1\nADD rootfs.tar.xz /\nADD a.tgz b.tar.zst /x/\n", status: checks.Pass},
		"and archive":    {text: "FROM a:1\nADD a.txt b.tar /x/\n", status: checks.Pass},
		"may be archive": {text: "FROM a:1\nADD dist/app-* /x/\nADD dist/*.tar.* /x/\n", status: checks.Pass},
		"URL":            {text: "FROM a:1\nADD https://a.b/c /c\nADD git@github.com:a/b.git /b\n", status: checks.Pass},
		"unknown":        {text: "FROM a:1\nARG SRC\nADD $SRC /c\n", status: checks.Pass},
		"unpack":         {text: "FROM a:1\nADD --unpack=true a.bin /c\n", status: checks.Pass},
		"COPY":           {text: "FROM a:1\nCOPY . .\n", status: checks.Pass},
		"stage not used": {text: "FROM a:1 AS b\nADD . .\nFROM a:1\n", status: checks.Pass},
	})
}
