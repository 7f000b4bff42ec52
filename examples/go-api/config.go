package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// config is what the environment can change.
type config struct {
	port            int
	logLevel        slog.Level
	maxBody         int64 // bytes
	maxConcurrent   int64 // uploads hashed at a time
	shutdownTimeout time.Duration
}

// loadConfig reads the configuration. Its error names every variable with a
// bad value.
func loadConfig(getenv func(string) string) (config, error) {
	var errs []error
	integer := func(name string, fallback, low, high int) int {
		text := getenv(name)
		if text == "" {
			return fallback
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high {
			errs = append(errs, fmt.Errorf("%s must be an integer from %d to %d, not %q", name, low, high, text))
		}
		return n
	}
	c := config{
		port:            integer("PORT", 8080, 1, 65535),
		maxBody:         int64(integer("MAX_BODY_BYTES", 64<<20, 1, 1<<40)),
		maxConcurrent:   int64(integer("MAX_CONCURRENT", 16, 1, 1024)),
		shutdownTimeout: time.Duration(integer("SHUTDOWN_TIMEOUT_MS", 8000, 1, 600_000)) * time.Millisecond,
	}
	if text := getenv("LOG_LEVEL"); text != "" {
		if err := c.logLevel.UnmarshalText([]byte(text)); err != nil {
			errs = append(errs, fmt.Errorf("LOG_LEVEL must be debug, info, warn or error, not %q", text))
		}
	}
	return c, errors.Join(errs...)
}
