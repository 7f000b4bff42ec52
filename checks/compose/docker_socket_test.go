package compose

import "testing"

func TestDockerSocket(t *testing.T) {
	app := func(volume string) string {
		return "services:\n  app:\n    build: .\n    volumes:\n      - " + volume + "\n"
	}
	judgeAll(t, dockerSocket, map[string]judgement{
		"mounted":                          {app("/var/run/docker.sock:/var/run/docker.sock"), []string{"HIGH compose.yaml:5:9: service app has the socket of the container engine, /var/run/docker.sock"}},
		"read only":                        {app("/run/docker.sock:/tmp/d.sock:ro"), []string{"HIGH compose.yaml:5:9: /run/docker.sock"}},
		"long form":                        {app("{type: bind, source: /var/run/podman/podman.sock, target: /a}"), []string{"HIGH compose.yaml:5:9: podman.sock"}},
		"Windows":                          {app(`\\.\pipe\docker_engine:\\.\pipe\docker_engine`), []string{"HIGH compose.yaml:5:9: docker_engine"}},
		"variable":                         {app("${SOCKET:-/var/run/docker.sock}:/var/run/docker.sock"), []string{"HIGH compose.yaml:5:9: docker.sock"}},
		"development":                      {"-- .devcontainer/docker-compose.yml --\n" + app("/var/run/docker.sock:/var/run/docker.sock"), []string{"MEDIUM .devcontainer/docker-compose.yml:5:9: docker.sock"}},
		"directory of it":                  {app("/var/run:/var/run:ro"), []string{"HIGH compose.yaml:5:9: has the directory /var/run of the machine, and in it the socket"}},
		"whole disk":                       {app("/:/host"), []string{"HIGH compose.yaml:5:9: has the directory / of"}},
		"whole disk, read only":            {app("/:/rootfs:ro,rslave"), []string{"MEDIUM compose.yaml:5:9: has the directory / of"}},
		"whole disk, read only, long form": {app("{type: bind, source: /, target: /rootfs, read_only: true}"), []string{"MEDIUM compose.yaml:5:9: has the directory / of"}},
		"at the place of a variable":       {app("${SOCKET:?}:/var/run/docker.sock:ro"), []string{"HIGH compose.yaml:5:9: the socket of the container engine, ${SOCKET:?}"}},
		"below a variable":                 {app("$XDG_RUNTIME_DIR/podman/podman.sock:/a:ro"), []string{"HIGH compose.yaml:5:9: podman.sock"}},

		"below the directory of it":         {text: app("/var/run/dbus:/var/run/dbus")},
		"volume":                            {text: app("run:/var/run") + "volumes: {run: }\n"},
		"tmpfs":                             {text: app("{type: tmpfs, target: /run}")},
		"directory":                         {text: app("/var/run/app:/var/run")},
		"another socket":                    {text: app("/run/php.sock:/run/php.sock")},
		"a path like it":                    {text: app("./docker.sock.d:/a")},
		"unknown":                           {text: app("$SOCKET:/tmp/a")},
		"a proxy":                           {text: "services:\n  proxy:\n    image: lscr.io/linuxserver/socket-proxy:1.26.3\n    volumes: [\"/var/run/docker.sock:/var/run/docker.sock:ro\"]\n"},
		"replaced by what is mounted there": {text: "-- compose.yaml --\n" + app("/a:/var/run/b.sock")},
	})
}
