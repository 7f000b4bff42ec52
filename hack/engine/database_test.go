package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

var databaseTime = time.Date(2026, 3, 1, 12, 0, 0, 5, time.FixedZone("", 3600))

func fixtureDatabase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := writeDatabase(dir, advisoriesJSON, databaseTime); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDatabase(t *testing.T) {
	db, err := bolt.Open(filepath.Join(fixtureDatabase(t), "db/trivy.db"), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	get := func(path ...string) map[string]any {
		t.Helper()
		var value map[string]any
		err := db.View(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(path[0]))
			for _, name := range path[1 : len(path)-1] {
				if b == nil {
					break
				}
				b = b.Bucket([]byte(name))
			}
			if b == nil {
				t.Fatalf("no bucket for %q", path)
			}
			return json.Unmarshal(b.Get([]byte(path[len(path)-1])), &value)
		})
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		return value
	}
	for _, test := range []struct {
		source, pkg, id, severity string
		fixed                     any
	}{
		{"debian 12", "openssl", "CVE-2023-5363", "HIGH", "3.0.11-1~deb12u2"},
		{"debian 12", "zlib", "CVE-2023-45853", "CRITICAL", nil},
		{"npm::GitHub Security Advisory npm", "lodash", "CVE-2021-23337", "HIGH", "4.17.21"},
		{"pip::GitHub Security Advisory pip", "gunicorn", "CVE-2024-1135", "HIGH", "22.0.0"},
		{"pip::GitHub Security Advisory pip", "jinja2", "CVE-2024-22195", "MEDIUM", "3.1.3"},
		{"go::GitHub Security Advisory Go", "golang.org/x/net", "CVE-2023-39325", "HIGH", "0.17.0"},
	} {
		advisory := get(test.source, test.pkg, test.id)
		fixed := advisory["FixedVersion"]
		if versions, ok := advisory["PatchedVersions"].([]any); ok {
			fixed = versions[0]
			if affected := advisory["VulnerableVersions"].([]any)[0]; affected != "<"+fixed.(string) {
				t.Errorf("%s: affects %v, fixed in %v", test.id, affected, fixed)
			}
		}
		if fixed != test.fixed {
			t.Errorf("%s: fixed in %v, want %v", test.id, fixed, test.fixed)
		}
		if got := get("vulnerability", test.id)["Severity"]; got != test.severity {
			t.Errorf("%s: severity %v, want %s", test.id, got, test.severity)
		}
		if get("data-source", test.source)["ID"] == "" {
			t.Errorf("%s: the data source has no ID", test.source)
		}
	}
	if status := get("debian 12", "zlib", "CVE-2023-45853")["Status"]; status != float64(5) {
		t.Errorf("zlib: status %v, want 5, which is will_not_fix", status)
	}
}

func TestDatabaseMetadata(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(fixtureDatabase(t), "db/metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version               int
		UpdatedAt, NextUpdate time.Time
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)
	if got.Version != 2 || !got.UpdatedAt.Equal(want) || !got.NextUpdate.Equal(want.AddDate(0, 0, 1)) {
		t.Errorf("metadata: %s", b)
	}
}

func TestDatabaseRefusesWhatTrivyWouldNotFind(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"not JSON", "{", "read the advisories"},
		{"unknown source", `{"advisories": [{"id": "CVE-1", "source": "npm::x", "severity": "HIGH"}]}`, "CVE-1"},
		{"unknown severity", `{"sources": {"npm::x": {}}, "advisories": [{"id": "CVE-1", "source": "npm::x", "package": "p", "severity": "high"}]}`, `"high"`},
	} {
		if err := writeDatabase(t.TempDir(), []byte(test.content), databaseTime); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestDatabaseImageIsWhatTrivyDownloads(t *testing.T) {
	img, err := databaseImage(fixtureDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := manifest.Config.MediaType; got != "application/vnd.aquasec.trivy.config.v1+json" {
		t.Errorf("config: %s", got)
	}
	if len(manifest.Layers) != 1 {
		t.Fatalf("%d layers, want 1", len(manifest.Layers))
	}
	if l := manifest.Layers[0]; l.MediaType != "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip" || l.Annotations["org.opencontainers.image.title"] != "db.tar.gz" {
		t.Errorf("layer: %s %v", l.MediaType, l.Annotations)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	r, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if got := strings.Join(names, " "); got != "trivy.db metadata.json" {
		t.Errorf("files: %s", got)
	}
}
