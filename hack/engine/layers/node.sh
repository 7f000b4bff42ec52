# node.sh ROOT: this machine's Node.js and npm, as the official image has them;
# prints the version.
set -eu
root=$1 node=$(readlink -f "$(command -v node)")
mkdir -p "$root/usr/local/bin" "$root/usr/local/lib/node_modules"
cp "$node" "$root/usr/local/bin/node"
ln -s node "$root/usr/local/bin/nodejs"
cp -a "$(npm root --global --loglevel=error)/npm" "$root/usr/local/lib/node_modules/npm"
for x in npm npx; do ln -s "../lib/node_modules/npm/bin/$x-cli.js" "$root/usr/local/bin/$x"; done
cat > "$root/usr/local/bin/docker-entrypoint.sh" <<'J'
#!/bin/sh
set -e
# What is not a command is an argument of node.
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ] || { [ -f "$1" ] && ! [ -x "$1" ]; }; then
	set -- node "$@"
fi
exec "$@"
J
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
"$node" --version | tr -d v
