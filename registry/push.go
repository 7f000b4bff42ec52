// Package registry publishes an image so that a tag never names anything but
// the very bytes that were handed in: content first, then the manifest under its
// digest, then, once the registry confirms that digest, the tags.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Options say how registries are reached. The zero value speaks HTTPS (HTTP to
// loopback and private addresses), anonymously.
type Options struct {
	// Keychain finds the credentials for each registry.
	Keychain authn.Keychain
	// Endpoint is the host:port that every address is reached at instead of the
	// one it names, over plain HTTP; for a registry that goes by another name
	// where the image is published from.
	Endpoint string
}

// Tags parses addresses of the form [registry/]repository:tag. A tag has to be
// there, since publishing to "latest" by omission is what nobody means.
func Tags(addresses []string, opts Options) ([]name.Tag, error) {
	if len(addresses) == 0 {
		return nil, errors.New("no address to publish to: name at least one, as in --address=registry.example.com/app:1.4.2")
	}
	var parse []name.Option
	if opts.Endpoint != "" {
		parse = append(parse, name.Insecure)
	}
	var tags []name.Tag
	var errs []error
	for _, a := range addresses {
		ref, err := name.ParseReference(a, append(parse, name.WithDefaultTag(""))...)
		if err != nil {
			errs = append(errs, fmt.Errorf("address %q: %w", a, err))
			continue
		}
		tag, ok := ref.(name.Tag)
		if !ok || tag.TagStr() == "" {
			errs = append(errs, fmt.Errorf("address %q names no tag: write one behind it, as in %s:1.4.2", a, ref.Context()))
			continue
		}
		tags = append(tags, tag)
	}
	return tags, errors.Join(errs...)
}

// Push publishes an image (a v1.Image, or a v1.ImageIndex of several platforms)
// under each tag and returns a line "repository:tag@digest"
// for each. Layers are uploaded once a repository. No tag is moved before every
// repository holds the image under its digest; where a tag cannot be moved, the
// error names those that were.
func Push(ctx context.Context, img partial.WithRawManifest, tags []name.Tag, opts Options) ([]string, error) {
	digest, err := partial.Digest(img)
	if err != nil {
		return nil, fmt.Errorf("read the image's digest: %w", err)
	}
	options := opts.remote(ctx, tags)
	pusher, err := remote.NewPusher(options...)
	if err != nil {
		return nil, fmt.Errorf("set up the push: %w", err)
	}
	pushed := map[string]bool{}
	for _, tag := range tags {
		repo := tag.Context()
		if pushed[repo.Name()] {
			continue
		}
		pushed[repo.Name()] = true
		ref := repo.Digest(digest.String())
		if err := pusher.Push(ctx, ref, img); err != nil {
			return nil, fmt.Errorf("push to %s (no tag was moved): %w", repo, explain(err))
		}
		if err := confirm(ref, digest, options); err != nil {
			return nil, fmt.Errorf("%w (no tag was moved)", err)
		}
	}
	var lines []string
	for _, tag := range tags {
		if err := pusher.Put(ctx, tag, img); err != nil {
			return nil, fmt.Errorf("move tag %s (moved before it: %v): %w", tag, lines, explain(err))
		}
		if err := confirm(tag, digest, options); err != nil {
			return nil, fmt.Errorf("%w (moved before it: %v)", err, lines)
		}
		lines = append(lines, fmt.Sprintf("%s@%s", tag, digest))
	}
	return lines, nil
}

func confirm(ref name.Reference, want v1.Hash, options []remote.Option) error {
	got, err := remote.Head(ref, options...)
	if err != nil {
		return fmt.Errorf("ask the registry for %s: %w", ref, explain(err))
	}
	if got.Digest != want {
		return fmt.Errorf("the registry holds %s as %s, but %s was pushed: something else writes to it", ref, got.Digest, want)
	}
	return nil
}

func (o Options) remote(ctx context.Context, tags []name.Tag) []remote.Option {
	transport := remote.DefaultTransport.(*http.Transport).Clone()
	if o.Endpoint != "" {
		named := map[string]bool{}
		for _, t := range tags {
			named[hostPort(t.RegistryStr())] = true
		}
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if named[addr] {
				addr = o.Endpoint
			}
			return dial(ctx, network, addr)
		}
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(transport), remote.WithUserAgent("imagegate")}
	if o.Keychain != nil {
		options = append(options, remote.WithAuthFromKeychain(o.Keychain))
	}
	return options
}

// hostPort returns the address that plain HTTP to a registry's host dials.
func hostPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(host, "80")
}
