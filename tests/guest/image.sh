#!/bin/sh
# Make a machine to boot: `image.sh DIR` gives DIR/disk (ext4), DIR/vmlinuz and DIR/initrd.
#
# The host's own distribution and release, so that its Python packages run there; systemd, a cloud kernel (cgroup v2, all
# controllers) and what goraed needs. The disk runs `gorae-guest.service` at its start: it unpacks the second disk,
# a tar, over its root and runs inside.py of it.
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..

# shellcheck disable=SC1091
. /etc/os-release
case $ID in
debian) kernel=linux-image-cloud-amd64 ;;
ubuntu) kernel=linux-image-virtual ;;
*) echo "image: wanted a Debian or Ubuntu host, found $ID" >&2; exit 1 ;;
esac
run=$(sed -n '/^run="/,/"$/p' "$top/packaging/setup.sh" | tr -d '"' | sed 's/^run=//' | tr '\n' ' ')
packages=$(echo "$kernel initramfs-tools systemd systemd-sysv udev dbus kmod make $run" | tr -s ' ' ',')

rm -rf --one-file-system "$dir/root"
mkdir -p "$dir"
# An initrd of the few modules that reach the disk boots in a fraction of the time.
mmdebstrap --quiet --variant=minbase --include="${packages%,}" \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=path-exclude=/usr/share/doc/* \
    --dpkgopt=path-include=/usr/share/doc/busybox-static/* --dpkgopt=path-exclude=/usr/share/locale/* \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/etc/initramfs-tools"' \
    --essential-hook='echo MODULES=list >"$1/etc/initramfs-tools/conf.d/gorae"' \
    --essential-hook='printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
    --customize-hook="copy-in $here/gorae-guest.service /etc/systemd/system" \
    --customize-hook='chroot "$1" systemctl --quiet enable gorae-guest.service' \
    --customize-hook='chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer' \
    "$VERSION_CODENAME" "$dir/root"
cp "$dir"/root/boot/vmlinuz-* "$dir/vmlinuz"
cp "$dir"/root/boot/initrd.img-* "$dir/initrd"
rm -rf --one-file-system "$dir"/root/boot/* "$dir"/root/var/cache/apt/* "$dir"/root/var/lib/apt/lists/*
mke2fs -q -t ext4 -d "$dir/root" "$dir/disk.new" 1536M
rm -rf --one-file-system "$dir/root"
mv "$dir/disk.new" "$dir/disk"
