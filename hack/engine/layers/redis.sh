# redis.sh: run as root of a Debian system, installs Redis 7.0 as the official
# image has it: reached from everywhere, with its data in /data.
install() { apt-get -qq -o APT::Sandbox::User=root install --yes --no-install-recommends redis-server; }
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d # starts nothing here
chmod 755 /usr/sbin/policy-rc.d
install || { apt-get -qq update; install; }
apt-get clean
rm -f /usr/sbin/policy-rc.d
mkdir -p /data
chown redis:redis /data
cat > /usr/local/bin/docker-entrypoint.sh <<'S'
#!/bin/sh
set -eu
# What is not a command is an argument of redis-server.
if [ $# -eq 0 ] || [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
	set -- redis-server "$@"
fi
[ "$1" = redis-server ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
	find . ! -user redis -exec chown redis:redis '{}' +
	exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
shift
# The official image is built with another default than Debian's.
case ${1:-} in
	"" | -*) exec redis-server --protected-mode no "$@" ;;
esac
config=$1
shift
exec redis-server "$config" --protected-mode no "$@"
S
chmod 755 /usr/local/bin/docker-entrypoint.sh
