package vuln

import "testing"

func TestTransient(t *testing.T) {
	for output, want := range map[string]bool{
		"FATAL\tFatal error\tinit error: DB error: failed to download vulnerability DB: OCI artifact error: GET https://ghcr.io/v2/aquasecurity/trivy-db/manifests/2: TOOMANYREQUESTS: retry-after: 804.812µs, allowed: 44000/minute": true,
		"unexpected status code 429 Too Many Requests":                                  true,
		"GET https://mirror.gcr.io/v2/: unexpected status code 503 Service Unavailable": true,
		"received unexpected response from server: 502":                                 true,
		"read tcp 10.0.0.1:443: connection reset by peer":                               true,
		"net/http: TLS handshake timeout":                                               true,
		// Of grype db update, version 0.121.2.
		"[0000] ERROR unable to update vulnerability database: check for vulnerability database update failed: unable to download listing: bad response code: 503": true,
		"[0000] ERROR unable to update vulnerability database: check for vulnerability database update failed: unable to download listing: bad response code: 429": true,
		"[0000] ERROR unable to update vulnerability database: check for vulnerability database update failed: unable to download listing: bad response code: 404": false,
		"unable to download listing: Get \"https://grype.anchore.io/databases/v6/latest.json\": dial tcp 192.0.2.1:443: connect: connection refused":               true,

		"unexpected status code 401 Unauthorized":                 false,
		"MANIFEST_UNKNOWN: manifest unknown":                      false,
		"downloaded 500 of 1500 blobs and then the disk was full": false,
		"no space left on device":                                 false,
		"":                                                        false,
	} {
		if got := Transient(output); got != want {
			t.Errorf("%q: %t, want %t", output, got, want)
		}
	}
}
