package source

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var hashedRequirements = Check{
	Rule: checks.Rule{
		ID:        "source/hashed-requirements",
		Title:     "The requirements that pip installs have a hash each",
		Severity:  checks.Medium,
		Why:       "A version says which file is wanted, not what is in it: an index or a mirror that was taken over can serve something else under the same name, and pip takes it.",
		Fix:       "Write the hashes by pip-compile --generate-hashes or uv export, and install with pip install --require-hashes.",
		Reference: "https://pip.pypa.io/en/stable/topics/secure-installs/",
		Strict:    true,
	},
	Good: `
-- Dockerfile --
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
-- requirements.txt --
flask==3.0.3 \
    --hash=sha256:34e815dfaa43340d1d15a5c3a02b8476004037eb4840b34910c6e21679d288f3
`,
	Bad: `
-- Dockerfile --
FROM python:3.12-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
-- requirements.txt --
flask==3.0.3
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, file := range requirementsFiles(s) {
			var first *requirement
			without := 0
			for i := range file.lines {
				// What has no version is judged by source/pinned-requirements; files and
				// repositories have no hash.
				if r := &file.lines[i]; r.version != "" && !r.hashed {
					if without++; first == nil {
						first = r
					}
				}
			}
			if first == nil {
				continue
			}
			f := checks.At(first.location, "%d of %d requirements have no hash, from %s on", without, len(file.lines), first.name)
			f.Subject = file.path
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
