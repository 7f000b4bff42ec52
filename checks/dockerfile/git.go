package dockerfile

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// GitRef is a source of ADD that is a git repository, as BuildKit reads it.
type GitRef struct {
	// Remote is the address of the repository, without fragment and query.
	Remote string
	// Ref is the branch, tag or commit; empty for the default branch.
	Ref string
	// Checksum is the commit that it has to be; empty if any will do.
	Checksum string
	// KeepGitDir is whether the .git directory is copied; nil if it does not say.
	KeepGitDir *bool
	// Unencrypted is whether it is fetched over http:// or git://.
	Unencrypted bool
	// Local is whether ADD takes it for a path of the build context all the same, as
	// it does github.com/owner/repository.
	Local bool
}

var (
	// urlScheme is what an address starts with that is no path.
	urlScheme = regexp.MustCompile(`^[a-zA-Z0-9]+://`)
	// scpAddress is user@host:path?query#fragment.
	scpAddress = regexp.MustCompile(`^([a-zA-Z0-9-_]+@[a-zA-Z0-9-.]+:.*?)(?:\?(.*?))?(?:#(.*))?$`)
)

// ParseGit returns the git repository that a source of ADD or COPY names; false if
// it names none. The error is about the query of one: BuildKit rejects it.
func ParseGit(src string) (ref GitRef, isGit bool, err error) {
	if urlScheme.MatchString(src) || strings.HasPrefix(src, "github.com/") {
		address, err := url.Parse(src)
		if err != nil {
			return GitRef{}, false, nil
		}
		switch address.Scheme {
		case "":
			ref.Local = true
		case "http", "https":
			if !strings.HasSuffix(address.Path, ".git") {
				return GitRef{}, false, nil
			}
		case "git", "ssh":
		default:
			return GitRef{}, false, nil
		}
		ref.Unencrypted = address.Scheme == "http" || address.Scheme == "git"
		ref.Ref, _, _ = strings.Cut(address.Fragment, ":")
		query, subdir := address.Query(), fragmentDirectory(address.Fragment)
		address.Fragment, address.RawFragment, address.RawQuery = "", "", ""
		ref.Remote = address.String()
		return ref, true, ref.apply(query, subdir)
	}
	parts := scpAddress.FindStringSubmatch(src)
	if parts == nil {
		return GitRef{}, false, nil
	}
	query, err := url.ParseQuery(parts[2])
	if err != nil {
		return GitRef{}, false, nil
	}
	ref.Remote = parts[1]
	ref.Ref, _, _ = strings.Cut(parts[3], ":")
	return ref, true, ref.apply(query, fragmentDirectory(parts[3]))
}

// fragmentDirectory returns the directory in "branch:directory", without slashes
// around it.
func fragmentDirectory(fragment string) string {
	_, subdir, _ := strings.Cut(fragment, ":")
	return strings.TrimPrefix(path.Join("/", subdir), "/")
}

// apply enters what a query says.
func (r *GitRef) apply(query url.Values, subdir string) error {
	tag, branch := "", ""
	for _, key := range slices.Sorted(maps.Keys(query)) {
		values := query[key]
		if len(values) > 1 {
			return fmt.Errorf("query %q has multiple values", key)
		}
		value := values[0]
		flag := key == "submodules" || key == "keep-git-dir" || key == "fetch-by-commit"
		if value == "" && !flag {
			return fmt.Errorf("query %q has no value", key)
		}
		switch key {
		case "ref":
			if err := r.setRef(value); err != nil {
				return err
			}
		case "tag":
			tag = value
		case "branch":
			branch = value
		case "subdir":
			if subdir != "" && subdir != value {
				return fmt.Errorf("subdir conflicts: %q vs %q", subdir, value)
			}
		case "checksum", "commit":
			r.Checksum = value
		case "mtime":
			if value != "checkout" && value != "commit" {
				return fmt.Errorf("invalid mtime value: %q (must be \"checkout\" or \"commit\")", value)
			}
		case "submodules", "keep-git-dir", "fetch-by-commit":
			on, err := strconv.ParseBool(value)
			if value == "" {
				on, err = true, nil
			}
			if err != nil {
				return fmt.Errorf("invalid %s value: %q", key, value)
			}
			if key == "keep-git-dir" {
				r.KeepGitDir = &on
			}
		default:
			return fmt.Errorf("unexpected query %q", key)
		}
	}
	if tag != "" {
		if err := r.setRef("refs/tags/" + strings.TrimPrefix(tag, "refs/tags/")); err != nil {
			return err
		}
	}
	if branch == "" {
		return nil
	}
	if tag != "" {
		return errors.New("branch conflicts with tag")
	}
	return r.setRef("refs/heads/" + strings.TrimPrefix(branch, "refs/heads/"))
}

func (r *GitRef) setRef(ref string) error {
	if r.Ref != "" && r.Ref != ref {
		return fmt.Errorf("ref conflicts: %q vs %q", r.Ref, ref)
	}
	r.Ref = ref
	return nil
}
