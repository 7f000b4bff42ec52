package main

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

// closedStore is one whose PostgreSQL and Redis are not there.
func closedStore(t *testing.T) *store {
	t.Helper()
	c, err := loadConfig(env(map[string]string{
		"DATABASE_URL": "postgres://orders:hush@127.0.0.1:1/orders?connect_timeout=2", "REDIS_URL": "redis://127.0.0.1:1?max_retries=-1",
	}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := openStore(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"alive", "GET", "/health/live", "", 200, `{"status":"ok"}`},
		{"not ready", "GET", "/health/ready", "", 503, `{"error":"try again later"}`},
		{"order", "POST", "/v1/orders", `{"item": "tea", "quantity": 2}`, 503, `{"error":"try again later"}`},
		{"no JSON", "POST", "/v1/orders", "tea", 400, `{"error":"the body must be as in`},
		{"no item", "POST", "/v1/orders", `{"item": " ", "quantity": 2}`, 400, `{"error":"item must name`},
		{"none", "POST", "/v1/orders", `{"item": "tea"}`, 400, `{"error":"quantity must be`},
		{"more than that", "POST", "/v1/orders", `{"item": "tea", "quantity": 2, "price": 1}`, 400, `{"error":"the body must be as in`},
		{"too large", "POST", "/v1/orders", `{"item": "` + strings.Repeat("a", maxBody) + `"}`, 400, ""},
		{"no number", "GET", "/v1/orders/a", "", 400, ""},
		{"one", "GET", "/v1/orders/1", "", 503, ""},
		{"next", "GET", "/v1/orders/next", "", 503, ""},
		{"unknown path", "GET", "/", "", 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			h := newHandler(closedStore(t), slog.New(slog.NewJSONHandler(&log, nil)))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)))
			if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.want) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body.String(), tt.status, tt.want)
			}
			if strings.Contains(log.String(), "hush") {
				t.Errorf("the log holds the password: %s", log.String())
			}
			if failed := strings.Contains(log.String(), "request failed"); failed != (tt.status == 503) {
				t.Errorf("the log: %s", log.String())
			}
		})
	}
}

func TestMetricsCountFailures(t *testing.T) {
	h := newHandler(closedStore(t), slog.New(slog.DiscardHandler))
	for _, path := range []string{"/v1/orders/1", "/health/ready"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), "\nfailures_total 2\n") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("got %s of type %s", w.Body.String(), w.Header().Get("Content-Type"))
	}
}

func TestServeRefusesABadConfiguration(t *testing.T) {
	err := serve(t.Context(), env(map[string]string{"REDIS_URL": redisURL}), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "DATABASE_URL must be set") {
		t.Errorf("got %v, want DATABASE_URL named", err)
	}
}

func TestServeEndsWithoutItsDatabase(t *testing.T) {
	err := serve(t.Context(), env(map[string]string{"DATABASE_URL": "postgres://orders:hush@127.0.0.1:1/orders", "REDIS_URL": redisURL}), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "preparing the database of DATABASE_URL") || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want the database named", err)
	}
}
