#!/bin/sh
# Lays out the root of an image with one program in it: root.sh BINARY FOLDER
set -eu
binary=$1 root=$2
mkdir -p "$root/usr/bin" "$root/etc/blackbar" "$root/etc/ssl/certs" "$root/var/lib/blackbar" "$root/tmp"
cp "$binary" "$root/usr/bin/blackbar"
strip --strip-debug "$root/usr/bin/blackbar"
# The libraries that it is linked with, where it looks for them.
ldd "$binary" | sed -n 's,.*[[:space:]]\(/[^ ]*\) (0x.*,\1,p' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
# Names are looked up in files, then in the DNS; roots of upstreams and issuers are those of the system.
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
printf 'blackbar:x:65532:65532::/var/lib/blackbar:/sbin/nologin\n' > "$root/etc/passwd"
printf 'blackbar:x:65532:\n' > "$root/etc/group"
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
chmod 1777 "$root/tmp"
chmod 0700 "$root/var/lib/blackbar"
# Only root can give it away, and a build runs as root.
chown 65532:65532 "$root/var/lib/blackbar" 2>/dev/null || true
