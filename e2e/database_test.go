package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Ages of a vulnerability database.
const (
	fresh = time.Hour
	old   = 30 * 24 * time.Hour
)

// writeDatabase writes a Trivy database that knows no vulnerability, as old as
// given, in the layout of Trivy's cache directory.
func writeDatabase(t *testing.T, dir string, age time.Duration) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.MkdirAll(filepath.Join(dir, "db"), 0o755))
	db, err := bolt.Open(filepath.Join(dir, "db", "trivy.db"), 0o644, nil)
	check(err)
	check(db.Update(func(tx *bolt.Tx) error {
		for _, bucket := range []string{"data-source", "vulnerability"} {
			if _, err := tx.CreateBucketIfNotExists([]byte(bucket)); err != nil {
				return err
			}
		}
		return nil
	}))
	check(db.Close())
	written := time.Now().Add(-age).UTC()
	metadata, err := json.Marshal(map[string]any{"Version": 2, "UpdatedAt": written, "NextUpdate": written.Add(24 * time.Hour), "DownloadedAt": written})
	check(err)
	check(os.WriteFile(filepath.Join(dir, "db", "metadata.json"), metadata, 0o644))
}
