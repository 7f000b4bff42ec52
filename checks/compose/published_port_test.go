package compose

import "testing"

func TestPublishedPort(t *testing.T) {
	db := func(port string) string {
		return "services:\n  db:\n    image: postgres:16.4\n    ports:\n      - " + port + "\n"
	}
	judgeAll(t, publishedPort, map[string]judgement{
		"everywhere":                 {db("\"5432:5432\""), []string{"MEDIUM compose.yaml:5:9: service db publishes port 5432 of postgres:16.4 on every address of the machine"}},
		"no quotes":                  {db("5433:5432"), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"a number":                   {db("5432"), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"0.0.0.0":                    {db("\"0.0.0.0:5432:5432/tcp\""), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"IPv6":                       {db("\"[::]:5432:5432\""), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"long form":                  {db("{target: 5432, published: \"5432\"}"), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"by default":                 {db("\"${PORT:-5432}:5432\""), []string{"MEDIUM compose.yaml:5:9: port 5432"}},
		"development":                {"-- compose.dev.yaml --\n" + db("\"5432:5432\""), []string{"LOW compose.dev.yaml:5:9: port 5432"}},
		"a debugger":                 {"services:\n  app: {build: ., ports: [\"3000:3000\", \"9229:9229\"]}\n", []string{"MEDIUM compose.yaml:2:40: port 9229 of a debugger"}},
		"a debugger of Python":       {"services:\n  app: {build: ., ports: [\"5678:5678\"]}\n", []string{"MEDIUM compose.yaml:2:27: port 5678 of a debugger"}},
		"a debugger, source mounted": {"services:\n  app: {image: \"eclipse-temurin:21.0.4_7-jdk\", ports: [\"5005:5005\"], volumes: [\".:/app\"]}\n", []string{"LOW compose.yaml:2:56: port 5005 of a debugger"}},
		"a debugger, image":          {"services:\n  app: {image: \"ghcr.io/acme/app:1.2.3\", ports: [\"9229:9229\"]}\n", []string{"MEDIUM compose.yaml:2:50: port 9229 of a debugger"}},
		"the engine":                 {"services:\n  proxy: {image: \"tecnativa/docker-socket-proxy:0.3.0\", ports: [\"12375:2375\"]}\n", []string{"HIGH compose.yaml:2:65: port 2375 of the container engine's API"}},
		"a daemon":                   {"services:\n  docker: {image: \"docker:27.3.1-dind\", ports: [\"2375:2375\"]}\n", []string{"HIGH compose.yaml:2:49: port 2375 of the container engine's API"}},

		"a program at the port of a debugger": {text: "services:\n  n8n: {image: \"n8nio/n8n:1.64.3\", ports: [\"5678:5678\"]}\n"},
		"the engine, for the machine":         {text: "services:\n  proxy: {image: \"tecnativa/docker-socket-proxy:0.3.0\", ports: [\"127.0.0.1:2375:2375\"]}\n"},
		"localhost":                           {text: db("\"127.0.0.1:5432:5432\"")},
		"IPv6 localhost":                      {text: db("\"[::1]:5432:5432\"")},
		"localhost, long form":                {text: db("{target: 5432, published: \"5432\", host_ip: 127.0.0.1}")},
		"address of a variable":               {text: db("\"${HOST}:5432:5432\"")},
		"application":                         {text: "services:\n  app: {build: ., ports: [\"80:8080\"]}\n"},
		"exposed":                             {text: "services:\n  db: {image: \"postgres:16.4\", expose: [\"5432\"]}\n"},
		"reset":                               {text: "-- compose.yaml --\n" + db("\"127.0.0.1:5432:5432\"") + "-- compose.prod.yaml --\nservices:\n  db:\n    ports: !reset []\n"},
	})
}
