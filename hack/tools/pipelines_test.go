// Package tools checks the files that other services read and that nothing here
// runs: GitLab's pipeline and Renovate's configuration. The GitHub workflow is
// actionlint's.
package tools

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// job is what a job of .gitlab-ci.yml may hold here; another key is a mistake
// until it is added: https://docs.gitlab.com/ci/yaml/
type job struct {
	Extends      string            `yaml:"extends"`
	Stage        string            `yaml:"stage"`
	Image        string            `yaml:"image"`
	Services     []string          `yaml:"services"`
	Timeout      string            `yaml:"timeout"`
	Parallel     parallel          `yaml:"parallel"`
	Variables    map[string]string `yaml:"variables"`
	BeforeScript []string          `yaml:"before_script"`
	Script       []string          `yaml:"script"`
	Rules        []rule            `yaml:"rules"`
}

type parallel struct {
	Matrix []map[string][]string `yaml:"matrix"`
}

type rule struct {
	If string `yaml:"if"`
}

func TestGitLabPipeline(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".gitlab-ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var pipeline struct {
		Stages []string       `yaml:"stages"`
		Jobs   map[string]job `yaml:",inline"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&pipeline); err != nil {
		t.Fatal(err)
	}
	called, verified := map[string]bool{}, map[string]bool{}
	for name, j := range pipeline.Jobs {
		if j.Extends != "" {
			base, ok := pipeline.Jobs[j.Extends]
			if !ok {
				t.Errorf("job %s extends %s, which is not there", name, j.Extends)
			}
			for _, m := range base.Parallel.Matrix {
				for _, example := range m["EXAMPLE"] {
					if _, err := os.Stat(filepath.Join(root, "examples", example, "Dockerfile")); err != nil {
						t.Errorf("job %s: %v", name, err)
					}
					verified[example] = true
				}
			}
		}
		if strings.HasPrefix(name, ".") {
			continue
		}
		if !slices.Contains(pipeline.Stages, j.Stage) {
			t.Errorf("job %s is of stage %q, which is not among %v", name, j.Stage, pipeline.Stages)
		}
		if len(j.Script) == 0 {
			t.Errorf("job %s has no script", name)
		}
		for _, line := range j.Script {
			if _, call, ok := strings.Cut(line, " call "); ok {
				for _, word := range strings.Fields(call) {
					if !strings.HasPrefix(word, "$") { // flags of the matrix
						called[word] = true
						break
					}
				}
			}
		}
	}
	if !called["verify"] || !called["publish"] {
		t.Errorf("the pipeline calls %v, not both verify and publish", called)
	}
	examples, err := filepath.Glob(filepath.Join(root, "examples", "*", "Dockerfile"))
	if err != nil || len(examples) == 0 {
		t.Fatalf("list the examples: %d, %v", len(examples), err)
	}
	for _, file := range examples {
		if name := filepath.Base(filepath.Dir(file)); !verified[name] {
			t.Errorf("no job verifies the example %s", name)
		}
	}
}

// TestRenovate sees that what Renovate is to find by regular expression is there.
func TestRenovate(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "renovate.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		CustomManagers []struct {
			Description         string
			ManagerFilePatterns []string
			MatchStrings        []string
		}
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	files := []string{"main.go", "dagger.json", ".github/workflows/ci.yml", ".gitlab-ci.yml"}
	for _, m := range config.CustomManagers {
		for _, pattern := range m.ManagerFilePatterns {
			path := regexp.MustCompile(strings.Trim(pattern, "/"))
			i := slices.IndexFunc(files, path.MatchString)
			if i < 0 {
				t.Errorf("%s: no file is matched by %s", m.Description, pattern)
				continue
			}
			content, err := os.ReadFile(filepath.Join(root, files[i]))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(m.MatchStrings, func(s string) bool { return regexp.MustCompile(s).Match(content) }) {
				t.Errorf("%s: nothing in %s is matched", m.Description, files[i])
			}
		}
	}
}
