package main

import (
	"path/filepath"
	"testing"
)

func TestLockWaits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	free, err := lock(file, func() { t.Error("waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	waiting, second := make(chan struct{}), make(chan error)
	go func() {
		free, err := lock(file, func() { close(waiting) })
		if err == nil {
			free()
		}
		second <- err
	}()
	<-waiting
	select {
	case err := <-second:
		t.Fatalf("the second lock did not wait (%v)", err)
	default:
	}
	free()
	if err := <-second; err != nil {
		t.Error(err)
	}
}
