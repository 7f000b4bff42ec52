package compose

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// servers are the images of databases, caches, queues and search engines, by the
// last part of their names: what other services need before they can start, and
// what is not for the world. Each has the command of a health check, where there
// is a usual one.
var servers = map[string]string{
	"postgres": postgresHealth, "postgresql": postgresHealth, "postgis": postgresHealth, "timescaledb": postgresHealth,
	"timescaledb-ha": postgresHealth, "pgvector": postgresHealth,
	"mysql": mysqlHealth, "mysql-server": mysqlHealth, "percona-server": mysqlHealth, "percona": mysqlHealth,
	"mariadb": `["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"]`,
	"mongo":   mongoHealth, "mongodb": mongoHealth, "mongodb-community-server": mongoHealth,
	"redis": redisHealth, "redis-stack": redisHealth, "redis-stack-server": redisHealth, "valkey": `["CMD", "valkey-cli", "ping"]`, "keydb": `["CMD", "keydb-cli", "ping"]`,
	"rabbitmq":      `["CMD", "rabbitmq-diagnostics", "-q", "check_running"]`,
	"elasticsearch": `["CMD-SHELL", "curl -fs http://localhost:9200/_cluster/health"]`,
	"opensearch":    `["CMD-SHELL", "curl -fs http://localhost:9200/_cluster/health"]`,
	"kafka":         "", "cp-kafka": "", "redpanda": "", "zookeeper": "", "cassandra": "", "scylla": "", "clickhouse": "", "clickhouse-server": "",
	"neo4j": "", "influxdb": "", "couchdb": "", "cockroach": "", "memcached": "", "etcd": "", "rethinkdb": "", "arangodb": "", "couchbase": "",
	"mssql/server": "", "azure-sql-edge": "", "dragonfly": "", "meilisearch": "", "qdrant": "",
}

const (
	postgresHealth = `["CMD-SHELL", "pg_isready -U $${POSTGRES_USER:-postgres}"]`
	mysqlHealth    = `["CMD-SHELL", "mysqladmin ping -h 127.0.0.1"]`
	mongoHealth    = `["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping')"]`
	redisHealth    = `["CMD", "redis-cli", "ping"]`
)

// server returns the image of a service that is a server such as a database, and
// the command of its usual health check; false for any other service.
func (s *Service) server() (image, health string, ok bool) {
	named, n, ok := s.Image()
	if !ok {
		return "", "", false
	}
	name := reference.FamiliarName(named)
	health, ok = servers[path.Base(name)]
	if !ok && strings.Contains(name, "/") {
		health, ok = servers[path.Join(path.Base(path.Dir(name)), path.Base(name))]
	}
	return n.Text().Text, health, ok
}

// consoles are services for people, who wait and try again, by the names of their
// images.
var consoles = []string{
	"adminer", "pgadmin4", "phpmyadmin", "mongo-express", "redis-commander", "redisinsight", "kafka-ui", "akhq", "kafdrop", "kibana",
	"opensearch-dashboards", "pgweb", "dbgate", "redpanda-console", "console", "sqlpad", "cloudbeaver",
}

// isConsole reports whether a service is one for people.
func (s *Service) isConsole() bool {
	named, _, ok := s.Image()
	return ok && slices.Contains(consoles, path.Base(reference.FamiliarName(named)))
}
