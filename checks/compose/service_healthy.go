package compose

import "github.com/imagegate/imagegate/checks"

var serviceHealthy = Check{
	Rule: checks.Rule{
		ID:        "compose/service-healthy",
		Title:     "Services wait until the database that they depend on is healthy",
		Severity:  checks.Medium,
		Why:       "depends_on by itself waits until the container has started, not until the server in it answers: the application starts first, fails to connect, and whether it recovers is a matter of luck.",
		Fix:       "Write depends_on as a mapping with condition: service_healthy.",
		Reference: "https://docs.docker.com/compose/how-tos/startup-order/",
	},
	Good: `
services:
  app:
    build: .
    depends_on:
      db:
        condition: service_healthy
  db:
    image: postgres:16.4-alpine3.20
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U app -d app"]
`,
	Bad: `
services:
  app:
    build: .
    depends_on:
      - db
  db:
    image: postgres:16.4-alpine3.20
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U app -d app"]
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			if service.isConsole() {
				return nil
			}
			var findings []checks.Finding
			for _, d := range service.Dependencies() {
				on := s.Service(d.Name)
				if on == nil || d.Condition != conditionStarted {
					continue
				}
				image, _, ok := on.server()
				if !ok || waitsHealthy(p, s, service.Name, d.Name) {
					continue
				}
				f := service.find(s.severity(checks.Medium), d.Location, "starts before %s (%s) answers: it waits for the container alone", d.Name, image)
				f.Subject += " " + d.Name
				f.Fix = "Write depends_on: {" + d.Name + ": {condition: service_healthy}}"
				findings = append(findings, f)
			}
			return findings
		})
	},
}

// waitsHealthy reports whether a file that is laid over that of the stack lets a
// service wait until another one is healthy.
func waitsHealthy(p *Project, s *Stack, name, on string) bool {
	for _, v := range p.variants(s) {
		if service := v.Service(name); service != nil {
			for _, d := range service.Dependencies() {
				if d.Name == on && d.Condition == conditionHealthy {
					return true
				}
			}
		}
	}
	return false
}
