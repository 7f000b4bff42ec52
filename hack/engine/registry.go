package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// mirrorAddress is the registry as the engine itself reaches it.
const mirrorAddress = "127.0.0.1:5000"

// databaseRepository is where the registry serves the fixture database.
const databaseRepository = "imagegate/trivy-db-fixture:2"

// registryConfig is the configuration of Debian's docker-registry. It listens in
// the engine's network namespace only.
func registryConfig(h home) string {
	return fmt.Sprintf("version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}\nhttp: {addr: \":5000\"}\n", h.registry())
}

// pushed is the file that names what the registry holds.
func pushed(h home) string { return filepath.Join(h.registry(), ".pushed") }

// push makes the registry hold the images, and the database; it does nothing
// where key says that it does.
func push(ctx context.Context, h home, i instance, p *progress, key string, images []image, database string) error {
	b, err := os.ReadFile(pushed(h))
	if err == nil && string(b) == key {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read what the registry holds: %w", err)
	}
	return p.during("images to the registry", func() error {
		for _, img := range images {
			assembled, tags, err := img.assemble(h)
			if err != nil {
				return fmt.Errorf("assemble %s: %w", img.repository, err)
			}
			for _, tag := range tags {
				if err := upload(ctx, i.registry()+"/"+img.repository+":"+tag, assembled); err != nil {
					return err
				}
			}
		}
		db, err := databaseImage(database)
		if err != nil {
			return err
		}
		if err := upload(ctx, i.registry()+"/"+databaseRepository, db); err != nil {
			return err
		}
		return os.WriteFile(pushed(h), []byte(key), 0o644)
	})
}

func upload(ctx context.Context, reference string, img v1.Image) error {
	ref, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return err
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("push %s: %w", reference, err)
	}
	return nil
}
