package main

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/policy"
)

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	hostName     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
)

// checkRun reports flags of the run gate that cannot be meant.
func (m *Imagegate) checkRun() error {
	if len(m.SecretEnvNames) > 0 && len(m.SecretEnvNames) != len(m.SecretEnv) {
		return fmt.Errorf("--secret-env-name has %d names for %d of --secret-env: name all of them, in the same order, or none", len(m.SecretEnvNames), len(m.SecretEnv))
	}
	for flag, names := range map[string][]string{"secret-env-name": m.SecretEnvNames, "required": m.Required} {
		for _, name := range names {
			if !variableName.MatchString(name) {
				return fmt.Errorf("--%s=%q is not the name of an environment variable: write it as in --%[1]s=DATABASE_URL", flag, name)
			}
		}
	}
	if len(m.Bind) != len(m.BindAs) {
		return fmt.Errorf("--bind-as has %d names for %d of --bind: name each, as in --bind=tcp://localhost:5432 --bind-as=db", len(m.BindAs), len(m.Bind))
	}
	names := slices.Clone(m.BindAs)
	for _, s := range m.Services {
		name, image, found := strings.Cut(s, "=")
		switch {
		case !found || image == "":
			return fmt.Errorf("--service=%q is not NAME=IMAGE: write it as in --service=db=postgres:15.14-bookworm", s)
		case strings.Contains(image, "://"):
			return fmt.Errorf("--service=%q names no image: what runs already is given with --bind=%s --bind-as=%s", s, image, name)
		}
		names = append(names, name)
	}
	for i, name := range names {
		if !hostName.MatchString(name) {
			return fmt.Errorf("%q is not a name that a service can be reached by: use letters, digits and dashes, as in db", name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("two services are called %s: give each a name of its own", name)
		}
	}
	if m.ComposeService != "" && len(m.Compose) == 0 {
		return fmt.Errorf("--compose-service=%s is of no Compose file: name it with --compose=compose.yaml", m.ComposeService)
	}
	for flag, p := range map[string]string{"slow-path": m.SlowPath, "metrics-path": m.MetricsPath} {
		if p != "" && !strings.HasPrefix(p, "/") {
			return fmt.Errorf("--%s=%q is not a path: write it as in --%[1]s=/path", flag, p)
		}
	}
	for _, dir := range m.Tmpfs {
		if !path.IsAbs(dir) {
			return fmt.Errorf("--tmpfs=%q is not an absolute path: write it as in --tmpfs=/tmp", dir)
		}
	}
	if m.MaxProcesses < 0 {
		return fmt.Errorf("--max-processes=%d is less than 0, which is no limit", m.MaxProcesses)
	}
	return nil
}

// setMemory reads the flag of how much memory the image may have.
func (m *Imagegate) setMemory(text string) error {
	memory, err := policy.ParseMemory(text)
	if err != nil {
		return fmt.Errorf("--max-memory=%q is not a size with a unit: write it as in 512MB, or 0 for no limit", text)
	}
	m.MaxMemory = int(memory)
	return nil
}

// secretName returns the name of the variable that a secret is given as.
func (m *Imagegate) secretName(ctx context.Context, i int) (string, error) {
	if len(m.SecretEnvNames) > 0 {
		return m.SecretEnvNames[i], nil
	}
	address, err := m.SecretEnv[i].URI(ctx)
	if err == nil && address == "" {
		address, err = m.SecretEnv[i].Name(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("read the address of --secret-env: %w", err)
	}
	separators := "/:"
	if strings.HasPrefix(address, "vault://") { // vault://path.key
		separators += "."
	}
	name := address[strings.LastIndexAny(address, separators)+1:]
	if !variableName.MatchString(name) {
		return "", fmt.Errorf("--secret-env number %d: its address ends with no name of a variable: name it with --secret-env-name, as in --secret-env=file://token.txt --secret-env-name=API_TOKEN", i+1)
	}
	return name, nil
}
