package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// config is what the environment can change.
type config struct {
	port            int
	logLevel        slog.Level
	shutdownTimeout time.Duration
	database        *pgxpool.Config
	redis           *redis.Options
}

func integer(getenv func(string) string, name string, fallback, low, high int) (int, error) {
	text := getenv(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s must be an integer from %d to %d, not %q", name, low, high, text)
	}
	return n, nil
}

func loadPort(getenv func(string) string) (int, error) {
	return integer(getenv, "PORT", 8080, 1, 65535)
}

// loadConfig reads the configuration. Its error names every variable that is
// missing or bad, and no value of those that may hold a password.
func loadConfig(getenv func(string) string) (config, error) {
	var c config
	var errs []error
	var err error
	if c.port, err = loadPort(getenv); err != nil {
		errs = append(errs, err)
	}
	milliseconds, err := integer(getenv, "SHUTDOWN_TIMEOUT_MS", 8000, 1, 600_000)
	if err != nil {
		errs = append(errs, err)
	}
	c.shutdownTimeout = time.Duration(milliseconds) * time.Millisecond
	if text := getenv("LOG_LEVEL"); text != "" {
		if err := c.logLevel.UnmarshalText([]byte(text)); err != nil {
			errs = append(errs, fmt.Errorf("LOG_LEVEL must be debug, info, warn or error, not %q", text))
		}
	}
	switch url := getenv("DATABASE_URL"); url {
	case "":
		errs = append(errs, errors.New("DATABASE_URL must be set, as in postgres://user:password@host:5432/orders"))
	default:
		if c.database, err = pgxpool.ParseConfig(url); err != nil {
			errs = append(errs, errors.New("DATABASE_URL must be as in postgres://user:password@host:5432/orders"))
		}
	}
	switch url := getenv("REDIS_URL"); url {
	case "":
		errs = append(errs, errors.New("REDIS_URL must be set, as in redis://host:6379/0"))
	default:
		if c.redis, err = redis.ParseURL(url); err != nil {
			errs = append(errs, errors.New("REDIS_URL must be as in redis://host:6379/0"))
		}
	}
	return c, errors.Join(errs...)
}
