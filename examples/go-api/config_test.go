package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestLoadConfig(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want config
	}{
		{
			name: "every variable has a default",
			want: config{port: 8080, maxBody: 64 << 20, maxConcurrent: 16, shutdownTimeout: 8 * time.Second},
		},
		{
			name: "variables override the defaults",
			env: map[string]string{
				"PORT": "9090", "LOG_LEVEL": "debug", "MAX_BODY_BYTES": "10", "MAX_CONCURRENT": "2", "SHUTDOWN_TIMEOUT_MS": "100",
			},
			want: config{port: 9090, logLevel: slog.LevelDebug, maxBody: 10, maxConcurrent: 2, shutdownTimeout: 100 * time.Millisecond},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := loadConfig(env(tt.env))
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestLoadConfigNamesEveryBadVariable(t *testing.T) {
	bad := map[string]string{
		"PORT": "0", "LOG_LEVEL": "loud", "MAX_BODY_BYTES": "1 MB", "MAX_CONCURRENT": "-1", "SHUTDOWN_TIMEOUT_MS": "600001",
	}
	_, err := loadConfig(env(bad))
	if err == nil {
		t.Fatal("no error")
	}
	for name, value := range bad {
		if want := name + " must be "; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), value) {
			t.Errorf("%q does not say %q and name %q", err, want, value)
		}
	}
}
