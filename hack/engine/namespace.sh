# The engine's start inside its new mount, process and network namespaces: gives
# it the paths that it has fixed, as copies that nobody else sees, starts the
# registry, and becomes the engine. Standard input is a pipe on which the network
# is said to be there; it ends without a word if whoever was to set it up died.
set -eu
mount --make-rprivate /
mount -t proc proc /proc
t=$PRIVATE
mount -t tmpfs -o mode=0700 imagegate "$t"
[ ! -L /etc/resolv.conf ] || cp -L /etc/resolv.conf "$t/resolv.conf"
# Copies of what the engine writes to, or wants to find filled.
for d in /etc /usr/bin /usr/local /var/lib; do
	n=$(echo "$d" | tr / _)
	mkdir "$t/upper$n" "$t/work$n"
	mount -t overlay -o "lowerdir=$d,upperdir=$t/upper$n,workdir=$t/work$n" imagegate "$d"
done
[ ! -e "$t/resolv.conf" ] || { rm /etc/resolv.conf; cp "$t/resolv.conf" /etc/resolv.conf; }
# The base images hold the certificates that this machine trusts. Were the engine
# to find them too, it would install them before everything that it runs and take
# them out afterwards: slower than most of what it runs, and an error in images
# that look like Debian's and have no update-ca-certificates.
rm -rf /usr/local/share/ca-certificates
# A /run of its own, with the one directory in it that the machine sees too.
mkdir "$t/run"
mount --bind "$RUN" "$t/run"
mount -t tmpfs -o mode=0755 imagegate /run
mkdir -p "$RUN"
mount --bind "$t/run" "$RUN"
[ "$(readlink -f /var/run)" = /run ] || mount --bind /run /var/run
# Fixed paths.
ln -sf "$(command -v runc)" /usr/local/bin/runc
rm -f /usr/local/bin/dagger-init
touch /usr/local/bin/dagger-init
mount --bind "$DAGGER/init" /usr/local/bin/dagger-init
mkdir -p /usr/local/share/dagger/content /etc/dagger
mount --bind "$SDK" /usr/local/share/dagger/content
cp "$ENGINE_CONFIG" /etc/dagger/engine.json
for x in legacy nft; do [ -e "/usr/bin/xtables-$x-multi" ] || ln -s "/usr/sbin/xtables-$x-multi" /usr/bin/; done
mkdir /run/cni-bin
for p in bridge firewall host-local loopback; do ln -s "/usr/lib/cni/$p" /run/cni-bin/; done
ln -s "$DAGGER/dnsname" /run/cni-bin/dnsname
# The network.
read -r _
ip link set lo up
ip addr add "$UPLINK.2/30" dev "$NETWORK-in"
ip link set "$NETWORK-in" up
ip route add default via "$UPLINK.1"
docker-registry serve "$MIRROR_CONFIG" < /dev/null >> "$MIRROR_LOG" 2>&1 &
# By default a quarter of the engine's CPU time is garbage collection. It collects when
# it has five times what lives, as long as that is below 4 GiB.
export GOGC=400 GOMEMLIMIT=4GiB
# Networks of containers are made before they are needed, and taken down at the end:
# 128 of them by default, which takes 15 s at each end.
exec "$DAGGER/engine" --root "$STATE" --addr "unix://$RUN/engine.sock" \
	--network-name "$NETWORK" --network-cidr "$CONTAINERS" --oci-cni-binary-dir /run/cni-bin --oci-cni-pool-size 16 < /dev/null
