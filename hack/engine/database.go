package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	bolt "go.etcd.io/bbolt"
)

// advisoriesJSON is what the fixture database holds.
//
//go:embed advisories.json
var advisoriesJSON []byte

// advisories is the content of the fixture database.
type advisories struct {
	// Sources are Trivy's data sources by the bucket of their advisories.
	Sources    map[string]json.RawMessage
	Advisories []advisory
}

// advisory is one vulnerability of one package.
type advisory struct {
	ID, Source, Package string
	// Advisory is Trivy's own record: fixed or affected versions, or a status.
	Advisory        json.RawMessage
	Title, Severity string
	CVSS            json.RawMessage
	CWE, Reference  string
	Published       time.Time
}

// severities are Trivy's numbers for what it calls by name elsewhere.
var severities = map[string]int{"LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}

// databaseSchema is the version of Trivy's database layout that is written here.
const databaseSchema = 2

// databaseFiles are the files of a database, in the directory that Trivy keeps
// them in below its cache directory.
const (
	databaseDir      = "db"
	databaseFile     = "trivy.db"
	databaseMetadata = "metadata.json"
)

// writeDatabase writes Trivy's database with the given advisories, as of now, to
// a directory that can be Trivy's cache directory.
func writeDatabase(dir string, content []byte, now time.Time) error {
	var all advisories
	if err := json.Unmarshal(content, &all); err != nil {
		return fmt.Errorf("read the advisories: %w", err)
	}
	dir = filepath.Join(dir, databaseDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	db, err := bolt.Open(filepath.Join(dir, databaseFile), 0o644, nil)
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := db.Update(all.put); err != nil {
		db.Close()
		return fmt.Errorf("write the database: %w", err)
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	now = now.UTC().Truncate(time.Second)
	metadata, err := json.Marshal(map[string]any{
		"Version": databaseSchema, "UpdatedAt": now, "DownloadedAt": now, "NextUpdate": now.AddDate(0, 0, 1),
	})
	if err != nil {
		return fmt.Errorf("write the database's metadata: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, databaseMetadata), metadata, 0o644)
}

func (a advisories) put(tx *bolt.Tx) error {
	for bucket, source := range a.Sources {
		if err := put(tx, source, "data-source", bucket); err != nil {
			return err
		}
	}
	for _, v := range a.Advisories {
		if a.Sources[v.Source] == nil || severities[v.Severity] == 0 {
			return fmt.Errorf("%s: source %q or severity %q is not a known one", v.ID, v.Source, v.Severity)
		}
		if err := put(tx, v.Advisory, v.Source, v.Package, v.ID); err != nil {
			return err
		}
		detail, err := json.Marshal(map[string]any{
			"Title": v.Title, "Description": v.Title, "Severity": v.Severity,
			"VendorSeverity": map[string]int{"nvd": severities[v.Severity], "ghsa": severities[v.Severity]},
			"CVSS":           map[string]any{"nvd": v.CVSS},
			"CweIDs":         []string{v.CWE}, "References": []string{v.Reference},
			"PublishedDate": v.Published, "LastModifiedDate": v.Published,
		})
		if err != nil {
			return err
		}
		if err := put(tx, detail, "vulnerability", v.ID); err != nil {
			return err
		}
	}
	return nil
}

// put sets a value at a path of buckets and a key.
func put(tx *bolt.Tx, value []byte, path ...string) error {
	b, err := tx.CreateBucketIfNotExists([]byte(path[0]))
	for _, name := range path[1 : len(path)-1] {
		if err == nil {
			b, err = b.CreateBucketIfNotExists([]byte(name))
		}
	}
	if err != nil {
		return fmt.Errorf("bucket of %q: %w", path, err)
	}
	return b.Put([]byte(path[len(path)-1]), value)
}

// databaseImage returns the database in a directory as the OCI artifact that
// Trivy downloads.
func databaseImage(dir string) (v1.Image, error) {
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	t := tar.NewWriter(z)
	for _, name := range []string{databaseFile, databaseMetadata} {
		b, err := os.ReadFile(filepath.Join(dir, databaseDir, name))
		if err != nil {
			return nil, fmt.Errorf("read the database: %w", err)
		}
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(b))}); err != nil {
			return nil, fmt.Errorf("pack the database: %w", err)
		}
		if _, err := t.Write(b); err != nil {
			return nil, fmt.Errorf("pack the database: %w", err)
		}
	}
	if err := t.Close(); err != nil {
		return nil, fmt.Errorf("pack the database: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the database: %w", err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.aquasec.trivy.config.v1+json")
	return mutate.Append(img, mutate.Addendum{
		Layer: static.NewLayer(archive.Bytes(), "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"),
		// By which name Trivy stores and recognizes what it downloads.
		Annotations: map[string]string{"org.opencontainers.image.title": "db.tar.gz"},
	})
}
