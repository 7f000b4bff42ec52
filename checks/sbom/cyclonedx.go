package sbom

import (
	"errors"
	"fmt"
	"slices"
)

// cycloneDXVersions are those whose required members are the ones seen to here.
var cycloneDXVersions = []string{"1.5", "1.6", "1.7"}

// completeCycloneDX names the image in metadata.component, which is what the
// document is of.
func completeCycloneDX(doc object, image Image, sum string) error {
	if text(doc, "bomFormat") != "CycloneDX" || !slices.Contains(cycloneDXVersions, text(doc, "specVersion")) {
		return fmt.Errorf("its bomFormat is %q and its specVersion %q, not CycloneDX %v", text(doc, "bomFormat"), text(doc, "specVersion"), cycloneDXVersions)
	}
	if err := require(doc, "the document", "serialNumber"); err != nil {
		return err
	}
	metadata, _ := doc["metadata"].(object)
	root, _ := metadata["component"].(object)
	if root == nil {
		return errors.New("it has no metadata.component, which is the image")
	}
	if err := require(metadata, "metadata", "timestamp"); err != nil {
		return err
	}
	if err := require(root, "metadata.component", "type", "name", "bom-ref"); err != nil {
		return err
	}
	components, err := objects(doc, "components")
	if err != nil {
		return err
	}
	for i, c := range components {
		if err := require(c, fmt.Sprintf("components[%d]", i), "type", "name"); err != nil {
			return err
		}
	}
	if err := unique(append([]object{root}, components...), "bom-ref", "components"); err != nil {
		return err
	}
	properties, err := objects(root, "properties")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(properties, func(p object) bool {
		return text(p, "name") == "aquasecurity:trivy:ImageID" && text(p, "value") == image.ImageID
	}) {
		return errOtherImage
	}
	// Other parts refer to the image by its bom-ref, which stays.
	root["type"], root["name"], root["version"], root["purl"] = "container", image.Name, image.Digest, image.url()
	root["hashes"] = []any{object{"alg": "SHA-256", "content": sum}}
	return nil
}
