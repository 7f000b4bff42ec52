package coverage

import (
	"maps"

	"github.com/imagegate/imagegate/checks/source"
)

// LeftOut returns why no check answers a rule of another tool, by the rule's id.
func LeftOut() map[string]string {
	all := maps.Clone(leftOut)
	maps.Copy(all, source.BuildKitLeftOut())
	return all
}

// What several rules are left out for.
const (
	trust  = "Whom to trust is a policy of each organisation, which a Dockerfile does not tell."
	order  = "The order of keys changes nothing that runs, so that the rule would only nag."
	notary = "Content trust is a setting of the client that pulls, not of the image; a digest in FROM holds the build to the image that was chosen."
)

var leftOut = map[string]string{
	"DL1001": "A comment that accepts a finding is the way to accept one where it stands; what it waives stays in the report.",
	"DL3026": trust,
	"DL3047": "The progress of a download is a matter of the build's log alone; the image is the same.",
	"DL3050": "Which labels are too many needs a schema of the organisation; a further label does no harm.",
	"DL3059": "Consecutive RUN instructions do no harm: separate layers are cached better, and easier to read. What a layer keeps for no reason has checks of its own.",

	"CIS-DI-0005": notary,
	"DKL-DI-0006": "An image has no tag before it is published: the address that is given to publish decides.",

	"CIS-4.2":  trust,
	"CIS-4.5":  notary,
	"CIS-4.12": "What is signed, and by whom, is a policy of each organisation; the benchmark itself has it checked by hand.",

	"no-build-and-image":                      "An image beside a build names what is built, as Compose documents it.",
	"no-version-field":                        "Compose ignores the field, and says so itself on every run.",
	"require-quotes-in-ports":                 "Compose reads YAML 1.2, in which a port without quotes is the same text.",
	"no-quotes-in-volumes":                    "Quotes around a volume change nothing: the YAML value is the same.",
	"require-project-name-field":              "A project without a name has that of its directory, which is what most projects want; a fixed one keeps two checkouts from running side by side.",
	"service-dependencies-alphabetical-order": order,
	"service-keys-order":                      order,
	"service-ports-alphabetical-order":        order,
	"services-alphabetical-order":             order,
	"top-level-properties-order":              order,
}
