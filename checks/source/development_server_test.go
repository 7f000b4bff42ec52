package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDevelopmentServer(t *testing.T) {
	manifest := func(cmd, script string) string {
		return "-- Dockerfile --\nFROM node:22\nWORKDIR /app\nCOPY . .\nCMD " + cmd + "\n-- package.json --\n{\"scripts\": {\"start\": \"" + script + "\"}}\n"
	}
	judgeAll(t, developmentServer, map[string]judgement{
		"columns":       {text: "FROM a:1\nCMD exec flask run --host 0.0.0.0\n", status: checks.Warn, finding: "2:5: the container starts flask run, which is for development"},
		"in a script":   {text: "-- Dockerfile --\nFROM a:1\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\npython manage.py migrate\nexec python manage.py runserver 0.0.0.0:8000\n", status: checks.Warn, finding: "e.sh:3:1: manage.py runserver"},
		"asked for":     {text: "-- Dockerfile --\nFROM a:1\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\nif [ \"$DEV\" ]; then exec flask run; fi\nexec gunicorn a:a\n", status: checks.Pass},
		"npm start":     {text: manifest(`["npm", "start"]`, "react-scripts start"), status: checks.Warn, finding: "package.json:1: react-scripts start"},
		"npm start, ok": {text: manifest(`["npm", "start"]`, "next start"), status: checks.Pass},
		"variable":      {text: "FROM a:1\nENV A=1 \\\n    NODE_ENV=development\nCMD [\"node\", \".\"]\n", status: checks.Warn, finding: "3:5: ENV NODE_ENV=development puts Node.js into its mode for development"},
		"corrected":     {text: "FROM a:1 AS b\nENV NODE_ENV=development\nFROM b\nENV NODE_ENV=production\n", status: checks.Pass},
		"by argument":   {text: "FROM a:1\nARG E\nENV NODE_ENV=$E\n", status: checks.Pass},
		"given":         {text: "FROM a:1\nARG E=production\nENV NODE_ENV=$E\n", status: checks.Warn, options: dockerfile.Options{BuildArgs: map[string]string{"E": "development"}}},
		"build stage":   {text: "FROM a:1 AS b\nENV NODE_ENV=development\nCMD [\"npm\", \"run\", \"dev\"]\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"dev stage":     {text: "FROM a:1 AS dev\nENV FLASK_DEBUG=1\nCMD [\"flask\", \"run\"]\n", status: checks.Pass},
		"dev file":      {text: "-- Dockerfile.dev --\nFROM a:1\nCMD [\"flask\", \"run\"]\n", status: checks.Pass, options: dockerfile.Options{Dockerfile: "Dockerfile.dev"}},
		"target":        {text: "FROM a:1 AS dev\nCMD [\"flask\", \"run\"]\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass, options: dockerfile.Options{Target: "dev"}},
		"at build time": {text: "FROM a:1\nRUN NODE_ENV=development npm run dev\nCMD [\"app\"]\n", status: checks.Pass},
		"Windows":       {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD [\"app\"]\n", status: checks.Pass},
	})
	for command, what := range map[string]string{
		"flask run": "flask run", "flask --app a run --debug": "flask run", "python -m flask run": "flask run", "poetry run flask run": "flask run",
		"python manage.py runserver 0:80": "manage.py runserver", "python3 -m http.server 80": "http.server", "fastapi dev a.py": "fastapi dev",
		"npm run dev": "the script dev", "yarn dev": "the script dev", "pnpm run start:dev": "the script start:dev", "bun run dev": "the script dev",
		"npx vite --host": "vite", "npx next dev": "next dev", "ng serve --host 0.0.0.0": "ng serve", "npx nodemon a.js": "nodemon", "tsx watch a.ts": "tsx watch",
		"node --inspect=0.0.0.0:9229 a.js": "node with --inspect", "node --watch a.js": "node with --watch", "php -S 0.0.0.0:80 -t public": "php with -S", "php artisan serve": "artisan serve",
		"uvicorn a:a --reload": "uvicorn with --reload", "gunicorn --reload a:a": "gunicorn with --reload", "python -m uvicorn a:a --reload": "uvicorn with --reload",
		"java -agentlib:jdwp=transport=dt_socket,server=y -jar a.jar": "java with -agentlib:jdwp", "dlv exec /app": "dlv exec", "nest start --watch": "nest with --watch",

		"flask db upgrade": "", "flask routes": "", "python manage.py migrate": "", "fastapi run a.py": "", "npm start": "", "npm run serve": "", "yarn start:prod": "", "npm dev": "",
		"next start": "", "vite preview": "", "vite build": "", "node a.js --inspect --watch": "", "node dist/main.js": "", "php-fpm": "", "php a.php -S": "", "php artisan queue:work": "",
		"uvicorn a:a": "", "java -jar a.jar": "", "tsx a.ts": "", "hugo": "", "dotnet app.dll": "", "flask run --help": "", "cargo run": "", "npm run device": "", "./dev": "",
	} {
		got, fix := developmentMode(strings.Fields(command))
		if got, _, _ = strings.Cut(got, ", which is for development"); strings.TrimSuffix(got, " by its name") != what || (got == "") != (fix == "") {
			t.Errorf("%s: %q, want %q", command, got, what)
		}
	}
	for variable, found := range map[string]bool{
		"FLASK_DEBUG=1": true, "FLASK_ENV=development": true, "ASPNETCORE_ENVIRONMENT=Development": true, "RAILS_ENV=development": true, "APP_DEBUG=true": true, "MIX_ENV=dev": true,
		"FLASK_DEBUG=0": false, "NODE_ENV=production": false, "NODE_ENV=staging": false, "ASPNETCORE_ENVIRONMENT=Production": false, "DEBUG=app:*": false, "MY_NODE_ENV=development": false,
	} {
		if res := run(t, developmentServer, "FROM a:1\nENV "+variable+"\n", dockerfile.Options{}); (len(res.Findings) > 0) != found {
			t.Errorf("%s: %+v", variable, res.Findings)
		}
	}
}
