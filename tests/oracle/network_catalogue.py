"""Scenarios over networks, health, limits, events, inspect formats and errors. `{w}` and `{v}` are networks."""

from tests.oracle.scenario import Scenario, Step

SCENARIOS: list[Scenario] = []


def scenario(name: str, *steps: str | Step) -> None:
    made = tuple(one if isinstance(one, Step) else Step(one) for one in steps)
    SCENARIOS.append(Scenario(f"net: {name}", made, networks=True))


def quiet(line: str) -> Step:
    return Step(line, quiet=True)


def ordered(line: str) -> Step:
    return Step(line, sort=True)


CREATE = quiet("network create {w}")
D = "run -d --name {n}"
IDLE = "bb sleep 100"
NETWORKS = "inspect -f '{{json .NetworkSettings.Networks}}'"
SHAPE = (
    "network inspect -f '{{.Driver}} {{.Scope}} {{.Internal}} {{.Attachable}} {{.EnableIPv4}} "
    "{{.EnableIPv6}} {{.Ingress}} {{.ConfigOnly}} {{json .Options}} {{json .Labels}} {{json .IPAM}}'"
)

# networks: create and inspect -----------------------------------------------------------------------
scenario("create prints the id", "network create {w}", SHAPE + " {w}")
scenario("create twice", CREATE, "network create {w}")
scenario("create internal attachable", "network create --internal --attachable {w}", SHAPE + " {w}")
scenario("create with labels", "network create --label a=1 --label b {w}", SHAPE + " {w}")
scenario("create with subnet", "network create --subnet 10.213.1.0/24 {w}", SHAPE + " {w}")
scenario(
    "create with everything",
    "network create --subnet 10.213.2.0/24 --gateway 10.213.2.254 --ip-range 10.213.2.128/25 "
    "--aux-address a=10.213.2.200 --aux-address b=10.213.2.201 {w}",
    "network inspect -f '{{json .IPAM.Config}}' {w}",
)
scenario(
    "create with options",
    "network create -o com.docker.network.bridge.enable_icc=false -o com.docker.network.driver.mtu=1400 {w}",
    SHAPE + " {w}",
    "run --rm --network {w} bb cat /sys/class/net/eth0/mtu",
)
scenario(
    "overlapping subnets",
    "network create --subnet 10.213.3.0/24 {w}",
    "network create --subnet 10.213.3.128/25 {v}",
)
scenario(
    "bad subnet", "network create --subnet 10.213.4.0/33 {w}", "network create --subnet abc {w}"
)
scenario("subnet with host bits", "network create --subnet 10.213.4.7/24 {w}")
scenario("gateway outside", "network create --subnet 10.213.5.0/24 --gateway 10.213.6.1 {w}")
scenario("bad gateway", "network create --subnet 10.213.5.0/24 --gateway abc {w}")
scenario("range outside", "network create --subnet 10.213.5.0/24 --ip-range 10.213.6.0/25 {w}")
scenario("gateway without subnet", "network create --gateway 10.213.5.1 {w}")
scenario("range without subnet", "network create --ip-range 10.213.5.0/25 {w}")
scenario("aux outside", "network create --subnet 10.213.5.0/24 --aux-address a=10.213.6.3 {w}")
scenario(
    "reserved names",
    "network create bridge",
    "network create host",
    "network create none",
    "network create default",
)
scenario("bad names", "network create ''", "network create ' '")
scenario("unknown driver", "network create -d nosuchdriver {w}")
scenario("a second host network", "network create -d host {w}", "network create -d null {w}")
scenario("overlay without swarm", "network create -d overlay {w}")
scenario(
    "ipv6 with a subnet",
    "network create --ipv6 --subnet fd00:213:1::/64 --subnet 10.213.7.0/24 {w}",
    "network inspect -f '{{json .IPAM.Config}} {{.EnableIPv6}}' {w}",
)
scenario(
    "ipv6 subnet without the flag",
    "network create --subnet fd00:213:2::/64 {w}",
    "network inspect -f '{{.EnableIPv6}}' {w}",
)
scenario(
    "no ipv4",
    "network create --ipv4=false --ipv6 --subnet fd00:213:3::/64 {w}",
    SHAPE + " {w}",
    "run --rm --network {w} bb sh -c 'ip -4 addr show eth0 | wc -l'",
)
scenario("neither ipv4 nor ipv6", "network create --ipv4=false {w}")
scenario(
    "bad driver option",
    "network create -o com.docker.network.driver.mtu=abc {w}",
    "network create -o com.docker.network.bridge.enable_icc=maybe {w}",
)
scenario(
    "bridge name option",
    "network create -o com.docker.network.bridge.name=orcbr0 {w}",
    "network inspect -f '{{json .Options}}' {w}",
)
scenario(
    "bridge name too long",
    "network create -o com.docker.network.bridge.name=averyveryverylongname {w}",
)
scenario(
    "config only",
    "network create --config-only --subnet 10.213.9.0/24 {w}",
    SHAPE + " {w}",
    "run --rm --network {w} bb true",
)
scenario(
    "macvlan parent is missing",
    "network create -d macvlan -o parent=nosuch0 --subnet 10.213.10.0/24 {w}",
)
scenario(
    "macvlan bad mode", "network create -d macvlan -o macvlan_mode=odd --subnet 10.213.10.0/24 {w}"
)
scenario(
    "inspect nothing",
    "network inspect nosuchnet",
    "network inspect -f '{{.Name}}' bridge nosuchnet",
)
scenario(
    "inspect builtin",
    "network inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .IPAM.Config}}' host none",
)
scenario(
    "inspect with a container",
    CREATE,
    D + " --network {w} " + IDLE,
    "network inspect -f '{{range .Containers}}{{json .}}{{end}}' {w}",
)
scenario(
    "ls",
    CREATE,
    "network ls --filter name={w}",
    "network ls -q --filter name={w}",
    "network ls --no-trunc --filter name={w} --format '{{.ID}} {{.Name}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}}'",
)
scenario(
    "ls filters",
    "network create --label orcl=1 {w}",
    "network ls --filter label=orcl --format '{{.Name}}'",
    "network ls --filter driver=host --format '{{.Name}}'",
    "network ls --filter type=builtin --format '{{.Name}}'",
    "network ls --filter type=odd",
    "network ls --filter nosuch=1",
    "network ls --filter dangling=odd",
)
scenario("ls json", CREATE, "network ls --filter name={w} --format json")

# networks: remove -----------------------------------------------------------------------------------
scenario("rm", CREATE, "network rm {w}", "network rm {w}", "network rm -f {w}")
scenario("rm predefined", "network rm bridge", "network rm host", "network rm none")
scenario(
    "rm in use",
    CREATE,
    D + " --network {w} " + IDLE,
    "network rm {w}",
    "network inspect -f '{{len .Containers}}' {w}",
)
scenario(
    "rm used by a stopped one",
    CREATE,
    "create --name {n} --network {w} bb true",
    "network rm {w}",
    "start {n}",
    "inspect -f '{{.State.Status}} {{.State.ExitCode}}' {n}",
)
scenario(
    "prune by label",
    "network create --label orcprune=1 {w}",
    "network prune -f --filter label=orcprune",
    "network inspect {w}",
)
scenario("prune with a bad filter", "network prune -f --filter nosuch=1")

# connect and disconnect -----------------------------------------------------------------------------
scenario(
    "connect a running one",
    CREATE,
    D + " " + IDLE,
    "network connect {w} {n}",
    "inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPPrefixLen}} {{json $v.DNSNames}} {{json $v.Aliases}};{{end}}' {n}",
    "network connect {w} {n}",
)
scenario(
    "disconnect a running one",
    CREATE,
    D + " --network {w} " + IDLE,
    "network disconnect {w} {n}",
    NETWORKS + " {n}",
    "network disconnect {w} {n}",
)
scenario(
    "connect a created one",
    CREATE,
    "create --name {n} bb ip -o link",
    "network connect {w} {n}",
    NETWORKS + " {n}",
    "network connect {w} {n}",
)
scenario(
    "connect a created one with alias",
    CREATE,
    "create --name {n} bb true",
    "network connect --alias x --alias y {w} {n}",
    NETWORKS + " {n}",
)
scenario(
    "disconnect a created one",
    CREATE,
    "create --name {n} --network {w} bb true",
    "network disconnect {w} {n}",
    NETWORKS + " {n}",
    "network disconnect {w} {n}",
)
scenario(
    "disconnect bridge",
    D + " " + IDLE,
    "network disconnect bridge {n}",
    NETWORKS + " {n}",
    "inspect -f '{{.HostConfig.NetworkMode}}' {n}",
    "network connect bridge {n}",
    "inspect -f '{{len .NetworkSettings.Networks}}' {n}",
)
scenario(
    "connect unknown things",
    "network connect nosuchnet {n}",
    CREATE,
    "network connect {w} nosuchcontainer",
    "network disconnect {w} nosuchcontainer",
    "network disconnect nosuchnet nosuchcontainer",
    "network disconnect -f {w} nosuchcontainer",
)
scenario(
    "connect host mode",
    CREATE,
    D + " --network host " + IDLE,
    "network connect {w} {n}",
    "network disconnect host {n}",
)
scenario("connect to host", D + " " + IDLE, "network connect host {n}", "network connect none {n}")
scenario(
    "connect none mode",
    CREATE,
    D + " --network none " + IDLE,
    "network connect {w} {n}",
    "network disconnect none {n}",
)
scenario(
    "connect a container-mode one",
    CREATE,
    D + " " + IDLE,
    "run -d --name {m} --network container:{n} " + IDLE,
    "network connect {w} {m}",
    "inspect -f '{{json .NetworkSettings.Networks}}' {m}",
)
scenario(
    "connect with ip",
    "network create --subnet 10.213.11.0/24 {w}",
    D + " " + IDLE,
    "network connect --ip 10.213.11.77 {w} {n}",
    "inspect -f '{{with index .NetworkSettings.Networks \"{w}\"}}{{json .IPAMConfig}}{{end}}' {n}",
)
scenario(
    "ip on the default bridge",
    "run --rm --ip 172.17.0.99 bb true",
    "create --name {n} --ip 172.17.0.99 bb true",
)
scenario(
    "ip on a network without subnet", CREATE, "run --rm --network {w} --ip 10.213.200.3 bb true"
)
scenario(
    "ip outside the subnet",
    "network create --subnet 10.213.12.0/24 {w}",
    "run --name {n} --network {w} --ip 10.213.13.3 bb true",
    "inspect -f '{{.State.Status}} {{.State.ExitCode}}' {n}",
)
scenario(
    "ip taken",
    "network create --subnet 10.213.14.0/24 {w}",
    D + " --network {w} --ip 10.213.14.9 " + IDLE,
    "run --name {m} --network {w} --ip 10.213.14.9 bb true",
    "inspect -f '{{.State.Status}} {{.State.ExitCode}}' {m}",
)
scenario(
    "ip of the gateway",
    "network create --subnet 10.213.15.0/24 {w}",
    "run --rm --network {w} --ip 10.213.15.1 bb true",
)
scenario(
    "bad ip",
    "network create --subnet 10.213.16.0/24 {w}",
    "create --name {n} --network {w} --ip abc bb true",
)
scenario(
    "static ip works",
    "network create --subnet 10.213.17.0/24 {w}",
    "run --rm --network {w} --ip 10.213.17.42 bb sh -c 'ip -o -4 addr show eth0 | grep -c 10.213.17.42/24'",
)
scenario(
    "ip range is used",
    "network create --subnet 10.213.18.0/24 --ip-range 10.213.18.240/28 {w}",
    "run --rm --network {w} bb sh -c 'ip -o -4 addr show eth0 | grep -c \"10.213.18.2[45][0-9]/24\"'",
)
scenario(
    "ipv6 static",
    "network create --ipv6 --subnet fd00:213:9::/64 {w}",
    "run --rm --network {w} --ip6 fd00:213:9::99 bb sh -c 'ip -o -6 addr show eth0 scope global | grep -c fd00:213:9::99/64'",
    "create --name {n} --network {w} --ip6 fd00:213:9::99 bb true",
    NETWORKS + " {n}",
)
scenario(
    "mac address",
    CREATE,
    "run --rm --network {w} --mac-address 02:42:ac:11:00:99 bb cat /sys/class/net/eth0/address",
    "create --name {n} --network {w} --mac-address 02:42:ac:11:00:99 bb true",
    "inspect -f '{{.Config.MacAddress}} {{json .NetworkSettings.Networks}}' {n}",
)
scenario("bad mac address", "create --name {n} --mac-address zz bb true")
scenario(
    "two networks at create",
    CREATE,
    quiet("network create {v}"),
    'run --rm --network {w} --network {v} bb sh -c \'ls /sys/class/net | tr "\\n" " "; grep -c 172 /etc/hosts\'',
)
scenario(
    "network alias",
    CREATE,
    "create --name {n} --network {w} --network-alias one --network-alias two bb true",
    "inspect -f '{{json (index .NetworkSettings.Networks \"{w}\").Aliases}}' {n}",
)
scenario(
    "alias on the default bridge",
    "run --rm --network-alias x bb true",
    "create --name {n} --network-alias x bb true",
)
scenario(
    "network with options",
    CREATE,
    "create --name {n} --network name={w},alias=q,gw-priority=3,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1 bb true",
    NETWORKS + " {n}",
)
scenario("host mode with ports", "run --rm --network host -p 80:80 bb true")
scenario(
    "container mode with ports",
    D + " " + IDLE,
    "run --rm --network container:{n} -p 80:80 bb true",
    "run --rm --network container:{n} --hostname x bb true",
    "run --rm --network container:{n} --add-host a:1.2.3.4 bb true",
    "run --rm --network container:{n} --dns 1.2.3.4 bb true",
    "run --rm --network container:{n} --mac-address 02:42:ac:11:00:98 bb true",
)
scenario(
    "gateway priority",
    CREATE,
    quiet("network create --subnet 10.213.19.0/24 {v}"),
    "run --rm --network name={w} --network name={v},gw-priority=5 bb sh -c 'ip route | grep -c \"default via 10.213.19.1\"'",
)
scenario(
    "the first network has the gateway",
    quiet("network create --subnet 10.213.20.0/24 {w}"),
    quiet("network create --subnet 10.213.21.0/24 {v}"),
    "run --rm --network {w} --network {v} bb sh -c 'ip route | grep -c \"default via 10.213.20.1\"'",
)
scenario(
    "internal has no gateway",
    "network create --internal {w}",
    "run --rm --network {w} bb sh -c 'ip route | grep -c default'",
    "create --name {n} --network {w} bb true",
    "start {n}",
)

# names ----------------------------------------------------------------------------------------------
LOOK = "run --rm --network {w} bb sh -c "
scenario(
    "resolv.conf in a network", CREATE, LOOK + "'grep -v ^# /etc/resolv.conf | grep -v search'"
)
scenario(
    "resolv.conf with dns flags",
    CREATE,
    "run --rm --network {w} --dns 9.9.9.9 --dns-search s.example --dns-option ndots:3 --dns-option timeout:1 bb sh -c 'grep -v ^# /etc/resolv.conf'",
)
scenario(
    "a name resolves",
    CREATE,
    D + " --network {w} " + IDLE,
    LOOK + "'nslookup -type=a {n} | grep -c \"Name:.*{n}\"'",
)
scenario(
    "an alias resolves",
    CREATE,
    D + " --network {w} --network-alias al " + IDLE,
    LOOK
    + "'nslookup -type=a al | tail -n 2; nslookup -type=a AL | tail -n 2; nslookup -type=a al.{w} | tail -n 2'",
)
scenario(
    "a short id resolves",
    CREATE,
    D + " --network {w} --hostname hh " + IDLE,
    LOOK + "'nslookup -type=a hh | tail -n 2'",
    "inspect -f '{{json (index .NetworkSettings.Networks \"{w}\").DNSNames}}' {n}",
)
scenario(
    "no ipv6 address",
    CREATE,
    D + " --network {w} " + IDLE,
    LOOK + "'nslookup -type=aaaa {n}; echo $?'",
)
scenario(
    "reverse",
    quiet("network create --subnet 10.213.22.0/24 {w}"),
    D + " --network {w} --ip 10.213.22.9 " + IDLE,
    LOOK + "'nslookup -type=ptr 9.22.213.10.in-addr.arpa | grep name'",
)
scenario(
    "internal forwards nothing",
    "network create --internal {w}",
    LOOK + "'nslookup -type=a nosuch.example; echo $?'",
)
scenario(
    "hosts of a network",
    CREATE,
    "run --rm --network {w} --hostname hh bb sh -c 'tail -n 1 /etc/hosts'",
)
scenario(
    "hosts of two networks",
    CREATE,
    quiet("network create {v}"),
    "run --rm --network {w} --network {v} --hostname hh bb sh -c 'tail -n 2 /etc/hosts'",
)
scenario(
    "link in a network",
    CREATE,
    D + " --network {w} " + IDLE,
    "run --rm --network {w} --link {n}:db bb sh -c 'nslookup -type=a db | tail -n 2; env | grep -c DB_; grep -c db /etc/hosts'",
)
scenario(
    "link on the bridge",
    D + " -e FOO=bar --expose 5000 " + IDLE,
    "run --rm --link {n}:db bb sh -c 'env | grep DB_ | grep -v NAME | sort; grep -c db /etc/hosts'",
)
scenario("link to nobody", "run --rm --link nosuch:db bb true")
scenario(
    "extra host gateway",
    "run --rm --add-host hg:host-gateway bb sh -c 'grep -c hg /etc/hosts'",
    "run --rm --add-host bad bb true",
    "run --rm --add-host x:999.1.1.1 bb true",
)

# ports ----------------------------------------------------------------------------------------------
PORTS = "inspect -f '{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}}' {n}"
scenario(
    "publish a port",
    D + " -p 21380:80 " + IDLE,
    PORTS,
    "port {n}",
    "port {n} 80",
    "port {n} 81",
    "ps --filter name={n} --format '{{.Ports}}'",
)
scenario(
    "publish on an address", D + " -p 127.0.0.1:21381:80/udp " + IDLE, PORTS, "port {n} 80/udp"
)
scenario(
    "publish a range",
    D + " -p 21382-21384:80-82 " + IDLE,
    ordered("port {n}"),
    "ps --filter name={n} --format '{{.Ports}}'",
)
scenario("publish on ipv6", D + " -p '[::1]:21385:80' " + IDLE, PORTS)
scenario(
    "publish all",
    D + " -P --expose 70 --expose 71/udp " + IDLE,
    "inspect -f '{{range $k, $v := .NetworkSettings.Ports}}{{$k}} {{len $v}};{{end}}' {n}",
)
scenario(
    "a port is taken",
    D + " -p 21386:80 " + IDLE,
    "run --name {m} -p 21386:80 bb true",
    "inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' {m}",
)
scenario(
    "a port is free again",
    D + " -p 21387:80 " + IDLE,
    quiet("rm -f {n}"),
    "run --rm -p 21387:80 bb true",
)
scenario(
    "bad ports",
    "run --rm -p 99999:80 bb true",
    "run --rm -p 80:abc bb true",
    "run --rm -p 1-3:1-2 bb true",
    "run --rm -p 1.2.3:80:80 bb true",
    "run --rm -p 80/xyz bb true",
)
scenario("an address that is not ours", "run --rm --name {n} -p 10.213.250.1:21388:80 bb true")
scenario(
    "exposed only",
    "create --name {n} --expose 33 bb true",
    "inspect -f '{{json .Config.ExposedPorts}}' {n}",
    "port {n}",
)
scenario(
    "ports of a stopped one",
    "create --name {n} -p 21390:80 bb true",
    "port {n}",
    "ps -a --filter name={n} --format '{{.Ports}}'",
    PORTS,
)

# health ---------------------------------------------------------------------------------------------
HEALTH = "inspect -f '{{json .State.Health}}' {n}"
scenario(
    "health config",
    "create --name {n} --health-cmd 'true x' --health-interval 5s --health-timeout 2s --health-retries 4 --health-start-period 3s --health-start-interval 1s bb true",
    "inspect -f '{{json .Config.Healthcheck}}' {n}",
    HEALTH,
)
scenario(
    "no healthcheck",
    "create --name {n} --no-healthcheck bb true",
    "inspect -f '{{json .Config.Healthcheck}}' {n}",
    HEALTH,
)
scenario(
    "conflicting health flags",
    "create --no-healthcheck --health-cmd x bb true",
    "create --health-interval -1s bb true",
    "create --health-retries -1 bb true",
    "create --health-interval 1us --health-cmd x bb true",
)
scenario(
    "starting",
    D + " --health-cmd true --health-interval 1h " + IDLE,
    "inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{json .State.Health.Log}}' {n}",
    "ps --filter name={n} --format '{{.Status}}'",
)
scenario(
    "health filters",
    D + " --health-cmd true --health-interval 1h " + IDLE,
    "ps --filter name={n} --filter health=starting --format '{{.Names}}'",
    "ps --filter name={n} --filter health=healthy --format '{{.Names}}'",
    "ps --filter health=odd",
)


scenario(
    "health of one that stops",
    D + " --network none --health-cmd true --health-interval 1h " + IDLE,
    quiet("kill {n}"),
    quiet("wait {n}"),
    "inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' {n}",
    "ps -a --filter name={n} --format '{{.Names}}' --filter health=unhealthy",
)
scenario(
    "health becomes healthy",
    "run -d --name {n} --network none --health-cmd 'echo fine' --health-interval 100ms " + IDLE,
    quiet("run --rm --network none bb sleep 1"),
    "inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{json (index .State.Health.Log 0).Output}} {{(index .State.Health.Log 0).ExitCode}}' {n}",
    "ps --filter name={n} --filter health=healthy --format '{{.Names}}'",
)
scenario(
    "health becomes unhealthy",
    "run -d --name {n} --network none --health-cmd 'echo bad; exit 3' --health-interval 100ms --health-retries 1 "
    + IDLE,
    quiet("run --rm --network none bb sleep 1"),
    "inspect -f '{{.State.Health.Status}} {{json (index .State.Health.Log 0).Output}} {{(index .State.Health.Log 0).ExitCode}}' {n}",
)


# limits ---------------------------------------------------------------------------------------------
def limit(name: str, flag: str, *show: str) -> None:
    scenario(
        f"limit {name}",
        f"create --name {{n}} {flag} bb true",
        *(f"inspect -f '{{{{json .HostConfig.{one}}}}}' {{n}}" for one in show),
    )


limit("memory", "-m 64m", "Memory", "MemorySwap", "MemoryReservation")
limit(
    "memory swap",
    "-m 64m --memory-swap 128m --memory-reservation 32m",
    "MemorySwap",
    "MemoryReservation",
)
limit("memory swap unlimited", "-m 64m --memory-swap -1", "MemorySwap")
limit("swap below memory", "-m 64m --memory-swap 32m", "MemorySwap")
limit("swap alone", "--memory-swap 64m", "MemorySwap")
limit("reservation above memory", "-m 32m --memory-reservation 64m", "Memory")
limit("memory too small", "-m 1m", "Memory")
limit("swappiness", "--memory-swappiness 50", "MemorySwappiness")
limit("swappiness bad", "--memory-swappiness 101", "MemorySwappiness")
limit("cpus", "--cpus 0.5", "NanoCpus", "CpuQuota")
limit("cpus too many", "--cpus 4096", "NanoCpus")
limit("cpus and quota", "--cpus 1 --cpu-quota 1000", "NanoCpus")
limit(
    "quota",
    "--cpu-period 50000 --cpu-quota 25000 --cpu-shares 512",
    "CpuPeriod",
    "CpuQuota",
    "CpuShares",
)
limit("quota too small", "--cpu-quota 10", "CpuQuota")
limit("period bad", "--cpu-period 10", "CpuPeriod")
limit("shares negative", "--cpu-shares -1", "CpuShares")
limit("cpuset", "--cpuset-cpus 0 --cpuset-mems 0", "CpusetCpus", "CpusetMems")
limit("cpuset missing", "--cpuset-cpus 900", "CpusetCpus")
limit("cpuset bad", "--cpuset-cpus a-b", "CpusetCpus")
limit("pids", "--pids-limit 20", "PidsLimit")
limit("pids unlimited", "--pids-limit -1", "PidsLimit")
limit("oom score", "--oom-score-adj 300", "OomScoreAdj")
limit("oom score bad", "--oom-score-adj 2000", "OomScoreAdj")
limit("oom kill disable", "--oom-kill-disable -m 64m", "OomKillDisable")
limit("oom kill disable alone", "--oom-kill-disable", "OomKillDisable")
limit("blkio weight", "--blkio-weight 300", "BlkioWeight")
limit("blkio weight bad", "--blkio-weight 5", "BlkioWeight")
limit(
    "blkio throttle",
    "--device-read-bps /dev/null:1mb --device-write-iops /dev/null:10",
    "BlkioDeviceReadBps",
    "BlkioDeviceWriteIOps",
)
limit("blkio weight device", "--blkio-weight-device /dev/null:200", "BlkioWeightDevice")
limit("ulimit", "--ulimit nofile=100:200 --ulimit core=0", "Ulimits")
limit("ulimit unknown", "--ulimit odd=1", "Ulimits")
limit("sysctl", "--sysctl net.ipv4.ip_forward=1 --sysctl net.core.somaxconn=1024", "Sysctls")
limit("device rule", "--device-cgroup-rule 'c 1:3 rwm'", "DeviceCgroupRules")
limit("device rule bad", "--device-cgroup-rule 'q 1:3'", "DeviceCgroupRules")
limit("shm size", "--shm-size 8m", "ShmSize")
limit("cgroup parent", "--cgroup-parent /orc-parent", "CgroupParent")
limit("cgroupns bad", "--cgroupns odd", "CgroupnsMode")
limit("runtime unknown", "--runtime nosuch", "Runtime")
limit("gpus", "--gpus all", "DeviceRequests")
scenario("gpus at start", "run --rm --gpus all bb true")
scenario("cdi device unknown", "run --rm --device vendor.com/class=name bb true")
scenario("runtime at start", "run --rm --runtime nosuch bb true")
scenario(
    "memory works",
    "run --rm -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes",
)
scenario(
    "cpu works",
    "run --rm --cpus 0.5 --cpu-shares 256 bb cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu/cpu.shares",
)
scenario("pids works", "run --rm --pids-limit 33 bb cat /sys/fs/cgroup/pids/pids.max")
scenario("cpuset works", "run --rm --cpuset-cpus 1 bb cat /sys/fs/cgroup/cpuset/cpuset.cpus")
scenario("oom score works", "run --rm --oom-score-adj 444 bb cat /proc/self/oom_score_adj")
scenario(
    "sysctl works",
    "run --rm --sysctl net.core.somaxconn=777 bb cat /proc/sys/net/core/somaxconn",
    "run --rm --sysctl kernel.nosuch=1 bb true",
    "run --rm --network host --sysctl net.core.somaxconn=777 bb true",
)
scenario(
    "update live",
    D + " " + IDLE,
    "update -m 96m --memory-swap 96m --cpu-shares 300 --cpuset-cpus 0 --pids-limit 77 {n}",
    "inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} {{.HostConfig.PidsLimit}}' {n}",
    "update --restart always {n}",
    "inspect -f '{{.HostConfig.RestartPolicy.Name}}' {n}",
)
scenario(
    "update errors",
    "create --name {n} -m 64m bb true",
    "update -m 1m {n}",
    "update --restart odd {n}",
    "update --cpus 4096 {n}",
    "update nosuch -m 64m",
    "update {n}",
)

# events ---------------------------------------------------------------------------------------------
# what is younger than the last full second is not told yet: `--until 0s` has no fraction
SINCE = "events --since 60s --until 0s "
LATER = quiet("run --rm --network none bb sleep 1")
scenario(
    "events of a life",
    "create --name {n} --network none bb sh -c 'exit 3'",
    "start -a {n}",
    LATER,
    SINCE
    + "--filter container={1} --format '{{.Type}} {{.Action}} {{.Actor.Attributes.exitCode}}'",
)
scenario(
    "events of a network",
    "network create {w}",
    quiet("create --name {n} bb true"),
    quiet("network connect {w} {n}"),
    quiet("network disconnect {w} {n}"),
    quiet("network rm {w}"),
    LATER,
    SINCE
    + "--filter network={1} --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'",
)
scenario(
    "network events of a container",
    "network create {w}",
    D + " --network {w} " + IDLE,
    quiet("rm -f {n}"),
    LATER,
    SINCE
    + "--filter network={1} --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'",
)
scenario(
    "events of a kill",
    D + " --network none --stop-signal USR1 bb sleep 100",
    quiet("kill {n}"),
    quiet("wait {n}"),
    LATER,
    SINCE
    + "--filter container={1} --filter event=kill --filter event=die --format '{{.Action}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}'",
)
scenario(
    "events pause update rename",
    D + " --network none " + IDLE,
    quiet("pause {n}"),
    quiet("unpause {n}"),
    quiet("update -m 64m --memory-swap 64m {n}"),
    quiet("rename {n} {m}"),
    LATER,
    SINCE + "--filter container={1} --format '{{.Action}} {{.Actor.Attributes.oldName}}'",
)
scenario(
    "events by label",
    "create --network none --name {n} --label orcev={n} bb true",
    quiet("start -a {n}"),
    LATER,
    SINCE
    + "--filter label=orcev={n} --filter container={1} --filter type=container --format '{{.Action}}'",
)
scenario(
    "events filters that mean nothing",
    quiet(SINCE + "--filter nosuch=1"),
    SINCE + "--filter type=odd",
    quiet("events --since 10s --until 20s"),
)
scenario(
    "events as json",
    "create --network none --name {n} bb true",
    quiet("start -a {n}"),
    LATER,
    SINCE
    + "--filter container={1} --filter event=start --format '{{.Status}} {{.ID}} {{.From}} {{.Scope}} {{json .Actor}}'",
)

# life -----------------------------------------------------------------------------------------------
scenario(
    "wait conditions",
    "run --name {n} --network none bb sh -c 'exit 5'",
    "wait {n}",
    "wait {n} nosuch",
)
scenario(
    "pause",
    D + " --network none " + IDLE,
    "pause {n}",
    "inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' {n}",
    "pause {n}",
    "stop -t 1 {n}",
    "inspect -f '{{.State.Status}}' {n}",
)
scenario(
    "stats of a stopped one",
    "create --name {n} bb true",
    "stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}' {n}",
    "stats --no-stream nosuch",
)
scenario(
    "stats with a limit",
    D + " -m 64m --network none " + IDLE,
    "stats --no-stream --format '{{.Name}} {{.NetIO}} {{.PIDs}}' {n}",
)
scenario("top", D + " --network none " + IDLE, "top nosuch")
scenario("checkpoint is experimental", "checkpoint create {n} c1", "checkpoint ls nosuch")
scenario(
    "restart policy",
    D + " --network none --restart on-failure:2 bb sh -c 'exit 4'",
    "wait {n}",
    "inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' {n}",
)
scenario(
    "bad restart policies",
    "create --restart odd bb true",
    "create --restart no:3 bb true",
    "create --restart on-failure:x bb true",
    "create --rm --restart always bb true",
)
scenario(
    "inspect network settings",
    D + " " + IDLE,
    "inspect -f '{{.NetworkSettings.Bridge}}|{{.NetworkSettings.HairpinMode}}|{{.NetworkSettings.IPPrefixLen}}|{{json .NetworkSettings.Ports}}|{{.HostConfig.NetworkMode}}' {n}",
    NETWORKS + " {n}",
    "stop -t 0 {n}",
    NETWORKS + " {n}",
)
scenario(
    "inspect host mode",
    D + " --network host " + IDLE,
    NETWORKS + " {n}",
    "inspect -f '{{json .NetworkSettings.Ports}} {{.Config.Hostname | len}}' {n}",
)
scenario("inspect none mode", D + " --network none " + IDLE, NETWORKS + " {n}")
