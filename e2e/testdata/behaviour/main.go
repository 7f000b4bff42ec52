// Command behaviour is the application whose images the run gate judges in the
// tests: an HTTP server with one habit, good or bad. As "behaviour check" it is
// the HEALTHCHECK of those images.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	habit  = flag.String("habit", "", "what it does besides serving")
	listen = flag.String("listen", ":8080", "address to listen on")
	check  = flag.String("check", "", "URL to ask, in the place of serving: the status is 0 if it answers 200")
)

func main() {
	flag.Parse()
	if *check != "" {
		os.Exit(healthy(*check))
	}
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	stop := make(chan os.Signal, 1)
	if *habit != "no handler" {
		signal.Notify(stop, syscall.SIGTERM)
	}
	if err := begin(log); err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
	server := &http.Server{Addr: *listen, Handler: routes()}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Error(err.Error())
			os.Exit(1)
		}
	}()
	log.Info("serving", "address", *listen)
	for range stop {
		if *habit != "ignores SIGTERM" {
			break
		}
	}
	end(server)
}

// begin does what the habit does at the start.
func begin(log *slog.Logger) error {
	switch *habit {
	case "crashes":
		time.AfterFunc(2*time.Second, func() { panic("out of luck") })
	case "needs API_URL":
		if os.Getenv("API_URL") == "" {
			return fmt.Errorf("API_URL must be set")
		}
	case "tells its secret":
		log.Info("connecting", "token", os.Getenv("API_TOKEN"))
	case "writes":
		return os.WriteFile("/app/state", []byte("state"), 0o600)
	case "deletes":
		return os.Remove("/app/behaviour")
	case "changes a mode":
		return os.Chmod("/app/behaviour", 0o700)
	case "logs into a file":
		return os.WriteFile("/app/service.log", []byte("started\n"), 0o600)
	case "floods":
		text := []byte(strings.Repeat("a line of free text\n", 50_000))
		for range 100 {
			os.Stdout.Write(text)
		}
	case "forks twice":
		return apart("-habit=forks").Run()
	case "forks":
		if err := apart("-habit=lingers").Start(); err != nil {
			return err
		}
		os.Exit(0)
	case "lingers":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "never waits":
		return apart("-check=http://127.0.0.1:1/").Start()
	case "fork bomb":
		for {
			_ = apart("-habit=fork bomb").Start()
		}
	case "takes memory":
		memory := make([]byte, 1<<30)
		for i := range memory {
			memory[i] = byte(i)
		}
		log.Info("memory", "sum", memory[len(memory)/2])
	case "drops root":
		time.Sleep(time.Second) // as an entrypoint that prepares the file system first
		return syscall.Setresuid(65532, 65532, 65532)
	case "starts a set-user-ID program":
		cmd := exec.Command("/spool", "-habit=lingers")
		return cmd.Start()
	}
	return nil
}

func routes() http.Handler {
	mux := http.NewServeMux()
	var asked atomic.Int32
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if *habit == "flaky" && asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush() // who asks knows that it is in flight
		time.Sleep(1500 * time.Millisecond)
		fmt.Fprintln(w, "done")
	})
	return mux
}

// end ends the server on its stop signal, and the program.
func end(server *http.Server) {
	switch *habit {
	case "drops requests":
		os.Exit(0)
	case "drains late":
		time.Sleep(2500 * time.Millisecond)
		os.Exit(0) // with the door open to the last
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
	switch *habit {
	case "exits 143":
		os.Exit(143)
	case "exits 1":
		os.Exit(1)
	}
}

func healthy(url string) int {
	switch url {
	case "never":
		time.Sleep(time.Hour)
	case "always":
		return 0
	}
	res, err := http.Get(url)
	if err != nil || res.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

// apart returns a command to start this program again, in a session of its own.
func apart(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}
