package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks/image"
)

// compareCommand explains the first difference between the images in two archives.
func compareCommand(args []string, _ io.Reader, stdout io.Writer) (int, error) {
	flags := newFlags("compare")
	platform := flags.String("platform", "", "Compare the images for `OS/ARCH`, as in linux/amd64, where an archive has several.")
	times := flags.Bool("times", false, "Let it count as well when files were changed: the images have to be the same, byte by\nbyte.")
	archives, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(archives) != 2 {
		return 0, errors.New("compare: name the OCI archives of two builds of one image")
	}
	var of v1.Platform
	if *platform != "" {
		p, err := v1.ParsePlatform(*platform)
		if err != nil {
			return 0, fmt.Errorf("compare: --platform=%s: %w; give it as in linux/amd64", *platform, err)
		}
		of = *p
	}
	first, err := image.Open(archives[0])
	if err != nil {
		return 0, fmt.Errorf("compare: %w", err)
	}
	defer first.Close()
	second, err := image.Open(archives[1])
	if err != nil {
		return 0, fmt.Errorf("compare: %w", err)
	}
	defer second.Close()
	d, err := image.Compare(context.Background(), first, second, of, image.CompareOptions{IgnoreTimes: !*times})
	if err != nil {
		return 0, fmt.Errorf("compare: %w", err)
	}
	if d == nil {
		same := "the images are the same, but for times"
		if *times {
			same = "the images are the same, byte by byte"
		}
		_, err = fmt.Fprintln(stdout, same)
		return exitClean, err
	}
	_, err = fmt.Fprintf(stdout, "%s\n\tfix: %s\n", d, d.Fix)
	return exitBlocks, err
}
