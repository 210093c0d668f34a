#!/bin/sh
# Take away what packaging/install.sh put in place. Images, containers and volumes (/var/lib/gorae) stay.
#
#   packaging/uninstall.sh [DESTDIR [PREFIX]]
set -eu
cd "$(dirname "$0")"
destdir=${1:-}
prefix=${2:-/usr/local}
root=$destdir$prefix

if [ -z "$destdir" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now gorae.socket gorae.service 2>/dev/null || true
fi
rm -rf "$root/lib/gorae" "$root/lib/gorae.new"
rm -f "$root/bin/gorae" "$root/bin/goraed" \
    "$root/lib/systemd/system/gorae.service" "$root/lib/systemd/system/gorae.socket" \
    "$root"/share/man/man1/gorae.1 "$root"/share/man/man1/gorae-*.1 "$root/share/man/man8/goraed.8" \
    "$root/share/bash-completion/completions/gorae" "$root/share/zsh/site-functions/_gorae" \
    "$root/share/fish/vendor_completions.d/gorae.fish"
[ -n "$destdir" ] && exit 0
[ ! -d /run/systemd/system ] || systemctl daemon-reload
[ ! -d /var/lib/gorae ] || echo "uninstalled. The engine's data stays in /var/lib/gorae."
