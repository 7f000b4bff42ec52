# postgres.sh: run as root of a Debian system, installs PostgreSQL 15 as the
# official image has it: a server that sets up the database of POSTGRES_USER,
# POSTGRES_PASSWORD and POSTGRES_DB when it is first started.
install() { apt-get -qq -o APT::Sandbox::User=root install --yes --no-install-recommends "$@"; }
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d # starts nothing here
chmod 755 /usr/sbin/policy-rc.d
install postgresql-common || { apt-get -qq update; install postgresql-common; }
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
install postgresql-15
apt-get clean
rm -f /usr/sbin/policy-rc.d
# For compiling long queries only, and larger than all the rest.
rm -f /usr/lib/*/libLLVM-*.so* /usr/lib/postgresql/15/lib/llvmjit.so
rm -rf /usr/lib/postgresql/15/lib/bitcode
echo "listen_addresses = '*'" >> /usr/share/postgresql/15/postgresql.conf.sample
mkdir -p /docker-entrypoint-initdb.d
mkdir -p /var/lib/postgresql/data
chown postgres:postgres /var/lib/postgresql/data
chmod 1777 /var/lib/postgresql/data
cat > /usr/local/bin/docker-entrypoint.sh <<'S'
#!/bin/sh
set -eu
[ $# -gt 0 ] && [ "${1#-}" = "$1" ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA" /var/run/postgresql
	chown -R postgres:postgres "$PGDATA" /var/run/postgresql
	chmod 700 "$PGDATA"
	chmod 3775 /var/run/postgresql
	exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	user=${POSTGRES_USER:-postgres} method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
	database=${POSTGRES_DB:-$user}
	if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
		echo 'Error: the database is not set up, and POSTGRES_PASSWORD, for its superuser, is not set.' >&2
		exit 1
	fi
	password=$(mktemp)
	printf '%s\n' "${POSTGRES_PASSWORD:-unused}" > "$password"
	# shellcheck disable=SC2086 # several arguments
	initdb --username="$user" --pwfile="$password" ${POSTGRES_INITDB_ARGS:-}
	rm -f "$password"
	echo "host all all all $method" >> "$PGDATA/pg_hba.conf"
	# On its Unix socket only, until all is set up.
	pg_ctl --pgdata="$PGDATA" --wait -o "-c listen_addresses=''" start
	query() { psql --no-psqlrc --username="$user" --no-password --set=ON_ERROR_STOP=1 "$@"; }
	if [ "$database" != postgres ]; then
		echo 'CREATE DATABASE :"name";' | query --dbname=postgres --set=name="$database"
	fi
	for file in /docker-entrypoint-initdb.d/*; do
		case $file in
			*.sh) . "$file" ;;
			*.sql) query --dbname="$database" --file="$file" ;;
		esac
	done
	pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
fi
exec "$@"
S
chmod 755 /usr/local/bin/docker-entrypoint.sh
