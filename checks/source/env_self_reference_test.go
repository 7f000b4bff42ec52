package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestEnvSelfReference(t *testing.T) {
	judgeAll(t, envSelfReference, map[string]judgement{
		"later":                     {text: "FROM a:1\nENV A=1 B=$A\n", status: checks.Warn, finding: "2: B uses A, which the same ENV sets: it gets what the base image has for A, or nothing"},
		"earlier":                   {text: "FROM a:1\nENV B=x${A}x A=1\n", status: checks.Warn, finding: "2: B uses A"},
		"third line":                {text: "FROM a:1\nENV A=1 \\\n    C=2 \\\n    B=\"$A\"\n", status: checks.Warn, finding: "4: B uses A"},
		"extended, then used":       {text: "FROM a:1\nENV PATH=/a:$PATH PATHS=$PATH\n", status: checks.Warn, finding: "2: PATHS uses PATH"},
		"other value before":        {text: "FROM a:1\nENV A=1\nENV A=2 B=$A\n", status: checks.Warn, finding: "3: B uses A, which the same ENV sets: it gets the value from before it"},
		"argument with default":     {text: "FROM a:1\nARG V=1\nENV V=2 U=x/$V\n", status: checks.Warn, finding: "3: U uses V"},
		"itself":                    {text: "FROM a:1\nENV PATH=/a:$PATH B=1\n", status: checks.Pass},
		"separate":                  {text: "FROM a:1\nENV A=1\nENV B=$A C=2\n", status: checks.Pass},
		"same value before":         {text: "FROM a:1\nENV A=1\nENV A=1 B=$A\n", status: checks.Pass},
		"argument":                  {text: "FROM a:1\nARG V\nENV V=$V U=x/$V\n", status: checks.Pass},
		"argument, given":           {text: "FROM a:1\nARG V\nENV V=${V:-1} U=x/$V\n", status: checks.Pass, options: dockerfile.Options{BuildArgs: map[string]string{"V": "1"}}},
		"argument, not known":       {text: "FROM a:1\nARG V\nENV V=${V:-1} U=x/$V\n", status: checks.Pass},
		"longer name":               {text: "FROM a:1\nENV A=1 B=$AB\n", status: checks.Pass},
		"single quotes":             {text: "FROM a:1\nENV A=1 B='$A'\n", status: checks.Pass},
		"escaped":                   {text: "FROM a:1\nENV A=1 B=\\$A\n", status: checks.Pass},
		"default for the unset":     {text: "FROM a:1\nENV A=1 B=${A:-1}\n", status: checks.Pass},
		"stage that is not used":    {text: "FROM a:1 AS x\nENV A=1 B=$A\nFROM a:1\n", status: checks.Pass},
		"legacy form, one pair":     {text: "FROM a:1\nENV A $A x\n", status: checks.Pass},
		"of the stage's base":       {text: "FROM a:1 AS x\nENV A=1\nFROM x\nENV A=1 B=$A\n", status: checks.Pass},
		"other of the stage's base": {text: "FROM a:1 AS x\nENV A=0\nFROM x\nENV A=1 B=$A\n", status: checks.Warn, finding: "4: B uses A"},
	})
	f := run(t, envSelfReference, "FROM a:1\nENV A=1 B=$A\n", dockerfile.Options{}).Findings[0]
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 9, EndLine: 2, EndColumn: 10}); f.Location != want {
		t.Errorf("finding at %+v, want %+v", f.Location, want)
	}
	if want := "Write ENV A=… as an instruction of its own, before this one."; f.Fix != want {
		t.Errorf("fix %q, want %q", f.Fix, want)
	}
}
