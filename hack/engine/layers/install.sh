# install.sh LOWER DIR SCRIPT: runs a shell script as root of a copy of the root
# file system LOWER; DIR/upper gets what it changed. To be run in mount and
# process namespaces of its own, with which all mounts end.
set -eu
lower=$1 dir=$2 script=$3
mount --make-rprivate /
mkdir "$dir/upper" "$dir/work" "$dir/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root"
mount -t proc proc "$dir/root/proc"
for n in null zero urandom; do
	touch "$dir/root/dev/$n"
	mount --bind "/dev/$n" "$dir/root/dev/$n"
done
mount --bind "$(readlink -f /etc/resolv.conf)" "$dir/root/etc/resolv.conf"
DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$dir/root" /bin/sh -euc "$script"
