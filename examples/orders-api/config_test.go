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

const (
	databaseURL = "postgres://orders:hush@db:5433/orders"
	redisURL    = "redis://cache:6380/2"
)

func TestLoadConfig(t *testing.T) {
	c, err := loadConfig(env(map[string]string{
		"DATABASE_URL": databaseURL, "REDIS_URL": redisURL, "PORT": "9090", "LOG_LEVEL": "debug", "SHUTDOWN_TIMEOUT_MS": "100",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.port != 9090 || c.logLevel != slog.LevelDebug || c.shutdownTimeout != 100*time.Millisecond {
		t.Errorf("got %+v", c)
	}
	if db := c.database.ConnConfig; db.Host != "db" || db.Port != 5433 || db.Password != "hush" || c.redis.Addr != "cache:6380" || c.redis.DB != 2 {
		t.Errorf("got %+v, %+v", db, c.redis)
	}
}

func TestLoadConfigHasDefaults(t *testing.T) {
	c, err := loadConfig(env(map[string]string{"DATABASE_URL": databaseURL, "REDIS_URL": redisURL}))
	if err != nil || c.port != 8080 || c.logLevel != slog.LevelInfo || c.shutdownTimeout != 8*time.Second {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestLoadConfigNamesWhatIsMissing(t *testing.T) {
	_, err := loadConfig(env(nil))
	for _, name := range []string{"DATABASE_URL", "REDIS_URL"} {
		if err == nil || !strings.Contains(err.Error(), name+" must be set") {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestLoadConfigNamesWhatIsBad(t *testing.T) {
	bad := map[string]string{
		"PORT": "0", "LOG_LEVEL": "loud", "SHUTDOWN_TIMEOUT_MS": "soon", "DATABASE_URL": "postgres://u:hush@[db/orders", "REDIS_URL": "http://hush",
	}
	_, err := loadConfig(env(bad))
	for name := range bad {
		if err == nil || !strings.Contains(err.Error(), name+" must be ") {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("%v holds a password", err)
	}
}
