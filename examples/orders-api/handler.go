package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxBody is how many bytes an order may have.
	maxBody = 4 << 10
	// nextWait is how long a request for the next order waits for one.
	nextWait = time.Second
)

// metrics count what the service did since it was started.
type metrics struct {
	orders, failures atomic.Int64
}

// newHandler returns the service's endpoints.
func newHandler(s *store, log *slog.Logger) http.Handler {
	var m metrics
	fail := func(w http.ResponseWriter, err error) {
		m.failures.Add(1)
		log.Error("request failed", "error", err)
		answer(w, http.StatusServiceUnavailable, problem{"try again later"})
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /health/ready", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ping(r.Context()); err != nil {
			fail(w, err)
			return
		}
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("POST /v1/orders", func(w http.ResponseWriter, r *http.Request) {
		item, quantity, err := readOrder(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			answer(w, http.StatusBadRequest, problem{err.Error()})
			return
		}
		o, err := s.add(r.Context(), item, quantity)
		if err != nil {
			fail(w, err)
			return
		}
		m.orders.Add(1)
		log.Info("order taken", "id", o.ID)
		answer(w, http.StatusCreated, o)
	})
	mux.HandleFunc("GET /v1/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			answer(w, http.StatusBadRequest, problem{"the number of an order is needed"})
			return
		}
		o, err := s.get(r.Context(), id)
		switch {
		case errors.Is(err, errNoSuchOrder):
			answer(w, http.StatusNotFound, problem{err.Error()})
		case err != nil:
			fail(w, err)
		default:
			answer(w, http.StatusOK, o)
		}
	})
	mux.HandleFunc("GET /v1/orders/next", func(w http.ResponseWriter, r *http.Request) {
		o, ok, err := s.next(r.Context(), nextWait)
		switch {
		case err != nil:
			fail(w, err)
		case !ok:
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, http.StatusOK, o)
		}
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprintf(w, "# HELP orders_total Orders taken.\n# TYPE orders_total counter\norders_total %d\n", m.orders.Load())
		fmt.Fprintf(w, "# HELP failures_total Requests that failed for PostgreSQL or Redis.\n# TYPE failures_total counter\nfailures_total %d\n", m.failures.Load())
	})
	return mux
}

// readOrder reads what is ordered.
func readOrder(body io.Reader) (item string, quantity int, err error) {
	var o struct {
		Item     string `json:"item"`
		Quantity int    `json:"quantity"`
	}
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return "", 0, errors.New(`the body must be as in {"item": "tea", "quantity": 2}`)
	}
	switch {
	case strings.TrimSpace(o.Item) == "":
		return "", 0, errors.New("item must name what is ordered")
	case o.Quantity < 1 || o.Quantity > 1_000_000:
		return "", 0, errors.New("quantity must be from 1 to 1000000")
	}
	return o.Item, o.Quantity, nil
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
