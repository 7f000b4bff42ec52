package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
)

// digests identify a file, as the tools sha256sum, sha512sum and gsutil hash
// print them.
type digests struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	SHA512 string `json:"sha512"`
	CRC32C string `json:"crc32c"`
}

// digest reads r to its end and keeps none of it.
func digest(r io.Reader) (digests, error) {
	s256, s512, crc := sha256.New(), sha512.New(), crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(io.MultiWriter(s256, s512, crc), r)
	if err != nil {
		return digests{}, fmt.Errorf("reading after %d bytes: %w", n, err)
	}
	return digests{
		Bytes:  n,
		SHA256: hex.EncodeToString(s256.Sum(nil)),
		SHA512: hex.EncodeToString(s512.Sum(nil)),
		CRC32C: hex.EncodeToString(crc.Sum(nil)),
	}, nil
}
