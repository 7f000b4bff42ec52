package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

var (
	ask   = flag.String("ask", "", "path of a Unix socket to wait for an answer at, as a better healthcheck does")
	after = flag.Duration("after", 0, "how long to wait before -exit")
)

// Sizes that a test can tell apart, and bounds, lest a habit that nobody stops take
// the machine.
const (
	hogStep     = 16 << 20
	hogMost     = 1 << 30
	shared      = 64 << 20
	generations = 9 // of forks: 512 processes
	burnTime    = 500 * time.Millisecond
)

// live does what one of the flags' first habits says, if it is of the life of
// processes.
func live(first string) {
	switch first {
	case "zombie":
		must(apart("-exit=0").Start())
		awaitEnded()
	case "orphan":
		must(apart("-first=fork", "-exit=0").Run())
		awaitEnded()
	case "fork":
		must(apart("-after=300ms", "-exit=0").Start())
	case "collect":
		must(apart("-first=fork", "-exit=0").Start())
		collect() // its child first
		collect() // and then the orphan
	case "collect-late":
		must(apart("-exit=0").Start())
		awaitEnded()
		time.AfterFunc(200*time.Millisecond, collect)
	case "bomb":
		for range generations {
			_, _, _ = syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		}
		rest(time.Hour)
	case "crowd":
		// Every place that becomes free is taken.
		for made := 0; made < 1<<generations; {
			pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
			switch {
			case errno != 0:
				rest(100 * time.Microsecond)
			case pid == 0:
				rest(time.Hour)
			default:
				made++
			}
		}
	case "hog":
		for size := 0; size < hogMost; size += hogStep {
			fill(-1, hogStep)
			time.Sleep(time.Millisecond)
		}
	case "share":
		file, err := os.CreateTemp("/dev/shm", "shared")
		must(err)
		must(os.Remove(file.Name()))
		must(file.Truncate(shared))
		fill(int(file.Fd()), shared)
		cmd := apart("-first=use", "-on-stop=ignore")
		cmd.ExtraFiles = []*os.File{file}
		used, err := cmd.StdoutPipe()
		must(err)
		must(cmd.Start())
		_, err = used.Read(make([]byte, 1))
		must(err)
	case "use":
		fill(3, shared)
		fmt.Println("used")
	case "burn":
		must(apart("-first=burn-once", "-exit=0").Run())
		burn()
	case "burn-once":
		burn()
	case "setuid":
		cmd := apart("-on-stop=ignore")
		cmd.Path = "/app/setuid"
		must(cmd.Start())
	case "cmdline":
		for _, file := range []string{"cmdline", "environ", "comm"} {
			text, err := os.ReadFile("/proc/self/" + file)
			must(err)
			fmt.Printf("%s %q\n", file, text)
		}
	case "limits":
		var limit syscall.Rlimit
		must(syscall.Getrlimit(rlimitProcesses, &limit))
		fmt.Println(limit.Cur)
	}
}

const rlimitProcesses = 6

// limitProcesses limits the processes and threads that a user may have.
func limitProcesses(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	return syscall.Setrlimit(rlimitProcesses, &syscall.Rlimit{Cur: n, Max: n})
}

// rest sleeps without Go's runtime, of which a forked process has little.
func rest(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_, _, _ = syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}

// collect waits for a child to end, and collects it, as process 1 should.
func collect() {
	_, err := syscall.Wait4(-1, nil, 0, nil)
	must(err)
}

// awaitEnded waits for a child to end, and leaves it a zombie.
func awaitEnded() {
	const all = 0
	if _, _, errno := syscall.Syscall6(syscall.SYS_WAITID, all, 0, 0, syscall.WEXITED|syscall.WNOWAIT, 0, 0); errno != 0 {
		must(errno)
	}
}

// fill maps memory, of a file or else of its own, and writes to all of it.
func fill(fd, size int) {
	flags := syscall.MAP_SHARED
	if fd < 0 {
		flags = syscall.MAP_PRIVATE | syscall.MAP_ANON
	}
	data, err := syscall.Mmap(fd, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, flags)
	must(err)
	for i := 0; i < size; i += 4096 {
		data[i] = 1
	}
}

// burn takes processor time.
func burn() {
	for {
		var usage syscall.Rusage
		must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		if time.Duration(usage.Utime.Nano()+usage.Stime.Nano()) >= burnTime {
			return
		}
	}
}

// answered waits for an answer: the end of what a server says that closes each
// connection.
func answered(path string) {
	conn, err := net.Dial("unix", path)
	must(err)
	_, err = io.ReadAll(conn)
	must(err)
}

// apart returns a command to start this program again, in a session of its own.
func apart(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}
