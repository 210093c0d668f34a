#!/bin/sh
# Take away what a stopped goraed leaves in the kernel: mounts, links, rules, cgroups. Its data stays.
#
#   packaging/leftovers.sh EXEC_ROOT [INSTANCE [BRIDGE]]
#
# The daemon leaves these on purpose: containers outlive it, and the next one finds them again. Call this only when no
# container of it runs and no daemon will come back.
set -eu
exec_root=$1
instance=${2:-gorae}
bridge=${3:-${instance}0}

# Where /sys/fs/cgroup is no v2 tree, every controller has one of its own.
parent=gorae
[ "$exec_root" = /run/gorae ] || parent=gorae-$(printf %s "$exec_root" | sha256sum | cut -c1-8)
for group in "/sys/fs/cgroup/$parent" /sys/fs/cgroup/*/"$parent"; do
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
done

# The namespace that the daemon lived in holds the containers' mounts; they end with it.
if [ -d "$exec_root" ]; then
    awk -v root="$exec_root" 'index($2, root "/") == 1 { print $2 }' /proc/self/mounts | sort -r |
        while read -r path; do umount -l "$path"; done
fi

prefix=$(printf %.6s "$instance")v
for link in $(ip -o link show | awk -F': ' '{ print $2 }' | cut -d@ -f1); do
    case $link in
    "$bridge" | "$prefix"[0-9a-f]*) ip link delete "$link" 2>/dev/null || true ;;
    esac
done
nft delete table inet "$instance" 2>/dev/null || true
