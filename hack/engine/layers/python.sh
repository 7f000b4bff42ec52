# python.sh ROOT PREFIX: the CPython 3.12 built from source at PREFIX, without
# what is installed in it, and pip; prints the version. It is one built from
# source, as the official image's is, because Debian's own installs elsewhere; and
# without symbols for a debugger, as that is.
set -eu
root=$1 from=$2 to=$1/usr/local
mkdir -p "$to/bin" "$to/lib/python3.12"
cp "$from/bin/python3.12" "$to/bin/"
# Where the loader looks without a cache, which only ldconfig inside could write.
lib=$root/usr/lib/$(uname -m)-linux-gnu
mkdir -p "$lib"
for so in "$from"/lib/libpython3.12.so*; do [ ! -e "$so" ] || cp -a "$so" "$lib/"; done
tar -C "$from/lib/python3.12" --exclude=./site-packages --exclude=./test --exclude=./idlelib --exclude=./tkinter \
	--exclude=./turtledemo --exclude='./config-*' --exclude=__pycache__ --exclude='_tkinter*' -cf - . | tar -C "$to/lib/python3.12" -xf -
ln -s python3.12 "$to/bin/python3"
ln -s python3.12 "$to/bin/python"
env -i PATH="$PATH" LD_LIBRARY_PATH="$lib" "$to/bin/python3.12" -I -m ensurepip --default-pip >&2
sed -i '1s,^#!.*,#!/usr/local/bin/python3.12,' "$to"/bin/pip*
find "$root" -name __pycache__ -prune -exec rm -rf {} +
find "$root" -type f \( -name 'python3.12' -o -name '*.so' -o -name '*.so.*' \) -exec strip --strip-unneeded {} +
"$from/bin/python3.12" -I -c 'import platform; print(platform.python_version())'
