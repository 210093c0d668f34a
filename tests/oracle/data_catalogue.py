"""Scenarios of mounts, volumes, `cp`, `export`, `commit` and `diff`. Each passed on Docker 28 before it may judge gorae.

`ls` stands for what a container sees of a tree: type, mode, owner, size and link of every path. A mount's own line of
/proc/mounts names the host's disk, so only its flags are compared.
"""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step, images: tuple[str, ...] = ()) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(name, made, images))


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


def ordered(line: str) -> Step:
    return Step(line, sort=True)


READ = "! docker cp {n}:%s - | tar -xO"
C = "create --pull never --name {n} "
D = "run --pull never -d --name {n} "
SLEEP = " {i} sleep 1000"
LS = "find %s -exec stat -c '%%n %%A %%u:%%g %%F' {{}} +"
FLAGS = "sh -c \"grep ' %s ' /proc/mounts | cut -d' ' -f2,4 | cut -d, -f1\""
MOUNTS = "inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.Driver}} [{{.Mode}}] {{.RW}} [{{.Propagation}}];{{end}}' {n}"


def ls(path: str) -> str:
    return (LS % path).replace("{{}}", "{}")


# -v: volumes --------------------------------------------------------------------------------------------
scenario(
    "v named is made on first use", C + "-v {v}:/d {i} true", "volume ls -q -f name={v}", MOUNTS
)
scenario(
    "v named keeps what is written",
    "run --rm -v {v}:/d {i} sh -c 'echo hi >/d/f'",
    "run --rm -v {v}:/other {i} cat /other/f",
)
scenario("v anonymous", C + "-v /d {i} true", MOUNTS)
scenario(
    "v anonymous goes with rm -v", C + "-v /d {i} true", "rm -v {n}", "volume ls -q -f name={v}"
)
scenario("v anonymous mode", "run --rm -v /d {i} stat -c '%A %u:%g' /d")
scenario("v read-only", "run --rm -v {v}:/d:ro {i} sh -c 'echo x >/d/f'")
scenario("v same target twice", C + "-v {v}:/a -v {w}:/a {i} true")
scenario("v same target twice, one unclean", C + "-v {v}:/a -v {w}:/a/ {i} true")
scenario("v and tmpfs at one target", C + "-v {v}:/a --tmpfs /a {i} true")
scenario("v and mount at one target", C + "-v {v}:/a --mount type=tmpfs,dst=/a {i} true")
scenario("v target is relative", C + "-v {v}:a {i} true")
scenario("v anonymous target is relative", C + "-v data {i} true")
scenario("v target is the root", C + "-v {v}:/ {i} true", C + "-v / {i} true")
scenario("v target leads to the root", C + "-v {v}:/a/.. {i} true")
scenario("v one-letter name", C + "-v a:/d {i} true")
scenario(
    "v bad name", C + "-v a/b:/d {i} true", C + "-v ..:/d {i} true", C + "-v .hidden:/d {i} true"
)
scenario(
    "v empty parts",
    C + "-v :/d {i} true",
    C + "-v {v}: {i} true",
    C + "-v {v}:/d: {i} true",
    C + "-v '' {i} true",
)
scenario("v too many colons", C + "-v {v}:/d:ro:z {i} true")
scenario(
    "v bad mode",
    C + "-v {v}:/d:xx {i} true",
    C + "-v {v}:/d:ro,rw {i} true",
    C + "-v {v}:/d:rshared {i} true",
)
scenario("v mode z", C + "-v {v}:/d:z {i} true", MOUNTS)
scenario("v mode nocopy", "run --rm -v {v}:/etc:nocopy {i} ls -A /etc")
scenario("v modes together", C + "-v {v}:/d:ro,z,nocopy {i} true", MOUNTS)
scenario("v mode consistency", C + "-v {h}:/d:cached {i} true", MOUNTS)
scenario("v mode volume-only on bind", C + "-v {h}:/d:nocopy {i} true")
scenario(
    "v nested",
    "run --rm -v {v}:/a -v {w}:/a/b {i} sh -c 'touch /a/b/f /a/g; find /a'",
    "run --rm -v {v}:/x {i} find /x",
)
scenario(
    "v nested given deep first",
    "run --rm -v {w}:/a/b -v {v}:/a {i} sh -c 'touch /a/b/f; find /a'",
    "run --rm -v {v}:/x {i} find /x",
)
scenario(
    "v anonymous wins over the bind beneath",
    "! mkdir -p $H/node_modules && touch $H/node_modules/host $H/app.js",
    "run --rm -v {h}:/app -v /app/node_modules {i} find /app",
)
scenario("v volume driver", C + "--volume-driver local -v {v}:/d {i} true", MOUNTS)
scenario("v unknown volume driver", C + "--volume-driver nosuch -v {v}:/d {i} true")
scenario("v in the way of a file", "run --rm -v {v}:/etc/passwd {i} true")

# -v: binds ----------------------------------------------------------------------------------------------
scenario(
    "bind shows on both sides",
    "! echo one >$H/f",
    "run --rm -v {h}:/d {i} sh -c 'cat /d/f; echo two >/d/g'",
    "! cat $H/g; stat -c '%u:%g %a' $H/g",
)
scenario(
    "bind read-only", "! echo one >$H/f", "run --rm -v {h}:/d:ro {i} sh -c 'cat /d/f; echo x >/d/f'"
)
scenario(
    "bind source is made",
    C + "-v {h}/a:/d {i} true",
    "! ls -A $H",
    "start {n}",
    "! stat -c '%F %a %u:%g' $H/a",
    MOUNTS,
)
scenario("bind a file", "! echo one >$H/f", "run --rm -v {h}/f:/etc/passwd {i} cat /etc/passwd")
scenario("bind a file onto a directory", "! echo one >$H/f", "run --rm -v {h}/f:/etc {i} true")
scenario("bind a directory onto a file", "run --rm -v {h}:/etc/passwd {i} true")
scenario("bind hides what the image has", "run --rm -v {h}:/etc {i} ls -A /etc", "! ls -A $H")
scenario(
    "bind by a link",
    "! mkdir $H/real && echo x >$H/real/f && ln -s real $H/link",
    "run --rm -v {h}/link:/d {i} cat /d/f",
)
scenario("bind relative source by the API's rules", C + "-v ./sub:/d {i} true", "! ls")
scenario(
    "bind unclean source", C + "-v {h}/../{n}x:/d {i} true", quiet("! rmdir $H/../{n}x"), MOUNTS
)
scenario("bind propagation", C + "-v {h}:/d:slave {i} true", MOUNTS)
scenario("bind shared needs a shared mount", "run --rm -v {h}:/d:shared {i} true")
scenario("bind mode z and Z", C + "-v {h}:/d:Z {i} true", MOUNTS)
scenario("bind bad propagation", C + "-v {h}:/d:shared,slave {i} true")
scenario("bind target through a link", "! touch $H/f", "run --rm -v {h}:/lib {i} ls /lib")
scenario(
    "bind stays when the container goes",
    "! touch $H/f",
    C + "-v {h}:/d {i} true",
    "rm -v {n}",
    "! ls $H",
)
scenario(
    "bind stays after rm -f of a running one",
    "! touch $H/f",
    D + "-v {h}:/d" + SLEEP,
    "rm -f -v {n}",
    "! ls $H",
)
scenario(
    "bind file is seen after the host changes it",
    "! echo one >$H/f",
    D + "-v {h}:/d" + SLEEP,
    "! echo two >$H/f",
    READ % "/d/f",
)

# --mount ------------------------------------------------------------------------------------------------
scenario("mount volume", C + "--mount type=volume,src={v},dst=/d {i} true", MOUNTS)
scenario("mount default type", C + "--mount src={v},dst=/d {i} true", MOUNTS)
scenario("mount anonymous", C + "--mount dst=/d {i} true", MOUNTS)
scenario("mount without target", C + "--mount type=volume,src={v} {i} true")
scenario("mount relative target", C + "--mount type=volume,src={v},dst=d {i} true")
scenario("mount target is the root", C + "--mount type=volume,src={v},dst=/ {i} true")
scenario("mount same target twice", C + "--mount src={v},dst=/a --mount src={w},dst=/a {i} true")
scenario("mount anonymous read-only", C + "--mount type=volume,dst=/d,readonly {i} true")
scenario(
    "mount bind missing source", C + "--mount type=bind,src={h}/nosuch,dst=/d {i} true", "! ls $H"
)
scenario("mount bind without source", C + "--mount type=bind,dst=/d {i} true")
scenario(
    "mount bind",
    "! echo x >$H/f",
    "run --rm --mount type=bind,src={h},dst=/d,readonly {i} sh -c 'cat /d/f; touch /d/g'",
)
scenario("mount bind of a name", C + "--mount type=bind,src=name,dst=/d {i} true")
scenario("mount volume of a path", C + "--mount type=volume,src=/a,dst=/d {i} true")
scenario("mount unknown type", C + "--mount type=nosuch,dst=/d {i} true")
scenario(
    "mount options of another type", C + "--mount type=bind,src={h},dst=/d,volume-nocopy {i} true"
)
scenario(
    "mount bind propagation",
    C + "--mount type=bind,src={h},dst=/d,bind-propagation=rslave {i} true",
    MOUNTS,
)
scenario(
    "mount bad propagation", C + "--mount type=bind,src={h},dst=/d,bind-propagation=xx {i} true"
)
scenario(
    "mount bind non-recursive",
    "run --rm --mount type=bind,src={h},dst=/d,bind-recursive=disabled {i} ls /d",
)
scenario(
    "mount bind-recursive bad", C + "--mount type=bind,src={h},dst=/d,bind-recursive=xx {i} true"
)
scenario(
    "mount volume labels and options",
    C + "--mount type=volume,src={v},dst=/d,volume-label=a=1 {i} true",
    "volume inspect -f '{{json .Labels}}' {v}",
)
scenario(
    "mount volume driver options",
    C
    + "--mount type=volume,src={v},dst=/d,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=1m {i} true",
    "volume inspect -f '{{json .Options}}' {v}",
)
scenario(
    "mount volume-nocopy",
    "run --rm --mount type=volume,src={v},dst=/etc,volume-nocopy {i} ls -A /etc",
)
scenario(
    "mount tmpfs",
    "run --rm --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700 {i} sh -c \"stat -c '%A %u:%g' /t; grep ' /t ' /proc/mounts\"",
)
scenario(
    "mount tmpfs defaults",
    "run --rm --mount type=tmpfs,dst=/t {i} sh -c \"stat -c '%A' /t; grep ' /t ' /proc/mounts\"",
)
scenario("mount tmpfs with a source", C + "--mount type=tmpfs,src=x,dst=/t {i} true")
scenario("mount tmpfs read-only", "run --rm --mount type=tmpfs,dst=/t,readonly {i} touch /t/f")
scenario(
    "tmpfs over what the image has",
    "run --rm --tmpfs /etc {i} ls -A /etc",
    "run --rm --tmpfs /tmp {i} stat -c '%A' /tmp",
)
scenario(
    "tmpfs options",
    "run --rm --tmpfs /t:rw,size=64k,exec,mode=1777 {i} sh -c \"stat -c '%A' /t; grep ' /t ' /proc/mounts\"",
)
scenario("tmpfs bad option", "run --rm --tmpfs /t:nosuch {i} true")
scenario("tmpfs relative", C + "--tmpfs t {i} true")
scenario(
    "tmpfs is not in the inspect's mounts",
    C + "--tmpfs /t --mount type=tmpfs,dst=/u {i} true",
    MOUNTS,
)
scenario(
    "volume-subpath",
    "run --rm -v {v}:/d {i} sh -c 'mkdir -p /d/a/b; echo x >/d/a/b/f; ln -s / /d/out; ln -s a /d/link'",
    "run --rm --mount type=volume,src={v},dst=/s,volume-subpath=a/b {i} cat /s/f",
    "run --rm --mount type=volume,src={v},dst=/s,volume-subpath=link {i} ls /s",
    "run --rm --mount type=volume,src={v},dst=/s,volume-subpath=out {i} ls /s",
)
scenario(
    "volume-subpath wrong",
    "volume create {v}",
    "run --rm --mount type=volume,src={v},dst=/s,volume-subpath=nosuch {i} true",
    C + "--mount type=volume,src={v},dst=/s,volume-subpath=../x {i} true",
    C + "--mount type=volume,src={v},dst=/s,volume-subpath=/x {i} true",
)
scenario(
    "volume-subpath of a file",
    "run --rm -v {v}:/d {i} sh -c 'echo x >/d/f'",
    "run --rm --mount type=volume,src={v},dst=/s,volume-subpath=f {i} cat /s",
)
scenario(
    "image mount", "run --rm --mount type=image,src={i},dst=/i {i} sh -c 'ls /i/etc; touch /i/x'"
)
scenario("image mount missing image", C + "--mount type=image,src=nosuch:1,dst=/i {i} true")
scenario(
    "image mount subpath", "run --rm --mount type=image,src={i},dst=/i,image-subpath=etc {i} ls /i"
)
scenario("image mount without source", C + "--mount type=image,dst=/i {i} true")
scenario("image mount in inspect", C + "--mount type=image,src={i},dst=/i {i} true", MOUNTS)

# copy-up ------------------------------------------------------------------------------------------------
scenario("copy-up of a directory", C + "-v {v}:/etc {i} true", "run --rm -v {v}:/v {i} " + ls("/v"))
scenario(
    "copy-up takes the directory's own mode",
    "run --rm -v {v}:/tmp {i} stat -c '%A %u:%g' /tmp",
    "run --rm -v {v}:/root {i} stat -c '%A' /root",
)
scenario(
    "copy-up leaves content alone",
    "run --rm -v {v}:/d {i} touch /d/mine",
    "run --rm -v {v}:/etc {i} ls -A /etc",
)
scenario(
    "copy-up of nothing",
    "run --rm -v {v}:/nosuch {i} sh -c \"stat -c '%A %u:%g' /nosuch; ls -A /nosuch\"",
)
scenario(
    "copy-up through a link in the image",
    "run --rm -v {v}:/bin {i} sh -c 'ls /bin | head -n 3; ls -l /bin/sh | cut -c1-10'",
)
scenario(
    "copy-up when only a mode was changed",
    "run --rm -v {v}:/d {i} chmod 700 /d",
    "run --rm -v {v}:/etc {i} sh -c \"stat -c '%A' /etc; ls -A /etc\"",
)

# --volumes-from -----------------------------------------------------------------------------------------
VF = "create --pull never --name {m} --volumes-from {n}"
MM = MOUNTS.replace("{n}", "{m}")
scenario(
    "volumes-from",
    C + "-v {v}:/a -v {h}:/b {i} true",
    VF + " {i} true",
    ordered(MM.replace("{{end}}", '{{"\\n"}}{{end}}')),
)
scenario(
    "volumes-from read-only",
    D + "-v {v}:/a" + SLEEP,
    "run --rm --volumes-from {n}:ro {i} touch /a/f",
)
scenario(
    "volumes-from keeps read-only",
    C + "-v {v}:/a:ro {i} true",
    "run --rm --volumes-from {n}:rw {i} touch /a/f",
)
scenario(
    "volumes-from a missing one", "create --pull never --name {m} --volumes-from nosuch {i} true"
)
scenario("volumes-from bad mode", C + "-v {v}:/a {i} true", VF + ":xx {i} true")
scenario("volumes-from and own mount", C + "-v {v}:/a {i} true", VF + " -v {w}:/a {i} true", MM)
scenario(
    "volumes-from keeps an anonymous volume",
    C + "-v /a {i} true",
    VF + " {i} true",
    "rm -v {n}",
    "inspect -f '{{len .Mounts}}' {m}",
    "start -a {m}",
)

# volumes ------------------------------------------------------------------------------------------------
scenario(
    "volume create and inspect",
    "volume create --label a=1 {v}",
    "volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}' {v}",
)
scenario(
    "volume create twice",
    "volume create {v}",
    "volume create {v}",
    "volume create --label b=2 {v}",
    "volume inspect -f '{{json .Labels}}' {v}",
)
scenario(
    "volume create with other options",
    "volume create {v}",
    "volume create -o type=tmpfs -o device=tmpfs {v}",
)
scenario(
    "volume bad names",
    "volume create a/b",
    "volume create ..",
    "volume create ../x",
    "volume create a",
    "volume create .a",
    "volume create 'a b'",
)
scenario("volume bad driver", "volume create -d nosuch {v}")
scenario(
    "volume bad options",
    "volume create -o nosuch=1 {v}",
    "volume create -o type=tmpfs {v}",
    "volume create -o device=x {v}",
    "volume create -o size=1g {v}",
)
scenario(
    "volume tmpfs",
    "volume create -o type=tmpfs -o device=tmpfs -o o=size=1m,uid=1000 {v}",
    "run --rm -v {v}:/d {i} sh -c \"stat -c '%u' /d; df -k /d | tail -n 1 | tr -s ' ' | cut -d' ' -f2\"",
    "volume rm {v}",
)
scenario(
    "volume bind",
    "! echo x >$H/f",
    "volume create -o type=none -o o=bind -o device={h} {v}",
    "run --rm -v {v}:/d {i} sh -c 'cat /d/f; touch /d/g'",
    "volume rm {v}",
    "! ls $H",
)
scenario(
    "volume bind of a missing path",
    "volume create -o type=none -o o=bind -o device={h}/nosuch {v}",
    "run --rm -v {v}:/d {i} true",
)
scenario(
    "volume rm",
    "volume create {v}",
    "volume rm {v}",
    "volume rm {v}",
    "volume rm -f {v}",
    "volume inspect {v}",
)
scenario(
    "volume rm in use",
    C + "-v {v}:/d {i} true",
    "volume rm {v}",
    "volume rm -f {v}",
    "rm {n}",
    "volume rm {v}",
)
scenario("volume rm several", "volume create {v}", "volume create {w}", "volume rm {v} nosuch {w}")
scenario(
    "volume ls filters",
    "volume create --label orc=x {v}",
    C + "-v {w}:/d {i} true",
    "volume ls -q -f label=orc=x",
    "volume ls -q -f name={w} -f dangling=false",
    "volume ls -q -f name={v} -f dangling=true",
    "volume ls -f nosuch=1",
)
scenario("volume update", "volume create {v}", "volume update --availability drain {v}")
scenario(
    "volume prune takes labels",
    "volume create --label orcprune=1 {v}",
    "volume create --label orcprune=2 {w}",
    "volume prune -f -a --filter label=orcprune=1",
    "volume ls -q -f name={w}",
)
scenario(
    "volume prune spares the named",
    "volume create --label orcnamed=1 {v}",
    "volume prune -f --filter label=orcnamed=1",
    "volume ls -q -f name={v}",
)
scenario("volume prune bad filter", "volume prune -f --filter nosuch=1")

# cp -----------------------------------------------------------------------------------------------------
MAKE = "! mkdir -p src/sub && echo one >src/a && echo two >src/sub/b && ln -s a src/l && chmod 640 src/a && chmod 750 src/sub"
TREE = "! find out -exec stat -c '%n %A %F' {} + | sort"
TREE_N = "! find out -printf '%P %M %y %l\\n' | sort"
IN = "run --rm --volumes-from {n} {i} true"
scenario("cp a file in", MAKE, C + "{i} cat /tmp/a", "cp src/a {n}:/tmp", "start -a {n}")
scenario(
    "cp a file in under another name",
    MAKE,
    C + "{i} cat /tmp/x",
    "cp src/a {n}:/tmp/x",
    "start -a {n}",
)
scenario(
    "cp a directory in",
    MAKE,
    C + "{i} sh -c 'cd /tmp; find . | sort'",
    "cp src {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp a directory in under another name",
    MAKE,
    C + "{i} sh -c 'cd /tmp; find . | sort'",
    "cp src {n}:/tmp/new",
    "start -a {n}",
)
scenario(
    "cp a directory's content in",
    MAKE,
    C + "{i} sh -c 'cd /tmp; find . | sort'",
    "cp src/. {n}:/tmp",
    "start -a {n}",
)
scenario("cp a directory onto a file", MAKE, C + "{i} true", "cp src {n}:/etc/passwd")
scenario(
    "cp a file to a missing directory",
    MAKE,
    C + "{i} true",
    "cp src/a {n}:/nosuch/",
    "cp src/a {n}:/nosuch/x",
)
scenario("cp a file onto a file with a slash", MAKE, C + "{i} true", "cp src/a {n}:/etc/passwd/")
scenario("cp a missing file in", C + "{i} true", "cp nosuch {n}:/tmp")
scenario(
    "cp owners and modes in",
    MAKE,
    "! chown -R 1234:2345 src && chmod 4755 src/sub/b",
    C + "{i} sh -c 'find /tmp/src | sort | xargs stat -c \"%n %A %u:%g\"'",
    "cp src {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp -a owners in",
    MAKE,
    "! chown -R 1234:2345 src",
    C + "{i} sh -c 'find /tmp/src | sort | xargs stat -c \"%n %A %u:%g\"'",
    "cp -a src {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp -a with the container's user",
    MAKE,
    "! chown -R 1234:2345 src",
    C + "-u daemon {i} sh -c 'find /tmp/src | sort | xargs stat -c \"%n %A %u:%g\"'",
    "cp -a src {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp a link in",
    MAKE,
    C + "{i} ls -l /tmp/l",
    "cp src/l {n}:/tmp/l",
    quiet("start -a {n}"),
    "cp {n}:/tmp/l out",
    "! readlink out",
)
scenario("cp -L a link in", MAKE, C + "{i} cat /tmp/l", "cp -L src/l {n}:/tmp/l", "start -a {n}")
scenario(
    "cp into a link to a directory",
    MAKE,
    D + "{i} sh -c 'ln -s /tmp /t; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp src/a {n}:/t",
    READ % "/tmp/a",
    "cp src/a {n}:/t/",
    READ % "/tmp",
)
scenario(
    "cp onto a link to a file",
    MAKE,
    D + "{i} sh -c 'echo old >/tmp/f; ln -s f /tmp/g; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp src/a {n}:/tmp/g",
    READ % "/tmp/f",
    READ % "/tmp/g",
)
scenario(
    "cp through a link that climbs",
    MAKE,
    D + "{i} sh -c 'ln -s ../../../../../../etc /tmp/up; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp src/a {n}:/tmp/up/new",
    READ % "/etc/new",
    "! ls /etc/new",
)
scenario(
    "cp in from stdin",
    MAKE,
    C + "{i} sh -c 'cd /tmp; find . | sort'",
    "! tar -C src -cf - . | docker cp - {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp in from stdin, compressed",
    MAKE,
    C + "{i} sh -c 'cd /tmp; find . | sort'",
    "! tar -C src -czf - . | docker cp - {n}:/tmp",
    "start -a {n}",
)
scenario(
    "cp in from stdin, no archive", C + "{i} true", Step("cp - {n}:/tmp", stdin="no tar at all\n")
)
scenario(
    "cp in from stdin to a file",
    MAKE,
    C + "{i} true",
    "! tar -C src -cf - . | docker cp - {n}:/etc/passwd",
    "! tar -C src -cf - . | docker cp - {n}:/nosuch",
)
scenario(
    "cp into a running container",
    MAKE,
    D + SLEEP.strip(),
    "cp src {n}:/tmp",
    READ % "/tmp/src/sub/b",
)
scenario(
    "cp into a volume",
    MAKE,
    C + "-v {v}:/d {i} true",
    "cp src/a {n}:/d",
    "run --rm -v {v}:/x {i} cat /x/a",
)
scenario(
    "cp into a volume of a running container",
    MAKE,
    D + "-v {v}:/d" + SLEEP,
    "cp src/a {n}:/d",
    READ % "/d/a",
)
scenario(
    "cp into a read-only volume",
    MAKE,
    C + "-v {v}:/d:ro {i} true",
    "cp src/a {n}:/d",
    "cp src/a {n}:/d/x",
)
scenario("cp into a read-only container", MAKE, C + "--read-only {i} true", "cp src/a {n}:/tmp")
scenario(
    "cp into a volume of a read-only container",
    MAKE,
    C + "--read-only -v {v}:/d {i} true",
    "cp src/a {n}:/d",
    "run --rm -v {v}:/x {i} ls /x",
)
scenario("cp into a bind", MAKE, C + "-v {h}:/d {i} true", "cp src/a {n}:/d", "! cat $H/a")
scenario(
    "cp a file out",
    C + "{i} true",
    "cp {n}:/etc/passwd .",
    "! cat passwd; stat -c %a passwd",
    "cp {n}:/etc/passwd other",
    "! cat other",
)
scenario("cp a directory out", C + "{i} true", "cp {n}:/etc out", TREE)
scenario(
    "cp a directory out into one that is there",
    C + "{i} true",
    "! mkdir out",
    "cp {n}:/etc out",
    TREE,
)
scenario("cp a directory's content out", C + "{i} true", "! mkdir out", "cp {n}:/etc/. out", TREE)
scenario("cp a directory out onto a file", C + "{i} true", "! touch f", "cp {n}:/etc f")
scenario(
    "cp a missing path out",
    C + "{i} true",
    "cp {n}:/nosuch .",
    "cp {n}:/etc/passwd/ .",
    "cp {n}:/etc/nosuch/x .",
)
scenario(
    "cp out to a missing directory",
    C + "{i} true",
    "cp {n}:/etc/passwd nosuch/",
    "cp {n}:/etc/passwd no/such",
)
scenario(
    "cp a link out",
    D + "{i} sh -c 'ln -s /etc/passwd /tmp/l; ln -s /nosuch /tmp/broken; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp {n}:/tmp/l .",
    "! readlink l",
    "cp -L {n}:/tmp/l followed",
    "! head -n 1 followed",
    "cp {n}:/tmp/broken .",
    "! readlink broken",
    "cp -L {n}:/tmp/broken x",
)
scenario(
    "cp a link to a directory out",
    D + "{i} sh -c 'ln -s /etc /tmp/l; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp {n}:/tmp/l .",
    "! readlink l",
    "cp {n}:/tmp/l/ out",
    TREE,
    "cp -L {n}:/tmp/l out2",
    "! ls out2",
)
scenario(
    "cp out to stdout",
    C + "{i} true",
    "! docker cp {n}:/etc - | tar -tvf - | awk '{print $1, $2, $3, $6}'",
    "! docker cp {n}:/etc/passwd - | tar -tf -",
    "! docker cp {n}:/etc/. - | tar -tf -",
    "! docker cp {n}:/etc/ - | tar -tf -",
)
scenario(
    "cp owners out",
    D
    + "{i} sh -c 'mkdir /tmp/o; echo x >/tmp/o/f; chown -R 1:1 /tmp/o; chmod 4750 /tmp/o/f; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp {n}:/tmp/o out",
    "! find out -printf '%P %M %U:%G\\n' | sort",
    "cp -a {n}:/tmp/o out2",
    "! find out2 -printf '%P %M %U:%G\\n' | sort",
)
scenario(
    "cp special files out",
    D
    + "{i} sh -c 'mkdir /tmp/o; mkfifo /tmp/o/p; mknod /tmp/o/n c 1 3; ln /tmp/o/p /tmp/o/q; echo x >/tmp/o/f; ln /tmp/o/f /tmp/o/h; sleep 1000'",
    quiet("! sleep 0.3"),
    "! docker cp {n}:/tmp/o - | tar -tvf - | awk '{print $1, $2, $6, $7, $8, $9}'",
    "cp {n}:/tmp/o out",
    "! find out -printf '%P %M %y %n\\n' | sort",
)
scenario(
    "cp out of a volume",
    "run --rm -v {v}:/d {i} sh -c 'mkdir /d/s; echo x >/d/s/f'",
    C + "-v {v}:/d {i} true",
    "cp {n}:/d out",
    TREE,
)
scenario(
    "cp out of a running container's nested mounts",
    D + "-v {v}:/d -v {w}:/d/e {i} sh -c 'echo 1 >/d/f; echo 2 >/d/e/g; sleep 1000'",
    quiet("! sleep 0.3"),
    "cp {n}:/d out",
    TREE,
)
scenario(
    "cp between containers",
    C + "{i} true",
    "create --name {m} {i} true",
    "cp {n}:/etc/passwd {m}:/tmp",
)
scenario(
    "cp wrong forms",
    "cp a b",
    "cp nosuch:/a .",
    "cp",
    C + "{i} true",
    "cp {n}: .",
    "cp {n}:/etc/passwd ''",
    "cp - -",
)
scenario("cp -q", MAKE, C + "{i} true", "cp -q src/a {n}:/tmp", "cp -q {n}:/etc/passwd .")
scenario(
    "cp a relative path in the container",
    MAKE,
    C + "-w /root {i} true",
    "cp src/a {n}:tmp/",
    "cp {n}:tmp/a out",
    "! cat out",
)
scenario(
    "cp a local path with a colon",
    C + "{i} true",
    "! echo x >a:b",
    "cp ./a:b {n}:/tmp",
    "cp {n}:/tmp/a:b out",
    "! cat out",
)
scenario(
    "cp a name with spaces and bytes",
    C + "{i} true",
    "! mkdir d && echo x >'d/a b' && echo y >d/ä",
    "cp d {n}:/tmp",
    "cp {n}:/tmp/d out",
    "! ls out",
)
scenario(
    "cp a directory over a directory",
    MAKE,
    C + "{i} true",
    "cp src {n}:/tmp",
    "! rm -r src/sub && echo file >src/sub",
    "cp src {n}:/tmp",
    "! rm -r src && mkdir src && echo new >src/a",
    "cp src {n}:/tmp",
    "cp {n}:/tmp/src out",
    TREE,
)
scenario("cp to the root", MAKE, C + "{i} true", "cp src/a {n}:/", "cp {n}:/a out", "! cat out")
scenario(
    "cp of times",
    "! mkdir s && echo x >s/f && touch -d '2001-02-03 04:05:06.789' s/f && touch -d '2002-02-03 04:05:06' s",
    C + "{i} sh -c 'stat -c %Y /tmp/s/f /tmp/s'",
    "cp s {n}:/tmp",
    "start -a {n}",
    "cp {n}:/tmp/s out",
    "! stat -c '%Y %y' out/f out",
)

# export, diff, commit -----------------------------------------------------------------------------------
scenario(
    "export",
    C + "-v {v}:/d {i} true",
    "! docker export {n} | tar -tvf - | awk '{print $1, $2, $6, $7, $8}' | grep -v ' bin/[a-z]'",
)
scenario(
    "export of a running container",
    D + "-v {v}:/d {i} sh -c 'echo x >/new; echo y >/d/f; sleep 1000'",
    quiet("! sleep 0.3"),
    "! docker export {n} | tar -tf - | grep -v '^bin/.'",
)
scenario(
    "export to a file",
    C + "{i} true",
    "export -o out.tar {n}",
    "! tar -tf out.tar | grep -c passwd",
    "export -o nosuch/out.tar {n}",
    "export nosuch",
)
scenario(
    "diff",
    D
    + "-v {v}:/d {i} sh -c 'echo x >/new; rm /etc/group; echo >>/etc/passwd; touch /d/f; mkdir -p /a/b; sleep 1000'",
    quiet("! sleep 0.3"),
    ordered("diff {n}"),
)
scenario("diff of nothing", C + "{i} true", "diff {n}", "diff nosuch")
CI = "orcd-commit:1"
scenario(
    "commit",
    D + "{i} sh -c 'echo x >/new; rm /etc/group; mkdir /etc/d; sleep 1000'",
    quiet("! sleep 0.3"),
    "commit -a me -m why {n} " + CI,
    "run --rm " + CI + " sh -c 'cat /new; ls /etc'",
    "inspect -f '{{.Author}} {{.Comment}} {{json .Config.Cmd}} {{len .RootFS.Layers}}' " + CI,
    "inspect -f '{{.State.Status}}' {n}",
    images=(CI,),
)
scenario(
    "commit changes",
    C + "-e A=1 -l x=y {i} true",
    "commit -c 'ENV B=2' -c 'CMD [\"echo\",\"hi\"]' -c 'USER daemon' -c 'EXPOSE 80' -c 'WORKDIR /w' -c 'LABEL z=1' -c 'VOLUME /v' {n} "
    + CI,
    "run --rm " + CI,
    "inspect -f '{{json .Config.Env}} {{json .Config.Labels}} {{.Config.User}} {{json .Config.ExposedPorts}} {{.Config.WorkingDir}} {{json .Config.Volumes}}' "
    + CI,
    images=(CI,),
)
scenario(
    "commit wrong",
    C + "{i} true",
    "commit -c 'NOSUCH x' {n}",
    "commit -c 'RUN x' {n}",
    "commit {n} BadName",
    "commit nosuch x",
    images=(CI,),
)
scenario("commit without a name", C + "{i} true", "commit {n}")
scenario(
    "commit leaves volumes out",
    D + "-v {v}:/d {i} sh -c 'echo x >/d/f; echo y >/y; sleep 1000'",
    quiet("! sleep 0.3"),
    "commit -p=false {n} " + CI,
    "run --rm " + CI + " ls -A /d",
    images=(CI,),
)
scenario(
    "commit history",
    C + "{i} true",
    "commit -a me -m msg {n} " + CI,
    "history --no-trunc --format '{{.CreatedBy}}|{{.Comment}}|{{.Size}}' " + CI,
    images=(CI,),
)

# what a stopped container, a replaced directory and a mount's place look like -------------------------------
SUB = "--mount type=volume,src={v},dst=/s,volume-subpath=sub "
scenario(
    "cp with a part of a volume, stopped",
    "run --rm -v {v}:/d {i} sh -c 'mkdir /d/sub; echo in >/d/sub/f; echo out >/d/g'",
    C + SUB + "{i} true",
    "cp {n}:/s out",
    TREE,
    "! echo new >new",
    "cp new {n}:/s",
    "run --rm -v {v}:/d {i} sh -c 'ls /d /d/sub'",
)
scenario(
    "cp with an image mount, stopped",
    C + "--mount type=image,src={i},dst=/im {i} true",
    "cp {n}:/im/etc/passwd out",
    "! head -n 1 out",
    "cp out {n}:/im/q",
)
scenario(
    "cp where a bind source is missing",
    MAKE,
    C + "-v {h}/later:/d {i} true",
    "cp src/a {n}:/tmp",
    "cp src/a {n}:/d",
    "! cd $H && ls . later",
)
scenario(
    "cp of a whole root file system",
    C + "{i} true",
    "cp {n}:/ out",
    "! ls; ls -A out",
    "cp {n}:. out2",
    "! ls; ls -A out2 | head -n 3",
    "! mkdir out3",
    "cp {n}:/ out3",
    "! ls -A out3 | head -n 3",
)
scenario(
    "cp in from a link with a slash after it",
    MAKE,
    "! ln -s sub src/dl",
    C + "{i} true",
    "cp src/dl/ {n}:/tmp/x",
    "cp src/dl {n}:/tmp/y",
    "! docker cp {n}:/tmp - | tar -tvf - | awk '{print $1, $6, $7, $8}'",
    "cp src/a/ {n}:/tmp",
    "cp src/a/. {n}:/tmp",
)
scenario(
    "volume with driver options, cp stopped",
    "volume create -o type=none -o o=bind -o device={h} {v}",
    C + "-v {v}:/d {i} true",
    "! echo x >x",
    "cp x {n}:/d",
    "! ls $H",
)
scenario(
    "tmpfs over a directory of the image",
    "run --rm --tmpfs /etc {i} stat -c '%a %u:%g' /etc",
    "run --rm --tmpfs /tmp --mount type=tmpfs,dst=/root {i} stat -c '%n %a %u:%g' /tmp /root",
    "run --rm --tmpfs /tmp:mode=700 --tmpfs /new {i} stat -c '%n %a' /tmp /new",
    "run --rm -v {v}:/d {i} sh -c 'mkdir -m 2750 /d/e'",
    "run --rm -v {v}:/d --tmpfs /d/e --tmpfs /d/f {i} stat -c '%n %a' /d/e /d/f",
)
scenario(
    "places of mounts",
    C + "-v {v}:/new/vol -v {h}:/bound/here --tmpfs /tt -v /etc/anon {i} true",
    "start -a {n}",
    "! docker export {n} | tar -tvf - | awk '{print $1, $2, $6}' | grep 'new\\|bound\\|tt/\\|anon'",
    ordered("diff {n}"),
    "run --rm -v {v}:/d -v {w}:/d/deep/er -v {h}:/d/h {i} true",
    "run --rm -v {v}:/d {i} sh -c \"stat -c '%n %a' /d/*\"",
)
scenario(
    "diff of replaced directories",
    C
    + "{i} sh -c 'mkdir /b; cp /bin/busybox /b; b=/b/busybox; $b rm -rf /bin /root; $b mkdir /bin; $b touch /bin/sh /root'",
    "start -a {n}",
    "! docker diff {n} | sort | grep -v '/bin/[a-rt-z\\[]'",
    "! docker diff {n} | grep -c '^D /bin/'",
)
scenario(
    "diff of what stayed the same",
    C
    + "{i} sh -c 'touch /etc /root; cp -p /etc/passwd /etc/p; mv /etc/p /etc/passwd; chmod 600 /etc/group; chown 5 /tmp'",
    "start -a {n}",
    ordered("diff {n}"),
)
scenario(
    "volumes-from modes",
    C + "-v {v}:/d {i} true",
    "run --rm --volumes-from {n}:ro,z {i} touch /d/f",
    "run --rm --volumes-from {n}:z,rw {i} touch /d/f",
    "run --rm --volumes-from {n}:z,Z {i} true",
    "run --rm --volumes-from {n}:ro,rw {i} true",
    "run --rm --volumes-from '' {i} true",
    "run --rm --volumes-from : {i} true",
)
scenario(
    "v source is a broken link",
    "! ln -s nowhere $H/dangling",
    C + "-v {h}/dangling:/d {i} true",
    "start {n}",
    "! ls -A $H",
    "create --mount type=bind,src={h}/dangling,dst=/d {i} true",
)
