package compose

import "testing"

func TestContainerName(t *testing.T) {
	two := func(a, b string) string {
		return "services:\n  a:\n    image: a:1\n    container_name: " + a + "\n  b:\n    image: b:1\n    container_name: " + b + "\n"
	}
	judgeAll(t, containerName, map[string]judgement{
		"same":       {two("shop", "\"shop\""), []string{"HIGH compose.yaml:7:21: service b has the container name shop, which a has as well"}},
		"characters": {two("_shop", "shop db"), []string{"HIGH compose.yaml:4:21: _shop, which the engine does not allow", "HIGH compose.yaml:7:21: shop db"}},
		"override":   {"-- compose.yaml --\n" + two("x1", "x2") + "-- compose.override.yaml --\nservices:\n  b:\n    container_name: x1\n", []string{"MEDIUM compose.override.yaml:3:21: which a has as well"}},

		"different": {text: two("shop-a", "Shop_b.1")},
		"variables": {text: two("$A", "$A")},
		"profiles":  {text: "services:\n  a: {image: a, profiles: [x], container_name: shop}\n  b: {image: b, profiles: [y], container_name: shop}\n"},
		"two files": {text: "-- compose.yaml --\n" + two("x1", "x2") + "-- compose.prod.yaml --\n" + two("x1", "x2")},
	})
}
