// Command app is the application that the tests of package probe run: each of
// its flags is one habit, good or bad. Under the name of the probe it is the
// probe, and with "contain" as its first argument it does what a container
// runtime does.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/imagegate/imagegate/checks/probe"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "contain" {
		must(contain(os.Args[2], os.Args[3], os.Args[4], os.Args[5:]))
	}
	if len(os.Args) == 2 && os.Args[1] == "loopback" {
		must(bringUpLoopback())
		return
	}
	listen := flag.String("listen", "", "path of a Unix socket to listen on")
	dial := flag.String("dial", "", "path of a Unix socket to connect to, as a healthcheck does")
	onStop := flag.String("on-stop", "", "what to do on SIGTERM: a status to exit with, ignore, raise")
	first := flag.String("first", "", "what to do at the start: flood, close, term-parent, log-to-1, environment, linger, fork-twice, kill-1, drop, or one of life.go")
	exit := flag.Int("exit", -1, "status to exit with after that")
	flag.Parse()

	if *dial != "" {
		_, err := net.Dial("unix", *dial)
		must(err)
		return
	}
	if *ask != "" {
		answered(*ask)
		return
	}
	live(*first)
	switch *first {
	case "flood":
		text := []byte(strings.Repeat("flood ", 10_000))
		for range 1_000 {
			os.Stdout.Write(text)
		}
		fmt.Println("\nend of flood")
	case "close":
		os.Stdin.Close()
		os.Stdout.Close()
		os.Stderr.Close()
	case "term-parent":
		must(syscall.Kill(os.Getppid(), syscall.SIGTERM))
	case "log-to-1":
		out, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", os.Getppid()), os.O_WRONLY, 0)
		must(err)
		fmt.Fprintln(out, "a line by way of process 1")
	case "environment":
		fmt.Println(strings.Join(os.Environ(), "\n"))
		dir, err := os.Getwd()
		must(err)
		fmt.Println("in", dir)
	case "kill-1":
		must(syscall.Kill(1, syscall.SIGTERM))
		must(syscall.Kill(1, syscall.SIGKILL))
	case "drop":
		time.Sleep(200 * time.Millisecond) // until somebody has looked
		must(syscall.Setuid(65532))
	case "linger":
		must(apart("-on-stop=ignore").Start())
	case "fork-twice":
		must(apart("-first=linger", "-exit=0").Run())
	}
	if *exit >= 0 {
		time.Sleep(*after)
		os.Exit(*exit)
	}
	stop := make(chan os.Signal, 1)
	if *onStop != "" {
		signal.Notify(stop, syscall.SIGTERM)
	}
	if *listen != "" {
		l, err := net.Listen("unix", *listen)
		must(err)
		go func() {
			for {
				if c, err := l.Accept(); err == nil {
					c.Close()
				}
			}
		}()
	}
	stopServing := serve()
	if *onStop == "" {
		time.Sleep(time.Hour)
	}
	<-stop
	stopServing()
	switch *onStop {
	case "ignore":
		time.Sleep(time.Hour)
	case "raise":
		signal.Reset(syscall.SIGTERM)
		must(syscall.Kill(os.Getpid(), syscall.SIGTERM))
		time.Sleep(time.Hour)
	}
	status, err := strconv.Atoi(*onStop)
	must(err)
	os.Exit(status)
}

// contain makes root the root directory, with /proc and /dev/null and nothing
// else added, becomes the user, and executes a program there.
func contain(root, uid, dir string, args []string) error {
	id, err := strconv.Atoi(uid)
	if err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		return err
	}
	if err := syscall.Mount("/dev/null", filepath.Join(root, "dev/null"), "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	if err := bringUpLoopback(); err != nil {
		return err
	}
	if err := syscall.Chroot(root); err != nil {
		return err
	}
	if err := syscall.Chdir(dir); err != nil {
		return err
	}
	if text, ok := os.LookupEnv("PROCESSES"); ok {
		if err := limitProcesses(text); err != nil {
			return err
		}
	}
	for _, become := range []func() error{
		dropPtrace,
		func() error { return syscall.Setgroups(nil) },
		func() error { return syscall.Setgid(id) },
		func() error { return syscall.Setuid(id) },
	} {
		if err := become(); err != nil {
			return err
		}
	}
	return syscall.Exec(args[0], append([]string{filepath.Base(args[0])}, args[1:]...), []string{"OTEL_TRACES_EXPORTER=otlp", "TRACEPARENT=00-0"})
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
}
