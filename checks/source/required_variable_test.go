package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestRequiredVariable(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing documented": {"-- Dockerfile --\nFROM a:1\nENV DATABASE_URL=x\n-- .env.example --\n", nil},
		"no example file":    {"FROM a:1\n# Required: DATABASE_URL, JWT_SECRET\n", nil},
		"default": {"FROM a:1\nENV PORT=1 \\\n    DATABASE_URL=postgres://db/app\n# Required: DATABASE_URL\n",
			[]string{"Dockerfile:3:5: ENV gives DATABASE_URL a value, which line 4 documents as required: that it is not set shows nowhere"}},
		"default of a base stage": {"FROM a:1 AS b\nENV A_URL=b\nFROM b\nLABEL io.imagegate.required=A_URL\n",
			[]string{"Dockerfile:2:5: ENV gives A_URL a value, which line 4 documents as required: that it is not set shows nowhere"}},
		"default in another stage": {"FROM a:1 AS b\nENV A_URL=b\nFROM a:1\n# Required: A_URL\n", nil},
		"empty":                    {"FROM a:1\nENV A_URL=\n# Required: A_URL\n", nil},
		"not known":                {"FROM a:1\nARG A_URL\nENV A_URL=$A_URL\n# Required: A_URL\n", nil},
		"left to source/secret":    {"FROM a:1\nENV JWT_SECRET=c0rrecthorse DATABASE_URL=postgres://a:c0rrecthorse@b/c\n# Required: JWT_SECRET, DATABASE_URL\n", nil},
		"secret's file": {"FROM a:1\nENV JWT_SECRET=/run/secrets/jwt\n# Required: JWT_SECRET\n",
			[]string{"Dockerfile:2:5: ENV gives JWT_SECRET a value, which line 3 documents as required: that it is not set shows nowhere"}},
		"in the example": {"-- Dockerfile --\nFROM a:1\n# Required: A_URL, B_URL, C_URL\n-- .env.example --\nA_URL=\nexport B_URL=x\n# C_URL=\n", nil},
		"not in the example": {"-- Dockerfile --\nFROM a:1\n# Required: A_URL, B_URL\n-- .env.example --\nA_URL=\nB_URL_OLD=\n",
			[]string{"Dockerfile:2:20: B_URL is required, and .env.example does not have it"}},
		"in one of several": {"-- Dockerfile --\nFROM a:1\n# Required: A_URL, B_URL, C_URL\n-- .env.sample --\nA_URL=\n-- compose.yaml --\nservices: {app: {environment: [B_URL]}}\n",
			[]string{"Dockerfile:2:27: C_URL is required, and .env.sample does not have it"}},
		"compose alone": {"-- Dockerfile --\nFROM a:1\n# Required: A_URL\n-- compose.yaml --\nservices: {}\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range run(t, requiredVariable, test.text, dockerfile.Options{}).Findings {
				got = append(got, f.Location.String()+": "+f.Message)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
