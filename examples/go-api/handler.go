package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// newHandler returns the service's endpoints.
func newHandler(c config, log *slog.Logger) http.Handler {
	slots := semaphore.NewWeighted(c.maxConcurrent)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("POST /v1/digests", func(w http.ResponseWriter, r *http.Request) {
		if !slots.TryAcquire(1) {
			w.Header().Set("Retry-After", "1")
			answer(w, http.StatusServiceUnavailable, problem{"busy, try again"})
			return
		}
		defer slots.Release(1)

		start := time.Now()
		d, err := digest(http.MaxBytesReader(w, r.Body, c.maxBody))
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			answer(w, http.StatusRequestEntityTooLarge, problem{fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)})
			return
		}
		if err != nil {
			log.Warn("upload broken off", "error", err)
			answer(w, http.StatusBadRequest, problem{"the body could not be read"})
			return
		}
		log.Info("digested", "bytes", d.Bytes, "duration", time.Since(start).String())
		answer(w, http.StatusOK, d)
	})
	return mux
}

type problem struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// All that can fail is the connection, and then nobody is there to be told.
	_ = json.NewEncoder(w).Encode(body)
}
