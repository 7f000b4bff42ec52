package sbom

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// completeSPDX names the image in the package that the document describes, and makes
// the document valid by the schema of SPDX where Trivy does not.
func completeSPDX(doc object, image Image, sum string) error {
	if version := text(doc, "spdxVersion"); version != "SPDX-2.3" {
		return fmt.Errorf("its spdxVersion is %q, not SPDX-2.3", version)
	}
	if err := require(doc, "the document", "SPDXID", "name", "dataLicense", "documentNamespace"); err != nil {
		return err
	}
	info, _ := doc["creationInfo"].(object)
	if err := require(info, "creationInfo", "created"); err != nil {
		return err
	}
	if creators, _ := info["creators"].([]any); len(creators) == 0 {
		return errors.New("creationInfo names no creators")
	}
	packages, err := objects(doc, "packages")
	if err != nil {
		return err
	}
	for i, p := range packages {
		if err := require(p, fmt.Sprintf("packages[%d]", i), "SPDXID", "name", "downloadLocation"); err != nil {
			return err
		}
		// Trivy writes it as documents of tags and values have it: OPERATING-SYSTEM.
		if purpose := text(p, "primaryPackagePurpose"); purpose != "" {
			p["primaryPackagePurpose"] = strings.ReplaceAll(purpose, "-", "_")
		}
	}
	if err := unique(packages, "SPDXID", "packages"); err != nil {
		return err
	}
	relationships, err := objects(doc, "relationships")
	if err != nil {
		return err
	}
	described := ""
	for _, r := range relationships {
		if text(r, "relationshipType") == "DESCRIBES" && text(r, "spdxElementId") == text(doc, "SPDXID") {
			described = text(r, "relatedSpdxElement")
		}
	}
	at := slices.IndexFunc(packages, func(p object) bool { return described != "" && text(p, "SPDXID") == described })
	if at < 0 {
		return fmt.Errorf("no package is the one that the document describes (%q)", described)
	}
	root := packages[at]
	if !ofImage(root, image.ImageID) {
		return errOtherImage
	}
	doc["name"], root["name"], root["versionInfo"] = image.Name, image.Name, image.Digest
	root["checksums"] = []any{object{"algorithm": "SHA256", "checksumValue": sum}}
	return add(root, "externalRefs", object{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": image.url()})
}

// ofImage reports whether a package is the image of this id, by the note that
// Trivy adds to it.
func ofImage(root object, id string) bool {
	annotations, err := objects(root, "annotations")
	return err == nil && slices.ContainsFunc(annotations, func(a object) bool { return text(a, "comment") == "ImageID: "+id })
}
