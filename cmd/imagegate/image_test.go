package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive writes the OCI archive of an image of one layer, which is no more than a
// program with a file beside it, and returns its path.
func archive(t *testing.T, config string, files map[string]string) string {
	t.Helper()
	var layer, out bytes.Buffer
	put := func(w *tar.Writer, name, content string, mode int64) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	inside := tar.NewWriter(&layer)
	for name, content := range files {
		put(inside, name, content, 0o755)
	}
	if err := inside.Close(); err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(&out)
	blob := func(media, content string) string {
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		put(w, "blobs/sha256/"+digest, content, 0o644)
		return fmt.Sprintf(`{"mediaType": %q, "digest": "sha256:%s", "size": %d}`, media, digest, len(content))
	}
	diffID := fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes()))
	configured := blob("application/vnd.oci.image.config.v1+json", fmt.Sprintf(`{"os": "linux", "architecture": "amd64", "config": %s, "rootfs": {"type": "layers", "diff_ids": [%q]}}`, config, diffID))
	manifest := blob("application/vnd.oci.image.manifest.v1+json", fmt.Sprintf(`{"schemaVersion": 2, "config": %s, "layers": [%s]}`, configured, blob("application/vnd.oci.image.layer.v1.tar", layer.String())))
	put(w, "oci-layout", `{"imageLayoutVersion": "1.0.0"}`, 0o644)
	put(w, "index.json", fmt.Sprintf(`{"schemaVersion": 2, "manifests": [%s]}`, manifest), 0o644)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestImage(t *testing.T) {
	const config = `{"User": "10001", "Cmd": ["/app"], "Healthcheck": {"Test": ["CMD", "/app"]}}`
	broken := archive(t, config, map[string]string{"app": "#!/app/sh\n"})
	large := archive(t, config, map[string]string{"app": "\x7fELF\x02\x01" + strings.Repeat("\x00", 12) + "\x3e\x00" + strings.Repeat("\x00", 2000)})
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"finding":          {[]string{broken}, exitBlocks, "image.tar:config.Cmd: fail image/entrypoint: /app needs /app/sh: the image has no /app/sh; the container would not start"},
		"clean":            {[]string{large}, exitClean, "1 image: 0 block, 0 warn, 0 accepted, 0 not judged"},
		"two":              {[]string{large, large}, exitClean, "2 images: 0 block"},
		"strict":           {[]string{"--profile=strict", large}, exitClean, "warn image/labels"},
		"size":             {[]string{"--max-size=1kB", large}, exitBlocks, "over the budget of 1.0 kB"},
		"growth":           {[]string{"--baseline", broken, large}, exitBlocks, "fail image/growth: "},
		"platform":         {[]string{"--platform=linux/amd64", large}, exitClean, "0 block"},
		"JSON":             {[]string{"--format=json", broken}, exitBlocks, `"check": "image/entrypoint"`},
		"no such platform": {[]string{"--platform=linux/arm64", large}, exitError, "no image for platform linux/arm64 in the archive"},
		"no platform":      {[]string{"--platform=a/b/c/d/e", large}, exitError, "give it as in linux/amd64"},
		"size of no unit":  {[]string{"--max-size=200", large}, exitError, "--max-size=200 is no size with a unit: give one as in 200MB"},
		"no size":          {[]string{"--max-size=many", large}, exitError, "--max-size=many is no size"},
		"no archive":       {nil, exitError, "name the OCI archive of an image"},
		"no such archive":  {[]string{"gone.tar"}, exitError, "opening image archive"},
		"no such baseline": {[]string{"--baseline=gone.tar", large}, exitError, "baseline: opening image archive"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run(append([]string{"image"}, test.args...), nil, &out, &errs); status != test.status {
				t.Errorf("status %d, want %d: %s%s", status, test.status, &out, &errs)
			}
			if !strings.Contains(out.String()+errs.String(), test.want) {
				t.Errorf("it prints %q and %q, want %q", &out, &errs, test.want)
			}
		})
	}
	var out, errs bytes.Buffer
	run([]string{"image", "--format=json", broken}, nil, &out, &errs)
	var found []finding
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || len(found) != 2 || found[0].File != broken+":config.Cmd" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestImagePolicy judges an image in directories with a policy.
func TestImagePolicy(t *testing.T) {
	const config = `{"User": "10001", "Cmd": ["/app"], "Healthcheck": {"Test": ["CMD", "/app"]}}`
	broken := archive(t, config, map[string]string{"app": "#!/app/sh\n"})
	for name, test := range map[string]struct {
		policy string
		args   []string
		status int
		want   []string
	}{
		"waived": {
			"waivers:\n- {check: image/entrypoint, reason: a test, owner: team}\n- {check: image/healthcheck-command, reason: a test}\n- {check: source/user, reason: a test}\n", nil, exitClean,
			[]string{"image.tar:config.Cmd: waived image/entrypoint: ", "accepted: a test (team)"},
		},
		"unused":                            {"waivers: [{check: image/user, reason: a test}]\n", nil, exitBlocks, []string{"imagegate.yaml:1:19: warn policy/unused: "}},
		"budget":                            {"budgets: {max-size: 1B}\n", nil, exitBlocks, []string{"fail image/size: "}},
		"flag":                              {"budgets: {max-size: 1B}\n", []string{"--max-size=1MB"}, exitBlocks, []string{"1 image: 2 block"}},
		"minimal":                           {"profile: minimal\n", nil, exitBlocks, []string{"1 image: 2 block, 0 warn"}},
		"minimal with a budget":             {"profile: minimal\nbudgets: {max-layer-size: 1B}\n", nil, exitBlocks, []string{"fail image/size: ", "over the budget of 1 B for a layer"}},
		"minimal with a budget of the flag": {"profile: minimal\n", []string{"--max-size=1B"}, exitBlocks, []string{"fail image/size: "}},
		"locked budget":                     {"budgets: {max-size: 1B}\nlocked: [budgets]\n", []string{"--max-size=1MB"}, exitError, []string{"read the policy: imagegate.yaml:2:10: --max-size: budgets.max-size allows more than imagegate.yaml:1:21, which is locked here: remove --max-size"}},
		"severity":                          {"severity: {image/entrypoint: LOW, image/healthcheck-command: LOW}\n", nil, exitClean, []string{"warn image/entrypoint"}},
		"limit":                             {"limits: {uncompressed-size: 100B}\n", nil, exitError, []string{"100"}},
		"unreadable":                        {"waiver: []\n", nil, exitError, []string{`read the policy: imagegate.yaml:1:1: the policy has no key "waiver"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("imagegate.yaml", []byte(test.policy), 0o644); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if status := run(append(append([]string{"image"}, test.args...), broken), nil, &out, &errs); status != test.status {
				t.Errorf("status %d, want %d: %s%s", status, test.status, &out, &errs)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String()+errs.String(), want) {
					t.Errorf("it prints %q and %q, want %q", &out, &errs, want)
				}
			}
		})
	}
}

func TestCompare(t *testing.T) {
	const config = `{"User": "10001", "Cmd": ["/app"]}`
	first, other := archive(t, config, map[string]string{"app": "1"}), archive(t, config, map[string]string{"app": "2"})
	again := archive(t, config, map[string]string{"app": "1"})
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"the same":         {[]string{first, first}, exitClean, "the images are the same, but for times"},
		"times":            {[]string{"--times", first, again}, exitClean, "the images are the same, byte by byte"},
		"different":        {[]string{first, other}, exitBlocks, "layer 1, /app: content: 1 B each, different from byte 0 on\n\tfix: make what writes the file deterministic"},
		"platform":         {[]string{"--platform=linux/amd64", first, again}, exitClean, "the same"},
		"no such platform": {[]string{"--platform=linux/arm64", first, first}, exitError, "first image: no image for platform linux/arm64"},
		"no platform":      {[]string{"--platform=a/b/c/d/e", first, first}, exitError, "give it as in linux/amd64"},
		"one":              {[]string{first}, exitError, "name the OCI archives of two builds"},
		"no such archive":  {[]string{first, "gone.tar"}, exitError, "opening image archive"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run(append([]string{"compare"}, test.args...), nil, &out, &errs); status != test.status || !strings.Contains(out.String()+errs.String(), test.want) {
				t.Errorf("status %d, and it prints %q and %q, want %d and %q", status, &out, &errs, test.status, test.want)
			}
		})
	}
}
