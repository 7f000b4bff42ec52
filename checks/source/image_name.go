package source

import (
	"strings"

	"github.com/distribution/reference"
)

// imageName is a reference to an image, taken apart.
type imageName struct {
	reference.Named
	tag string // empty if it has none
}

// parseImage takes a reference apart; false if it is none, which source/valid
// reports.
func parseImage(image string) (imageName, bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return imageName{}, false
	}
	return newImageName(named), true
}

func newImageName(named reference.Named) imageName {
	n := imageName{Named: named}
	if tagged, ok := named.(reference.Tagged); ok {
		n.tag = tagged.Tag()
	}
	return n
}

// familiar returns the name as people write it, without the tag: node, or
// gcr.io/distroless/static.
func (n imageName) familiar() string { return reference.FamiliarName(n.Named) }

// path returns the name without the registry: library/node.
func (n imageName) path() string { return reference.Path(n.Named) }

// official returns the name of a Docker Official Image, from whatever mirror it is
// taken, such as public.ecr.aws/docker/library/node; empty for other images.
func (n imageName) official() string {
	name := "/" + n.path()
	official, ok := strings.CutPrefix(name[max(0, strings.LastIndex(name, "/library/")):], "/library/")
	if !ok {
		return ""
	}
	return official
}

// tagHas reports whether one of the words stands in the tag.
func (n imageName) tagHas(words ...string) bool {
	for _, word := range words {
		if strings.Contains(n.tag, word) {
			return true
		}
	}
	return false
}

// words returns the parts of the path and the tag.
func (n imageName) words() []string {
	return strings.FieldsFunc(n.path()+"/"+n.tag, func(r rune) bool { return strings.ContainsRune("/-_.", r) })
}

// distributions are the Docker Official Images of operating systems.
var distributions = []string{
	"alpine", "debian", "ubuntu", "fedora", "rockylinux", "almalinux", "centos", "amazonlinux", "oraclelinux", "busybox", "archlinux",
}
