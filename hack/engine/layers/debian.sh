# debian.sh ROOT: a minimal Debian root file system with the certificates that
# this machine trusts besides Debian's. The package lists stay, for the layers
# that are installed on top; no image gets them. Its /usr is merged from the start, as
# the official image's: the package that would merge it later needs all of Perl.
set -eu
root=$1
mmdebstrap --format=directory --variant=minbase --include=ca-certificates --skip=cleanup/apt \
	--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--customize-hook='mkdir -p "$1/usr/local/share/ca-certificates"' \
	--customize-hook='find /usr/local/share/ca-certificates -name "*.crt" -exec cp -t "$1/usr/local/share/ca-certificates/" {} +' \
	--customize-hook='chroot "$1" update-ca-certificates' \
	bookworm "$root"
: > "$root/etc/resolv.conf"
rm -f "$root/etc/hostname"
