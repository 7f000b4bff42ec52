package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// baseUsers are the users that images bring without running as them.
var baseUsers = map[string]string{
	"node": "node", "ghost": "node", "oven/bun": "bun", "denoland/deno": "deno", "gradle": "gradle", "php": "www-data",
	"postgres": "postgres", "redis": "redis", "valkey/valkey": "valkey", "mysql": "mysql", "mariadb": "mysql", "mongo": "mongodb", "rabbitmq": "rabbitmq",
	"mcr.microsoft.com/playwright": "pwuser",
}

// nonRootImages are images that are known not to run as root. A name that ends with
// a slash stands for all below it.
var nonRootImages = []string{
	"mambaorg/micromamba", "jenkins/jenkins", "grafana/grafana", "grafana/grafana-oss", "prom/prometheus", "curlimages/curl", "apache/airflow",
	"quay.io/keycloak/keycloak", "docker.elastic.co/elasticsearch/elasticsearch", "ghcr.io/puppeteer/puppeteer",
	"cimg/", "quay.io/jupyter/", "bitnami/", "bitnamilegacy/",
}

// rootImages are those of the nonRootImages' publishers that do run as root: to
// build on, and to develop with.
var rootImages = []string{"minideb", "node", "python", "ruby", "php-fpm", "java", "golang", "dotnet", "dotnet-sdk", "express", "laravel", "rails", "symfony", "codeigniter"}

// isNonRoot reports whether an image runs as another user than root, by what is
// known of it, or by what its name says.
func isNonRoot(n imageName) bool {
	words := n.words()
	for _, word := range []string{"nonroot", "rootless", "unprivileged", "chiseled", "nanoserver"} {
		if slices.Contains(words, word) {
			return true
		}
	}
	name := n.familiar()
	// Chainguard's images are not root, but for the bases to build on and the
	// variants with a package manager.
	if strings.HasPrefix(name, "cgr.dev/chainguard/") {
		return !strings.HasSuffix(name, "-base") && !slices.Contains(words, "dev")
	}
	return slices.ContainsFunc(nonRootImages, func(known string) bool {
		below, ok := strings.CutPrefix(name, known)
		return name == known || ok && strings.HasSuffix(known, "/") && !slices.Contains(rootImages, below)
	})
}

// switchUser says how to run the image as another user than root. What the base
// image has decides that: the commands that create a user are not the same
// everywhere, and some images have none at all.
func switchUser(s *dockerfile.Source) string {
	if s.Windows() {
		return "Write USER ContainerUser in the last stage"
	}
	for _, a := range slices.Backward(createdAccounts(s)) {
		if !isRoot(a.name) {
			return fmt.Sprintf("Write USER %s at the end of the last stage: line %d creates that user", cmp.Or(a.uid, a.name), a.call.Location.Line)
		}
	}
	root := s.Final.Root()
	const number = "Write USER 65532:65532 in the last stage"
	if root.BaseName.Known && root.BaseName.Text == dockerfile.Scratch {
		return number + ": without a shell nothing can create a user, and a number needs none"
	}
	image, ok := root.References[0].Image()
	if !ok {
		return ""
	}
	n, ok := parseImage(image)
	if !ok {
		return ""
	}
	const (
		create = "Create a user, and switch to it at the end of the last stage: "
		use    = ", then USER 10001"
		alpine = create + "RUN adduser --disabled-password --uid 10001 app" + use
		shadow = create + "RUN useradd --uid 10001 --user-group app" + use
	)
	name := n.familiar()
	if official := n.official(); official != "" {
		name = official
	}
	switch user, last := baseUsers[name], name[strings.LastIndex(name, "/")+1:]; {
	case user != "":
		return fmt.Sprintf("Write USER %s at the end of the last stage: the image %s brings that user", user, name)
	case name == "nginx":
		return "Begin the last stage with nginxinc/nginx-unprivileged, which listens on port 8080"
	case strings.HasPrefix(name, "gcr.io/distroless/"):
		return "Take the tag nonroot of " + name + ", debug-nonroot for debug, or write USER 65532:65532: it has no shell to create a user with"
	case n.tagHas("distroless"), strings.Contains(last, "distroless"), n.tagHas("micro"), strings.HasSuffix(last, "-micro"):
		return number + ": a number needs no account"
	case strings.HasSuffix(last, "-minimal"), n.tagHas("minimal"), name == "amazonlinux", name == "busybox":
		return number + ": a number needs no account, and the image has no useradd"
	case name == "alpine", n.tagHas("alpine"), strings.HasSuffix(last, "alpine"), strings.Contains(last, "wolfi"):
		return alpine
	case strings.HasPrefix(name, "mcr.microsoft.com/dotnet/"):
		return "Write USER $APP_UID at the end of the last stage, the user that the image brings from .NET 8 on"
	case slices.Contains(shadowImages, name), strings.HasPrefix(last, "ubi"), strings.HasPrefix(name, "opensuse/"), strings.HasPrefix(name, "registry.suse.com/"):
		return shadow
	}
	return ""
}

// shadowImages have useradd, and no adduser that could be relied on: that of Debian
// is a package of its own, and that of the Red Hat family has other options.
var shadowImages = []string{
	"debian", "ubuntu", "buildpack-deps", "python", "ruby", "golang", "rust", "perl", "gcc", "erlang", "elixir", "eclipse-temurin", "openjdk", "tomcat",
	"fedora", "rockylinux", "almalinux", "centos", "oraclelinux", "archlinux", "httpd",
}
