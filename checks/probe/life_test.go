package probe

import (
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	for _, uid := range []int{0, 65532} {
		o := contained(t, uid, map[string]string{}, Spec{Args: []string{"/app/app", "-first=bomb"}, GracePeriod: patient, MaxProcesses: 40, Settle: 5 * time.Second})
		t.Logf("%+v %+v", o, o.Exceeded)
		o = contained(t, uid, map[string]string{}, Spec{Args: []string{"/app/app", "-first=hog"}, GracePeriod: patient, MaxMemory: 100 << 20, Settle: 5 * time.Second})
		t.Logf("%+v %+v", o, o.Exceeded)
		o = contained(t, uid, map[string]string{}, Spec{Args: []string{"/app/app", "-first=burn", "-on-stop=0", "-listen=@x"}, GracePeriod: patient, Settle: 5 * time.Second})
		t.Logf("%+v %+v", o, o.Exceeded)
		o = contained(t, uid, map[string]string{}, Spec{Args: []string{"/app/app", "-first=cmdline", "-on-stop=0", "-listen=@x"}, GracePeriod: patient, Settle: 5 * time.Second})
		t.Logf("%+v %+v", o, o.Exceeded)
		for _, f := range []string{"zombie", "orphan", "collect"} {
			o = contained(t, uid, map[string]string{}, Spec{Args: []string{"/app/app", "-first=" + f, "-on-stop=0", "-listen=@x"}, GracePeriod: patient, Settle: 5 * time.Second})
			t.Logf("%s %+v %+v", f, o, o.Exceeded)
		}
	}
}
