package compose

import "github.com/imagegate/imagegate/checks"

var healthcheck = Check{
	Rule: checks.Rule{
		ID:        "compose/healthcheck",
		Title:     "Databases, caches and queues have a health check",
		Severity:  checks.Medium,
		Why:       "Their images have none: a container counts as running long before the server in it answers, and after it has stopped answering. Without a health check no other service can wait for it.",
		Fix:       "Give the service a healthcheck with the tool that its image has, such as pg_isready or redis-cli ping, and an interval, a timeout and retries.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#healthcheck",
	},
	Good: `
services:
  db:
    image: postgres:16.4-alpine3.20
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U app -d app"]
      interval: 5s
      timeout: 5s
      retries: 5
`,
	Bad: `
services:
  db:
    image: postgres:16.4-alpine3.20
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			image, health, ok := service.server()
			if !ok || !p.missing(s, service, hasHealthcheck) {
				return nil
			}
			f := service.find(s.severity(checks.Medium), service.Location, "runs %s without a health check", image)
			if _, forbidden := service.Healthcheck(); forbidden {
				f = service.find(s.severity(checks.Medium), service.locate("healthcheck"), "runs %s and has its health check disabled", image)
			}
			if health != "" {
				f.Fix = "Add healthcheck: {test: " + health + ", interval: 5s, timeout: 5s, retries: 5}"
			}
			return []checks.Finding{f}
		})
	},
}

func hasHealthcheck(s *Service) bool {
	has, _ := s.Healthcheck()
	return has
}
