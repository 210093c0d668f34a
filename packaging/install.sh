#!/bin/sh
# Put gorae in place: a copy of the programs and of the Python packages they stand on, no link to this checkout.
#
#   packaging/install.sh [DESTDIR [PREFIX]]        (make install DESTDIR=... PREFIX=...)
#
#   PREFIX/bin/gorae, goraed       PREFIX/lib/gorae/           the package, site/ beside it
#   PREFIX/share/man               PREFIX/lib/systemd/system   gorae.service, gorae.socket
#   PREFIX/share/{bash-completion,zsh,fish}
#
# What is there of an earlier installation is replaced. Nothing is started; what to type next is said at the end.
set -eu
cd "$(dirname "$0")/.."
destdir=${1:-}
prefix=${2:-/usr/local}
case $prefix in
/*) ;;
*) echo "install: PREFIX must be an absolute path, found \"$prefix\"" >&2; exit 1 ;;
esac

# A packager's DESTDIR needs no root, so long as the environment is as the lock file has it.
if [ -z "$destdir" ] || [ "$(cat .venv/stamp-requirements 2>/dev/null)" != "$(sha256sum <packaging/requirements.lock)" ]; then
    packaging/setup.sh
fi

lib=$destdir$prefix/lib/gorae
share=$destdir$prefix/share
units=$destdir$prefix/lib/systemd/system
mkdir -p "$destdir$prefix/bin" "$destdir$prefix/lib" "$share" "$units"

# The new copy is made whole beside the old one, then takes its place.
rm -rf "$lib.new"
.venv/bin/python -I packaging/collect.py src packaging/requirements.lock "$lib.new"
.venv/bin/python -I -c 'import sys; sys.path.insert(0, "src"); from gorae.daemon import origin; print(origin.find().commit)' \
    >"$lib.new/gorae/COMMIT"
python=$(.venv/bin/python -I -c 'import os, sys; print(os.path.realpath(sys.executable))')
"$python" -I -m compileall -q -s "$lib.new" -p "$prefix/lib/gorae" "$lib.new"
rm -rf "$lib"
mv "$lib.new" "$lib"

# As in packaging/setup.sh: the command line's own start reads no site-packages.
cat >"$destdir$prefix/bin/gorae.new" <<END
#!$python -IS
import sys
sys.path.insert(0, "$prefix/lib/gorae")
sys.gorae_site = "$prefix/lib/gorae/site"
from gorae.cli.main import main
main()
END
cat >"$destdir$prefix/bin/goraed.new" <<END
#!$python -IS
import sys
sys.path[:0] = ["$prefix/lib/gorae", "$prefix/lib/gorae/site"]
from gorae.daemon.main import main
sys.exit(main())
END
for program in gorae goraed; do
    chmod 755 "$destdir$prefix/bin/$program.new"
    mv "$destdir$prefix/bin/$program.new" "$destdir$prefix/bin/$program"
done

sed "s|@BINDIR@|$prefix/bin|" packaging/systemd/gorae.service.in >"$units/gorae.service"
cp packaging/systemd/gorae.socket "$units/gorae.socket"
.venv/bin/python -I docs/generate.py --man "$share/man" --completions "$share"
chmod -R u+rwX,go+rX "$lib" "$units/gorae.service" "$units/gorae.socket"

[ -n "$destdir" ] && exit 0
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    echo "installed. Next: systemctl enable --now gorae.service"
else
    echo "installed. Next: $prefix/bin/gorae version (starts the daemon when you are root)"
fi
