package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var developmentServer = Check{
	Rule: checks.Rule{
		ID:        "source/development-server",
		Title:     "The container runs no development server, debugger or watcher",
		Severity:  checks.Medium,
		Why:       "A development server serves one request after the other, compiles again at every start, watches files that never change, and shows source code and stack traces to whoever makes it fail; a debugger runs what it is sent.",
		Fix:       `Start the server that is made for production, as in CMD ["gunicorn", "app:app"] or CMD ["node", "dist/main.js"], and build what it serves in a RUN.`,
		Reference: "https://flask.palletsprojects.com/en/stable/deploying/",
	},
	Good: `
FROM python:3.12.8-slim
WORKDIR /app
COPY . .
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
`,
	Bad: `
FROM python:3.12.8-slim
WORKDIR /app
COPY . .
CMD ["flask", "run", "--host", "0.0.0.0"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if isForDevelopment(s) {
			return checks.Passed("an image to develop in, by its name")
		}
		var findings []checks.Finding
		for _, step := range starts.Of(s).steps {
			// A mode of development that somebody asks for is no fault.
			if step.conditional {
				continue
			}
			if what, fix := developmentMode(step.Words); what != "" {
				f := checks.At(step.Location, "the container starts %s", what)
				f.Subject, f.Fix = step.Program(), fix
				findings = append(findings, f)
			}
		}
		for _, v := range s.Final.Env() {
			what, ok := developmentVariables[v.Name]
			if !ok || !v.Value.Known || !slices.Contains(what.values, strings.ToLower(v.Value.Text)) {
				continue
			}
			f := checks.At(v.Instruction.Find(v.Name), "ENV %s=%s puts %s into its mode for development", v.Name, v.Value.Text, what.program)
			f.Subject, f.Fix = v.Name, what.fix
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// isForDevelopment reports whether the stage or the Dockerfile is named after work
// on the project.
func isForDevelopment(s *dockerfile.Source) bool {
	words := strings.FieldsFunc(strings.ToLower(s.Final.Name+"/"+path.Base(s.Path)), func(r rune) bool { return strings.ContainsRune("/-_.", r) })
	return slices.ContainsFunc(words, func(w string) bool { return isWorkName(w) || w == "local" || w == "debugger" })
}

// developmentVariable is an environment variable that turns a mode for development
// on by one of these values, in lower case.
type developmentVariable struct {
	program string
	values  []string
	fix     string
}

var developmentVariables = map[string]developmentVariable{
	"NODE_ENV":               {"Node.js", []string{"development", "dev"}, "Write ENV NODE_ENV=production."},
	"FLASK_ENV":              {"Flask", []string{"development"}, "Remove it, and FLASK_DEBUG with it."},
	"FLASK_DEBUG":            {"Flask", []string{"1", "true"}, "Remove it: with the debugger whoever reaches the server can run code."},
	"RAILS_ENV":              {"Rails", []string{"development"}, "Write ENV RAILS_ENV=production."},
	"RACK_ENV":               {"Rack", []string{"development"}, "Write ENV RACK_ENV=production."},
	"MIX_ENV":                {"Elixir", []string{"dev"}, "Write ENV MIX_ENV=prod."},
	"ASPNETCORE_ENVIRONMENT": {"ASP.NET Core", []string{"development"}, "Remove it: the default is Production."},
	"DOTNET_ENVIRONMENT":     {".NET", []string{"development"}, "Remove it: the default is Production."},
	"APP_DEBUG":              {"the application", []string{"1", "true"}, "Write ENV APP_DEBUG=0."},
}

const (
	servePython = `Start it by a server for production, as in CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"].`
	serveBuilt  = "Build the project in a RUN, and let the container serve what that makes."
	withoutThat = "Leave it out, and keep it for a stage of its own to develop in."
)

// developmentCommands are the programs that are for development alone: with one of
// the words right behind them, or in any case where there are none.
var developmentCommands = map[string]struct {
	words []string
	fix   string
}{
	"flask": {[]string{"run"}, servePython}, "manage.py": {[]string{"runserver", "runserver_plus"}, servePython}, "fastapi": {[]string{"dev"}, servePython},
	"http.server": {nil, servePython}, "artisan": {[]string{"serve"}, "Start php-fpm or Apache, or Octane's server for production."}, "symfony": {[]string{"serve", "server:start"}, "Start php-fpm or Apache."},
	"next": {[]string{"dev"}, serveBuilt}, "nuxt": {[]string{"dev"}, serveBuilt}, "nuxi": {[]string{"dev"}, serveBuilt}, "vite": {[]string{"dev", "serve", ""}, serveBuilt}, "astro": {[]string{"dev"}, serveBuilt},
	"gatsby": {[]string{"develop"}, serveBuilt}, "remix": {[]string{"dev"}, serveBuilt}, "ng": {[]string{"serve", "s"}, serveBuilt}, "vue-cli-service": {[]string{"serve"}, serveBuilt}, "react-scripts": {[]string{"start"}, serveBuilt},
	"webpack": {[]string{"serve"}, serveBuilt}, "webpack-dev-server": {nil, serveBuilt}, "hugo": {[]string{"server", "serve"}, serveBuilt}, "jekyll": {[]string{"serve", "server"}, serveBuilt}, "mkdocs": {[]string{"serve"}, serveBuilt},
	"nodemon": {nil, withoutThat}, "ts-node-dev": {nil, withoutThat}, "tsx": {[]string{"watch"}, withoutThat}, "air": {nil, withoutThat}, "dlv": {[]string{"debug", "exec", "dap"}, withoutThat}, "debugpy": {nil, withoutThat},
	"cargo": {[]string{"watch"}, withoutThat}, "dotnet": {[]string{"watch"}, withoutThat},
}

// developmentOptions are options that make a program one for development; those
// that end in = also begin a word.
var developmentOptions = map[string][]string{
	"uvicorn": {"--reload"}, "gunicorn": {"--reload"}, "hypercorn": {"--reload"}, "granian": {"--reload"},
	"node": {"--inspect", "--inspect=", "--inspect-brk", "--inspect-brk=", "--watch", "--watch-path="}, "bun": {"--watch", "--hot"},
	"nest": {"--watch", "--debug"}, "java": {"-agentlib:jdwp="}, "php": {"-S"}, "tsx": {"--watch"},
}

// developmentMode returns what of a command line is for development, and what to do;
// empty if nothing is.
func developmentMode(words []string) (what, fix string) {
	written := words
	if words = tool(words); len(words) == 0 {
		return "", ""
	}
	program, args := words[0], words[1:]
	if slices.Contains(args, "--help") || slices.Contains(args, "--version") {
		return "", ""
	}
	// The options of an interpreter stand before the file that it runs.
	for _, at := range [][]string{words, append([]string{path.Base(written[0])}, written[1:]...)} {
		for _, option := range developmentOptions[at[0]] {
			for _, word := range at[1:] {
				if word == option || strings.HasSuffix(option, "=") && strings.HasPrefix(word, option) {
					return at[0] + " with " + strings.TrimSuffix(option, "=") + ", which is for development", withoutThat
				}
				if interprets(at[0]) && !strings.HasPrefix(word, "-") {
					break // the program's own words
				}
			}
		}
	}
	if command, ok := developmentCommands[program]; ok {
		sub := ""
		if rest := behindOptions(args, "--app", "-A", "--config", "-c", "--mode", "-m", "--host", "--port", "-e", "--env-file"); len(rest) > 0 {
			sub = rest[0]
		}
		if command.words == nil {
			return program + ", which is for development", command.fix
		}
		if slices.Contains(command.words, sub) {
			return strings.TrimSpace(program+" "+sub) + ", which is for development", command.fix
		}
		return "", ""
	}
	if !slices.Contains(packageRunners, program) {
		return "", ""
	}
	goals := operands(args)
	if len(goals) > 1 && (goals[0] == "run" || goals[0] == "run-script") {
		goals = goals[1:]
	} else if program == "npm" {
		return "", ""
	}
	if len(goals) > 0 && slices.ContainsFunc(strings.Split(goals[0], ":"), func(w string) bool { return slices.Contains([]string{"dev", "develop", "watch", "debug"}, w) }) {
		return "the script " + goals[0] + ", which is for development by its name", serveBuilt
	}
	return "", ""
}

// packageRunners run a script of package.json by its name.
var packageRunners = []string{"npm", "yarn", "pnpm", "bun"}

// interprets reports whether a program's options end at the file that it runs.
func interprets(program string) bool {
	return slices.Contains([]string{"node", "bun", "tsx", "php"}, program)
}
