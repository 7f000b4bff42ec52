package source

import (
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// grade says how far a reference to an image always means the same image.
type grade int

// The grades, from the one that says nothing to the one that names the bytes.
const (
	gradeLatest  grade = iota // no tag, or latest
	gradeMoving               // a tag that its publisher moves on: 3, 3.12, 20-alpine, bookworm-slim
	gradeVersion              // a full version, a date, a commit or a build number
	gradeDigest
)

// gradeImage grades a reference by its shape, and leans to the better grade where
// the shape leaves a doubt: only a registry could say more.
func gradeImage(named reference.Named) grade {
	if _, ok := named.(reference.Digested); ok {
		return gradeDigest
	}
	tagged, ok := named.(reference.Tagged)
	switch {
	case !ok || tagged.Tag() == "latest":
		return gradeLatest
	case isFullTag(tagged.Tag(), schemeOf(named)):
		return gradeVersion
	}
	return gradeMoving
}

// IsLatest reports whether a reference means what its publisher pushed last: it has
// neither a digest nor a tag other than latest.
func IsLatest(named reference.Named) bool { return gradeImage(named) == gradeLatest }

// Moves reports whether a reference has a tag that its publisher moves on to every
// release, and what to write instead, where that is not just the full version.
func Moves(named reference.Named) (fix string, moves bool) {
	if gradeImage(named) != gradeMoving {
		return "", false
	}
	return versionFix(named), true
}

// tagScheme is how a publisher numbers its images.
type tagScheme struct {
	// numbers is how many numbers a full version has.
	numbers int
	// releases is whether a number behind the version tells its builds apart: 1-59.
	releases bool
}

func schemeOf(named reference.Named) tagScheme {
	name := reference.FamiliarName(named)
	switch last := name[strings.LastIndex(name, "/")+1:]; {
	case slices.Contains([]string{"debian", "postgres", "postgresql"}, last), strings.HasPrefix(name, "nvcr.io/nvidia/"):
		return tagScheme{numbers: 2}
	case strings.Contains(reference.Domain(named), "redhat."):
		return tagScheme{numbers: 3, releases: true}
	}
	return tagScheme{numbers: 3}
}

// isFullTag reports whether a tag is given to one image only. Its parts stand
// between dashes: 3.12.1-slim-bookworm, bookworm-20240812-slim, sha-abc1234.
func isFullTag(tag string, of tagScheme) bool {
	if hasDate(tag) {
		return true
	}
	parts := strings.Split(strings.ToLower(tag), "-")
	// Where the tag begins with the version, one that follows is of something else
	// in the image, as in 20-alpine3.20.3 and latest-rust-1.82.0.
	leads := parts[0] == "latest" || startsVersion(parts[0])
	before := ""
	for i, part := range parts {
		switch {
		case (i == 0 || !leads) && isFullVersion(part, of.numbers),
			isBuild(part),
			isHash(part, slices.Contains([]string{"sha", "git", "commit"}, before)),
			isNumber(part) && slices.Contains(buildWords, before),
			isNumber(part) && of.releases && i == 1:
			return true
		}
		before = part
	}
	return false
}

// buildWords are what stands before the number of a build or a pre-release.
var buildWords = []string{"alpha", "beta", "build", "preview", "pre", "rc", "rev", "a", "b", "m", "r"}

func startsVersion(part string) bool {
	part = strings.TrimPrefix(part, "v")
	return part != "" && isDigit(part[0])
}

// isFullVersion reports whether a part has all numbers of a version: 3.12.1,
// v1.2.3, 1.22rc1, 8u432 or 21_35.
func isFullVersion(part string, full int) bool {
	numbers := strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz")
	count := 0
	for numbers != "" && isDigit(numbers[0]) {
		count++
		numbers = strings.TrimLeft(numbers, "0123456789")
		if count >= full {
			return true
		}
		next, more := strings.CutPrefix(numbers, ".")
		if numbers = next; !more {
			break
		}
	}
	if count == 0 || numbers == "" {
		return false
	}
	if numbers[0] == '_' || numbers[0] == 'u' {
		return startsVersion(part) && leadingNumber(numbers[1:]) != ""
	}
	return isBuild(numbers)
}

// isBuild reports whether a part is the number of one build or pre-release: rc1,
// beta.3, r5, b06, 12345 or 1227.1726694542.
func isBuild(part string) bool {
	for _, word := range buildWords {
		if number, ok := strings.CutPrefix(part, word); ok && isNumber(strings.TrimPrefix(number, ".")) {
			return true
		}
	}
	for number := range strings.SplitSeq(part, ".") {
		if len(number) >= 5 && isNumber(number) {
			return true
		}
	}
	return false
}

// isHash reports whether a part is an abbreviated commit, as git describes it or
// as it stands behind sha-.
func isHash(part string, announced bool) bool {
	digits, hex := 0, part
	if len(hex) > 8 && hex[0] == 'g' {
		hex = hex[1:]
	}
	for _, c := range []byte(hex) {
		switch {
		case isDigit(c):
			digits++
		case c < 'a' || c > 'f':
			return false
		}
	}
	return len(hex) >= 7 && (announced || digits > 0)
}

// hasDate reports whether a tag holds a day: 20240812, 2024-10-13, 2024.10.1.
func hasDate(tag string) bool {
	for i := range len(tag) {
		if i > 0 && isDigit(tag[i-1]) {
			continue
		}
		rest := tag[i:]
		year, month, day := takeNumber(&rest, 4), takeNumber(&rest, 2), takeNumber(&rest, 2)
		if year >= 2000 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31 {
			return true
		}
	}
	return false
}

// takeNumber returns the number of n digits that the text begins with, behind a
// separator, and removes both; -1 if there is none.
func takeNumber(text *string, n int) int {
	digits := strings.TrimLeft(*text, "-._")
	if len(*text)-len(digits) > 1 || len(digits) < n {
		return -1
	}
	number, err := strconv.ParseUint(digits[:n], 10, 32)
	if err != nil {
		return -1
	}
	*text = digits[n:]
	return int(number)
}

func leadingNumber(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
}

func isNumber(text string) bool { return text != "" && leadingNumber(text) == text }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// imageUse is an instruction's use of an external image.
type imageUse struct {
	dockerfile.Reference
	// image is the reference as it is resolved.
	image string
	named reference.Named
	grade grade
}

// finding is one about the image, at the place of its name.
func (u imageUse) finding(format string, args ...any) checks.Finding {
	f := checks.At(u.Instruction.Find(u.Name.Raw), format, args...)
	f.Subject = u.image
	return f
}

// images are the external images that the stages take from, graded: those of FROM,
// COPY --from and RUN --mount=from=. What is not known, what BuildKit rejects, and
// what means to be a stage is left out.
var images = dockerfile.NewFact(func(s *dockerfile.Source) []imageUse {
	var uses []imageUse
	for _, stage := range s.Stages {
		for _, ref := range stage.References {
			image, ok := ref.Image()
			if !ok || meantStage(s, ref) != nil {
				continue
			}
			named, ok := parseImage(image)
			if !ok {
				continue
			}
			uses = append(uses, imageUse{ref, image, named.Named, gradeImage(named.Named)})
		}
	}
	return uses
})
