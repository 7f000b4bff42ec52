package compose

import "testing"

func TestDependencyVolume(t *testing.T) {
	const node = "-- Dockerfile --\nFROM node:20.1.2\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\n"
	app := func(settings, dockerfile string) string {
		return "-- compose.yaml --\nservices:\n  app:\n    build: .\n" + settings + dockerfile
	}
	const mount = "    volumes: [\".:/app\"]\n"
	docker := func(lines string) string { return "-- Dockerfile --\nFROM a:1.2.3\nWORKDIR /app\n" + lines }
	judgeAll(t, dependencyVolume, map[string]judgement{
		"node":             {app(mount, node), []string{"MEDIUM compose.yaml:4:15: mounts . over /app, and so hides the /app/node_modules that the image has"}},
		"long form":        {app("    volumes:\n      - type: bind\n        source: ./\n        target: /app/\n", node), []string{"MEDIUM compose.yaml:5:9: hides the /app/node_modules"}},
		"in the override":  {app("", node) + "-- compose.override.yaml --\nservices:\n  app:\n" + mount, []string{"MEDIUM compose.override.yaml:3:15: hides"}},
		"another volume":   {app("    volumes: [\".:/app\", /app/dist]\n", node), []string{"MEDIUM compose.yaml:4:15: hides"}},
		"stage of its own": {app(mount, docker("RUN npm ci\n")+"FROM a AS last\nWORKDIR /app\nCOPY --from=0 /app/node_modules ./node_modules\n"), []string{"MEDIUM compose.yaml:4:15: hides the /app/node_modules"}},
		"target":           {"-- compose.yaml --\nservices:\n  app:\n    build: {context: ., target: dev}\n" + mount + "-- Dockerfile --\nFROM a AS deps\nWORKDIR /app\nRUN yarn --frozen-lockfile\nFROM deps AS dev\nFROM a\n", []string{"MEDIUM compose.yaml:4:15: hides"}},
		"composer":         {app(mount, docker("RUN composer install --no-dev\n")), []string{"MEDIUM compose.yaml:4:15: /app/vendor"}},
		"uv":               {app(mount, docker("RUN uv sync --frozen\n")), []string{"MEDIUM compose.yaml:4:15: /app/.venv"}},

		"anonymous volume":         {text: app("    volumes: [\".:/app\", /app/node_modules/]\n", node)},
		"named volume":             {text: app("    volumes: [\".:/app\", \"modules:/app/node_modules\"]\n", node) + "-- a --\n"},
		"volume in the override":   {text: app("    volumes: [/app/node_modules]\n", node) + "-- compose.override.yaml --\nservices:\n  app:\n" + mount},
		"tmpfs":                    {text: app(mount+"    tmpfs: [/app/node_modules]\n", node)},
		"part of the source":       {text: app("    volumes: [\"./src:/app/src\"]\n", node) + "-- src/a.js --\n"},
		"a file":                   {text: app("    volumes: [\"./a.conf:/app/a.conf\"]\n", node) + "-- a.conf --\n"},
		"named volume over it":     {text: app("    volumes: [\"app:/app\"]\n", node)},
		"installs at the start":    {text: app(mount+"    command: sh -c \"npm install && npm run dev\"\n", node)},
		"script that installs":     {text: app(mount, node+"ENTRYPOINT [\"/app/start.sh\"]\n-- start.sh --\nnpm install\nexec \"$@\"\n")},
		"script that is not there": {text: app(mount, node+"ENTRYPOINT [\"/start.sh\"]\n")},
		"elsewhere in the image":   {text: app(mount, "-- Dockerfile --\nFROM a\nWORKDIR /deps\nRUN npm ci\nWORKDIR /app\n")},
		"below another directory":  {text: app(mount, docker("RUN cd /web && npm ci\n"))},
		"global tool":              {text: app(mount, docker("RUN npm install -g pnpm\n"))},
		"pip":                      {text: app(mount, docker("RUN pip install -r requirements.txt\n"))},
		"uv elsewhere":             {text: app(mount, docker("ENV UV_PROJECT_ENVIRONMENT=/venv\nRUN uv sync\n"))},
		"plug and play":            {text: app(mount, docker("RUN yarn install\n")) + "-- .yarnrc.yml --\nyarnPath: a\n"},
		"unknown volume":           {text: app("    volumes: [\".:/app\", \"$VOLUME\"]\n", node)},
		"unknown workdir":          {text: app(mount, "-- Dockerfile --\nFROM a\nRUN npm ci\n")},
		"image":                    {text: "-- compose.yaml --\nservices:\n  app:\n    image: a\n" + mount + node},
	})
}
