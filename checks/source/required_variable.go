package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var requiredVariable = Check{
	Rule: checks.Rule{
		ID:        "source/required-variable",
		Title:     "Variables that are documented as required have no default, and are in the example file",
		Severity:  checks.Medium,
		Why:       "An application that fails at its start where a variable is missing is noticed at once. A default in the image lets it run with a value that nobody chose, and a variable that the example file lacks is forgotten.",
		Fix:       "Name the variables that the application needs in a comment (# Required: DATABASE_URL, JWT_SECRET) or in LABEL " + dockerfile.RequiredLabel + ", give them no value in ENV, and list them in .env.example.",
		Reference: "https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
ENV NODE_ENV=production PORT=3000
# DATABASE_URL - PostgreSQL connection string
# Required: DATABASE_URL
CMD ["node", "dist/main.js"]
-- .env.example --
DATABASE_URL=
`,
	Bad: `
FROM node:20-alpine
# Required: DATABASE_URL
ENV DATABASE_URL=postgres://db/app
CMD ["node", "dist/main.js"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		required := s.Required()
		if len(required) == 0 {
			return checks.Outcome{}
		}
		findings := defaultsOf(s, required)
		examples, mentioned := exampleNames(s)
		for _, v := range required {
			if len(examples) == 0 || mentioned(v.Name) {
				continue
			}
			f := checks.At(v.Location, "%s is required, and %s does not have it", v.Name, strings.Join(examples, " and "))
			f.Subject = v.Name
			f.Fix = "Add the line " + v.Name + "= to " + examples[0] + ", with a comment that says what it is"
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// defaultsOf reports the required variables that an ENV gives a value. What is a
// secret besides is left to source/secret.
func defaultsOf(s *dockerfile.Source, required []dockerfile.RequiredVariable) []checks.Finding {
	var findings []checks.Finding
	for _, env := range s.Final.Env() {
		at := slices.IndexFunc(required, func(v dockerfile.RequiredVariable) bool { return v.Name == env.Name })
		if at < 0 || !env.Value.Known || env.Value.Text == "" {
			continue
		}
		if secretName(env.Name) && !harmless(env.Value.Text) || secretKind(env.Value.Text) != "" {
			continue
		}
		f := checks.At(env.Instruction.Find(env.Name), "ENV gives %s a value, which line %d documents as required: that it is not set shows nowhere",
			env.Name, required[at].Location.Line)
		f.Subject = env.Name
		f.Fix = "Remove " + env.Name + " from ENV, or from the variables that are required"
		findings = append(findings, f)
	}
	return findings
}

// exampleFiles show which variables an application takes.
var exampleFiles = []string{".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env", "sample.env"}

// composeFiles give an application its variables too: one that stands in there is
// known to who runs it.
var composeFiles = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// exampleNames returns the example files beside the Dockerfile and at the root of
// the source, and whether one of them, or a compose file, has a name.
func exampleNames(s *dockerfile.Source) ([]string, func(name string) bool) {
	dirs := []string{"."}
	if dir := path.Dir(s.Path); dir != "." {
		dirs = append(dirs, dir)
	}
	var examples []string
	words := map[string]bool{}
	for _, dir := range dirs {
		entries, err := s.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			example := slices.Contains(exampleFiles, entry.Name())
			if !example && !slices.Contains(composeFiles, entry.Name()) {
				continue
			}
			name := path.Join(dir, entry.Name())
			text, err := s.ReadFile(name)
			if err != nil {
				continue
			}
			if example {
				examples = append(examples, name)
			}
			for _, word := range strings.FieldsFunc(string(text), func(r rune) bool {
				return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
			}) {
				words[word] = true
			}
		}
	}
	return examples, func(name string) bool { return words[name] }
}
