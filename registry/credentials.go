package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Login returns a keychain that gives one user's credentials to every registry.
func Login(username, password string) (authn.Keychain, error) {
	if username == "" || password == "" {
		return nil, errors.New("a registry login needs both: pass --registry-username and --registry-password")
	}
	return login{&authn.Basic{Username: username, Password: password}}, nil
}

type login struct{ authn.Authenticator }

func (l login) Resolve(authn.Resource) (authn.Authenticator, error) { return l.Authenticator, nil }

// DockerConfig returns a keychain of the credentials in the text of a Docker
// configuration file (~/.docker/config.json). Credential helpers, which that
// file may name, are programs of the caller's machine and cannot be asked here:
// a registry whose credentials only a helper has is an error.
func DockerConfig(text string) (authn.Keychain, error) {
	file, err := config.LoadFromReader(strings.NewReader(text))
	if err != nil {
		// The parser's own words may quote the file, and so a secret.
		return nil, errors.New("the Docker configuration given with --docker-config is not valid JSON of that kind: compare it with ~/.docker/config.json")
	}
	auths := map[string]authn.AuthConfig{}
	for host, a := range file.AuthConfigs {
		auth := authn.AuthConfig{
			Username: a.Username, Password: a.Password, Auth: a.Auth,
			IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
		}
		if auth != (authn.AuthConfig{}) {
			auths[hostname(host)] = auth
		}
	}
	helpers := map[string]string{}
	for host, h := range file.CredentialHelpers {
		helpers[hostname(host)] = h
	}
	return dockerConfig{auths, helpers, file.CredentialsStore}, nil
}

type dockerConfig struct {
	auths   map[string]authn.AuthConfig
	helpers map[string]string
	store   string
}

func (c dockerConfig) Resolve(target authn.Resource) (authn.Authenticator, error) {
	host := hostname(target.RegistryStr())
	if a, ok := c.auths[host]; ok {
		return authn.FromConfig(a), nil
	}
	helper := c.helpers[host]
	if helper == "" {
		helper = c.store
	}
	if helper != "" {
		return nil, fmt.Errorf("the Docker configuration leaves the credentials of %s to the helper docker-credential-%s, which runs only on your machine: "+
			"pass --registry-username and --registry-password instead", host, helper)
	}
	return authn.Anonymous, nil
}

// hostname reduces the keys that Docker writes ("https://index.docker.io/v1/")
// and the names that references use to one form.
func hostname(key string) string {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, _, _ := strings.Cut(key, "/")
	switch host {
	case "docker.io", "registry-1.docker.io":
		return "index.docker.io"
	}
	return host
}

// explain adds what to do to the refusals that a user can mend.
func explain(err error) error {
	var refused *transport.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.StatusCode {
	case http.StatusUnauthorized:
		return fmt.Errorf("the registry asks for a login, or refused this one: pass --registry-username and --registry-password, or --docker-config: %w", err)
	case http.StatusForbidden:
		return fmt.Errorf("the registry knows this login, which may not write here: %w", err)
	}
	return err
}
