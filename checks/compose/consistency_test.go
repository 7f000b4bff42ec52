package compose

import "testing"

// TestConsistency has what Compose refuses although it follows the schema, and what
// comes near to it.
func TestConsistency(t *testing.T) {
	app := func(settings string) string { return services + "    " + settings + "\n" }
	high := func(text, finding string) judgement { return judgement{text, []string{"HIGH compose.yaml:" + finding}} }
	judgeAll(t, valid, map[string]judgement{
		"health check without CMD":      high(app("healthcheck: {test: [curl, -f, \"http://localhost\"]}"), "4:26: begins with curl: the first entry is to be CMD, CMD-SHELL or NONE"),
		"network mode and networks":     high(app("network_mode: host\n    networks: [a]")+"networks: {a: }\n", "4:19: service app has both network_mode and networks"),
		"network of no service":         high(app("network_mode: service:vpn"), "4:19: service app has the network_mode of vpn, which is no service"),
		"processes of no service":       high(app("pid: service:vpn"), "4:10: the pid of vpn"),
		"links":                         high(app("links: [\"db:x\"]"), "4:13: service app has db under links, which is no service"),
		"volumes_from":                  high(app("volumes_from: [data]"), "4:20: service app has data under volumes_from"),
		"build secret":                  high(app("build: {context: ., secrets: [npm]}"), "4:35: service app has npm under build.secrets"),
		"model":                         high(app("models: [llm]"), "4:14: service app has llm under models"),
		"context of no service":         high(app("build: {context: ., additional_contexts: {a: \"service:b\"}}"), "4:47: the image of b, which is no service"),
		"context of an image":           high(app("build: {context: ., additional_contexts: [\"a=service:b\"]}")+"  b: {image: b}\n", "4:47: the image of b, which is not built"),
		"several of one name":           high(app("container_name: app\n    deploy: {replicas: 3}"), "4:21: a container_name, which only one of its 3 containers can have"),
		"scaled, of one name":           high(app("container_name: app\n    scale: 2"), "4:21: a container_name"),
		"scale":                         high(app("scale: 2\n    deploy: {replicas: 3}"), "4:12: scale 2 and deploy.replicas 3"),
		"two Dockerfiles":               high(app("build: {context: ., dockerfile: D, dockerfile_inline: FROM a}"), "4:37: both build.dockerfile and build.dockerfile_inline"),
		"sync without target":           {app("develop: {watch: [{action: sync, path: ./src}]}"), []string{"MEDIUM compose.yaml:4:32: service app has sync under develop.watch without a target"}},
		"duration without unit":         high(app("healthcheck: {test: a, interval: \"5\"}"), "4:38: the healthcheck.interval 5, which is no duration"),
		"duration in words":             high(app("stop_grace_period: 3 seconds"), "4:24: the stop_grace_period 3 seconds, which is no duration"),
		"duration with a space":         high(app("stop_grace_period: 1m 30s"), "4:24: which is no duration"),
		"size in words":                 high(app("mem_limit: 256megs"), "4:16: the mem_limit 256megs, which is no size"),
		"size as Kubernetes has it":     high(app("deploy: {resources: {limits: {memory: 512Mi}}}"), "4:43: the deploy.resources.limits.memory 512Mi, which is no size"),
		"port that is too high":         high(app("ports: [\"99999:80\"]"), "4:13: service app has the port 99999:80, which Compose cannot read"),
		"port by its name":              high(app("ports: [\"80:http\"]"), "4:13: the port 80:http"),
		"port of a host":                high(app("ports: [\"localhost:80:80\"]"), "4:13: the port localhost:80:80"),
		"port of an unknown protocol":   high(app("ports: [\"80:80/xyz\"]"), "4:13: the port 80:80/xyz"),
		"address without a second port": high(app("ports: [\"127.0.0.1:80\"]"), "4:13: the port 127.0.0.1:80"),
		"ports from high to low":        high(app("ports: [\"82-80:80\"]"), "4:13: the port 82-80:80"),
		"secret of two":                 high(app("secrets: [a]")+"secrets:\n  a: {file: x, environment: Y}\n", "6:3: a of secrets has file and environment"),
		"secret of none":                high(app("secrets: [a]")+"secrets:\n  a: {}\n", "6:3: a of secrets has none of file, environment, and is not external"),
		"config of two":                 high(app("configs: [a]")+"configs:\n  a: {file: x, content: Y}\n", "6:3: a of configs has file and content"),
		"external volume":               high(app("volumes: [\"d:/d\"]")+"volumes: {d: {external: true, driver: local}}\n", "5:31: the volume d is external, and has driver"),
		"profile that is off": {app("depends_on: [db]") + "  db: {image: \"b:1\", profiles: [a]}\n",
			[]string{"MEDIUM compose.yaml:4:18: service app depends on db, which is only there with one of its profiles"}},
		"laid over": {"-- compose.yaml --\n" + app("healthcheck: {test: [CMD, a]}") + "-- compose.gpu.yaml --\nservices:\n  app:\n    healthcheck: {interval: \"5\"}\n",
			[]string{"HIGH compose.gpu.yaml:3:29: healthcheck.interval"}},
		"settings of two files": {"-- compose.yaml --\n" + app("secrets: [a]") + "secrets: {a: {file: x}}\n-- compose.prod.yaml --\nservices:\n  app: {restart: always}\nsecrets: {a: {environment: Y}}\n",
			[]string{"HIGH compose.prod.yaml:3:11: a of secrets has file and environment"}},

		"health checks":               {text: app("healthcheck: {test: [CMD-SHELL, a], interval: 1m30s, timeout: 1.5s, start_period: 500ms}") + "  b: {image: b, healthcheck: {test: curl -f localhost}}\n  c: {image: c, healthcheck: {test: [NONE]}}\n  d: {image: d, healthcheck: {test: [\"${T}\", a]}}\n"},
		"network of a service":        {text: app("network_mode: service:vpn\n    networks: []") + "  vpn: {image: a}\n"},
		"network of a container":      {text: app("network_mode: container:a\n    ipc: service:b\n    pid: host") + "  b: {image: b}\n"},
		"network that may be none":    {text: app("network_mode: \"${MODE:-}\"\n    networks: [a]") + "networks: {a: }\n"},
		"links of services":           {text: app("links: [\"db:x\", db]\n    volumes_from: [\"db:ro\", \"container:x:ro\", \"$X\"]") + "  db: {image: a}\n"},
		"build secrets":               {text: app("build: {context: ., secrets: [npm, {source: key}]}") + "secrets: {npm: {environment: NPM_TOKEN}, key: {file: key}}\n"},
		"models":                      {text: app("models: {llm: {endpoint_var: URL}}") + "models: {llm: {model: ai/smollm2}}\n"},
		"context of a service":        {text: app("build: {context: ., additional_contexts: {a: \"service:b\", c: \"docker-image://a\"}}") + "  b: {build: b}\n"},
		"one of one name":             {text: app("container_name: app\n    deploy: {replicas: 1}")},
		"name of a variable":          {text: app("container_name: app\n    deploy: {replicas: \"$N\"}")},
		"same scale":                  {text: app("scale: 2\n    deploy: {replicas: 2}")},
		"sync":                        {text: app("develop: {watch: [{action: sync, path: ./src, target: /a}, {action: rebuild, path: a}, {action: restart, path: b}]}")},
		"durations":                   {text: app("stop_grace_period: \"0\"\n    healthcheck: {test: a, interval: \"$I\", timeout: \"${T:-5s}\", start_period: 1w2d}")},
		"sizes":                       {text: app("mem_limit: 1.5 GB\n    memswap_limit: -1\n    shm_size: 64000000\n    mem_reservation: 512MiB") + "  b: {image: b, mem_limit: 512B, shm_size: \"$S\", memswap_limit: \"-1\"}\n"},
		"ports":                       {text: app("ports: [80, \"8000-8010:80\", \":80\", \"127.0.0.1::80\", \"[::1]:80:80/TCP\", \"80-82\", \"$P:80\", \"${P:-80}:80\", \"0:80\", {target: 80, published: \"8000-8010\"}]")},
		"declarations":                {text: app("secrets: [a, b, c]") + "secrets: {a: {external: true}, b: {file: b, name: x}, c: {environment: C}}\nconfigs: {d: {content: a}, e: {file: e}}\nvolumes: {f: {external: true, name: f, x-a: b}, g: {external: false, driver: local}, h: }\n"},
		"profile that both have":      {text: app("profiles: [a]\n    depends_on: [db]") + "  db: {image: \"b:1\", profiles: [a]}\n"},
		"profile that may be off":     {text: app("depends_on: {db: {condition: service_started, required: false}}") + "  db: {image: \"b:1\", profiles: [a]}\n"},
		"secret of another file":      {text: "-- compose.yaml --\n" + app("secrets: [a]") + "secrets: {a: {file: x}}\n-- compose.prod.yaml --\nservices:\n  app: {restart: always}\nsecrets: {a: !override {environment: Y}}\n"},
		"scale that another file has": {text: "-- compose.yaml --\n" + app("scale: 2") + "-- compose.prod.yaml --\nservices:\n  app: {scale: 3, deploy: {replicas: 3}}\n"},
	})
}
