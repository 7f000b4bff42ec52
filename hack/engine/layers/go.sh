# go.sh ROOT: this machine's Go, without its own tests; prints the version.
set -eu
root=$1 from=$(go env GOROOT)
mkdir -p "$root/usr/local" "$root/go/src" "$root/go/bin"
tar -C "$from" --exclude=./test --exclude=./api -cf - . | { mkdir "$root/usr/local/go" && tar -C "$root/usr/local/go" -xf -; }
chmod 1777 "$root/go" "$root/go/src" "$root/go/bin"
go env GOVERSION | sed 's/^go//'
