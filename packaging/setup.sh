#!/bin/sh
# Make this checkout ready to run: system packages, a virtual environment, the programs in .venv/bin.
#
#   packaging/setup.sh [--test]
#
# For Debian 12, Ubuntu 24.04 and later; needs a shell, apt and root. What is there already is left alone, and
# then nothing is fetched. --test adds what the test suite needs.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)

say() { echo "setup: $*" >&2; }

run="python3 python3-venv crun conmon nftables iproute2 busybox-static mmdebstrap catatonit zstd xz-utils ca-certificates
debian-archive-keyring procps"
test="skopeo docker-registry podman postgresql chromium
systemd make openssl e2fsprogs qemu-system-x86 docker-compose"
wanted=$run
[ "${1:-}" != --test ] || wanted="$run $test"

missing=
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        say "these packages are missing and need root to be installed:$missing"
        exit 1
    fi
    say "installing packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # Ubuntu has its browser in another form than packages: the tests that look at pages with one say so.
    if ! apt-cache show chromium >/dev/null 2>&1; then
        case " $missing " in
        *" chromium "*)
            say "this distribution has no package of chromium: install one by hand for the tests of the hub's site"
            missing=$(echo " $missing " | sed 's/ chromium / /')
            ;;
        esac
    fi
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# The tests speak through docker's own command line and docker compose, of the releases whose behaviour is the measure;
# this distribution's docker-compose (1.29 in Debian 12) is one more client.
docker_major() { { "$1" --version || true; } 2>/dev/null | sed -n 's/^Docker version \([0-9]*\).*/\1/p' | grep . || echo 0; }
compose=cli-plugins/docker-compose
from_sid=
if [ "${1:-}" = --test ]; then
    [ "$(docker_major docker)" -ge 28 ] || [ "$(docker_major .venv-tools/docker)" -ge 28 ] || from_sid="$from_sid docker-cli"
    [ -x ".venv-tools/$compose" ] || from_sid="$from_sid docker-compose"
fi
if [ -n "$from_sid" ]; then
    say "fetching programs from Debian's newest suite (nothing is installed or started):$from_sid"
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main" >"$work/sources"
    sid="-o Dir::Etc::SourceList=$work/sources -o Dir::Etc::SourceParts=/nonexistent -o Dir::State::Lists=$work/lists
        -o Dir::Cache=$work/cache -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root"
    # shellcheck disable=SC2086
    (cd "$work" && apt-get $sid update -qq && apt-get $sid download -qq $from_sid && for one in ./*.deb; do dpkg -x "$one" root; done)
    mkdir -p "$top/.venv-tools/cli-plugins"
    [ ! -e "$work/root/usr/bin/docker" ] || cp "$work/root/usr/bin/docker" "$top/.venv-tools/docker"
    [ ! -e "$work/root/usr/libexec/docker/$compose" ] || cp "$work/root/usr/libexec/docker/$compose" "$top/.venv-tools/$compose"
    rm -rf "$work"
fi

# The distribution's own Python; any later one where it is too old.
python=
for one in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
    if command -v "$one" >/dev/null 2>&1 && "$one" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$one
        break
    fi
done
if [ -z "$python" ]; then
    say "no Python of at least 3.11 with venv was found: apt-get install python3-venv"
    exit 1
fi

extras=packaging/requirements.lock
[ "${1:-}" != --test ] || extras="packaging/requirements.lock packaging/requirements-test.lock"
for lock in $extras; do
    stamp=.venv/stamp-$(basename "$lock" .lock)
    hash=$(cat "$lock" | sha256sum)
    [ -x .venv/bin/python ] || { say "making .venv with $python"; "$python" -m venv .venv; }
    if [ "$(cat "$stamp" 2>/dev/null)" != "$hash" ]; then
        say "installing Python packages of $lock"
        .venv/bin/python -m pip install -qq --disable-pip-version-check -r "$lock"
        echo "$hash" >"$stamp"
    fi
done

# gorae's own start must not read site-packages: it is isolated (-I) and without site (-S), and finds the source
# directory by itself; `sys.gorae_site` tells the few commands that need more where the packages are.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cat >.venv/bin/gorae.new <<EOF
#!$top/.venv/bin/python -IS
import sys
sys.path.insert(0, "$top/src")
sys.gorae_site = "$site"
from gorae.cli.main import main
main()
EOF
cat >.venv/bin/goraed.new <<EOF
#!$top/.venv/bin/python -I
import sys
sys.path.insert(0, "$top/src")
from gorae.daemon.main import main
sys.exit(main())
EOF
for program in gorae goraed; do
    chmod 755 ".venv/bin/$program.new"
    mv ".venv/bin/$program.new" ".venv/bin/$program"
done
