// Command orders-api takes orders and keeps them in PostgreSQL, with Redis to tell
// those who wait for the next one: an example of a service that does not work
// without others, and passes every gate of imagegate.
//
//	orders-api              serves until SIGTERM
//	orders-api healthcheck  exits 0 if the service on this machine works, else 1
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	var err error
	switch args := os.Args[1:]; {
	case len(args) == 0:
		err = serve(ctx, os.Getenv, os.Stdout)
	case len(args) == 1 && args[0] == "healthcheck":
		err = healthcheck(ctx, os.Getenv)
	default:
		err = fmt.Errorf("unknown arguments %q: give none, or healthcheck", args)
	}
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error(err.Error())
		os.Exit(1)
	}
}

// connectTimeout is how long PostgreSQL and Redis have to answer at the start: an
// orchestrator starts the service again.
const connectTimeout = 10 * time.Second

// serve answers requests until ctx is done, then stops accepting and waits for
// those in flight. It returns nil if all of them completed in time.
func serve(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	c, err := loadConfig(getenv)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	log := slog.New(slog.NewJSONHandler(stdout, &slog.HandlerOptions{Level: c.logLevel}))

	// What still answers when ctx is done needs them.
	store, err := openStore(context.WithoutCancel(ctx), c)
	if err != nil {
		return err
	}
	defer store.close()
	connect, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := store.prepare(connect); err != nil {
		return err
	}

	listener, err := net.Listen("tcp", net.JoinHostPort("0.0.0.0", strconv.Itoa(c.port)))
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{
		Handler:           newHandler(store, log),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String())

	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("waiting for requests in flight: %w", err), server.Close())
	}
	log.Info("shut down")
	return nil
}

// healthcheck asks the service on this machine whether it works.
func healthcheck(ctx context.Context, getenv func(string) string) error {
	port, err := loadPort(getenv)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	url := fmt.Sprintf("http://127.0.0.1:%d/health/ready", port)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking whether the service works: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking whether the service works: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking whether the service works: %s", response.Status)
	}
	return nil
}
