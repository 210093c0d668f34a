"""Command lines that `docker` and `gorae` must answer alike on one engine; what they change is nothing.

The stage has `web` (running), `done` (ended with 3), `made` (never started), `paused`, the network `lan`, the volume
`data`. Lines that begin the same belong together; those under WRONG are mistakes a person makes.
"""

PS = r"""
ps
ps -a
ps -q
ps -aq --no-trunc
ps -a --no-trunc
ps -n 1
ps -l
ps -n 0
ps -n -1
ps -s
ps -as
ps -a --filter name=web
ps -a --filter name=^do
ps -a -f status=exited
ps -a -f status=nosuch
ps -a -f exited=3
ps -a -f label=app
ps -a -f label=app=web
ps -a -f ancestor=bb
ps -a -f volume=data
ps -a -f network=lan
ps -a -f publish=80
ps -a -f expose=443/udp
ps -a -f before=done
ps -a -f since=web
ps -a -f health=none
ps -a -f nosuch=1
ps -a -f bad
ps -a -f is-task=true
ps -a --format '{{.Names}}'
ps -a --format 'table {{.Names}}\t{{.Status}}'
ps -a --format json
ps -a --format '{{json .}}'
ps -a --format '{{.ID}} {{.Image}} {{.Command}} {{.CreatedAt}} {{.RunningFor}} {{.Ports}} {{.State}} {{.Status}} {{.Size}} {{.Names}} {{.Labels}} {{.Mounts}} {{.Networks}} {{.LocalVolumes}}'
ps -a --format '{{.Label "app"}}'
ps -a --format '{{.Nosuch}}'
ps -a --format '{{.Names'
ps -a --format '{{upper .Names}} {{lower .Image}} {{title .State}} {{len .Names}} {{slice .ID 0 3}}'
ps -a --format '{{range split .Names ","}}{{.}};{{end}}'
ps -a --format '{{printf "%-10s|%5d|%q|%v" .Names 3 .Image .State}}'
ps -a --format '{{if eq .State "running"}}R{{else if eq .State "exited"}}E{{else}}O{{end}}'
ps -a --format '{{with .Ports}}{{.}}{{else}}none{{end}}'
ps -a --format '{{join (split .Names "e") "X"}}'
ps -a --format '{{truncate .Image 3}} {{pad .Names 2 3}}|'
ps -a --format '{{println .Names}}'
ps -a --format '{{$x := .Names}}{{$x}} {{and .Names .Ports}} {{or .Ports "p"}} {{not .Ports}}'
ps -a --format 'table'
ps -a --format raw
ps -a --format ''
ps --nosuch
ps -z
ps extra
ps -n
ps -n x
ps --filter
ps --format
ps --all=false
ps --all=maybe
container ls -a --format '{{.Names}}'
container list -a --format '{{.Names}}'
container ps -a --format '{{.Names}}'
container inspect web
container inspect bb
container --nosuch
container prune -f --filter nosuch=1
ps -aq --format json
ps -aq --format raw
ps -as --format raw
ps -a --format 'table{{.Names}}'
ps -a --format ' {{.Names}} '
ps -a --format 'tablex {{.Names}}'
ps -a --format 'table {{.Names}}{{"\t"}}{{.Label "app"}}'
ps -a --format 'table {{.Names}}\t{{upper .State}}\t{{json .Ports}}'
"""

IMAGES = r"""
images
images -a
images -q
images --no-trunc
images --digests
images --format json
images --format '{{json .}}'
images --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}} {{.CreatedSince}} {{.CreatedAt}} {{.Digest}} {{.VirtualSize}} {{.SharedSize}} {{.UniqueSize}} {{.Containers}}'
images --format 'table {{.ID}}\t{{.Repository}}'
images bb
images 'bus*'
images nosuch
images -f dangling=true
images -f reference=bb
images -f label=a
images -f before=bb
images -f nosuch=1
image ls -q
image inspect bb
image inspect nosuch
image inspect bb nosuch
image inspect -f '{{.Id}} {{.RepoTags}} {{.Size}} {{.Os}}/{{.Architecture}} {{json .Config}}' bb
image inspect -f '{{range .RootFS.Layers}}{{.}} {{end}}{{index .RepoTags 0}}' bb
image inspect -f '{{.Created}} {{.Parent}}' bb
image inspect
history bb
history -q bb
history --no-trunc bb
history -H=false bb
history --format '{{json .}}' bb
history --format '{{.ID}} {{.CreatedBy}} {{.Size}} {{.Comment}}' bb
history nosuch
image prune -f --filter nosuch=1
images --format '{{nosuch}}'
images --format '{{.Nosuch}}'
history --format '{{nosuch' bb
images --format raw
images -q --format raw
images --digests --format raw
images -q --format '{{.Repository}}'
history bb --format raw
history -q bb --format '{{.Size}}'
"""

INSPECT = r"""
inspect
inspect web
inspect done
inspect made
inspect paused
inspect nosuch
inspect web nosuch
inspect --size web
inspect --type image bb
inspect --type container bb
inspect --type volume data
inspect --type network lan
inspect --type nosuch web
inspect lan
inspect data
inspect bb
inspect -f '{{.Name}}' web done
inspect -f '{{.Name}}' web nosuch
inspect -f '{{.State}}' done
inspect -f '{{.Config}}' made
inspect -f '{{json .State}}' done
inspect -f '{{json .NetworkSettings.Networks}}' web
inspect -f '{{range $k, $v := .NetworkSettings.Ports}}{{$k}}={{range $v}}{{.HostIp}}:{{.HostPort}} {{end}};{{end}}' web
inspect -f '{{index .Config.Labels "app"}}' web
inspect -f '{{index .Config.Labels "nosuch"}}|' web
inspect -f '{{index .Args 0}} {{index .Args 9}}' made
inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' web
inspect -f '{{.Nosuch}}' web
inspect -f '{{.Config.Nosuch}}' web
inspect -f '{{.State.Nosuch.X}}' web
inspect -f '{{.Config.Labels.app}}' web
inspect -f '{{.Config.Labels.nosuch}}' web
inspect -f '{{nosuch .Name}}' web
inspect -f '{{.Name' web
inspect -f '{{end}}' web
inspect -f '{{if .Name}}' web
inspect -f '{{range .Config.Env}}{{println .}}{{end}}' web
inspect -f '{{join .Config.Cmd ","}}' web
inspect -f '{{join .Name ","}}' web
inspect -f '{{len .Mounts}} {{len .Config.Env}} {{len .Name}}' web
inspect -f '{{slice .Id 0 12}} {{slice .Config.Cmd 1}}' web
inspect -f '{{slice .Id 0 100}}' web
inspect -f '{{printf "%s %d %v %t %5.2f %x %T" .Name .RestartCount .State.Running .State.Running 1.5 255 .Name}}' web
inspect -f '{{printf "%d" .Name}}' web
inspect -f '{{eq .State.Status "running"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}} {{eq .State.ExitCode 0 1}}' web
inspect -f '{{eq .RestartCount "a"}}' web
inspect -f '{{html "<a>"}} {{js "it'"'"'s"}} {{urlquery "a b&c"}} {{print 1 2 "a" "b" 3}}' web
inspect -f '{{/* comment */}}{{- .Name -}}  x' web
inspect -f '{{define "t"}}[{{.}}]{{end}}{{template "t" .Name}}' web
inspect -f '{{block "b" .Name}}<{{.}}>{{end}}' web
inspect -f '{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}' web
inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{else}}none{{end}}' web made
inspect -f '{{range 3}}{{.}}{{end}}' web
inspect -f '{{range .Config.Env}}{{if eq . "A=1"}}{{break}}{{end}}{{.}}{{end}}' web
inspect -f '{{with $x := .Name}}{{$x}}{{end}}{{$y := 3}}{{$y = 4}}{{$y}}' web
inspect -f '{{.State.StartedAt.Year}}' web
inspect -f '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Init}} {{.HostConfig.PidsLimit}}' web
inspect -f '{{.SizeRw}} {{.SizeRootFs}}' web
inspect -s -f '{{.SizeRw}} {{.SizeRootFs}}' web
inspect -f '{{json .Config.Healthcheck}} {{json .HostConfig.Mounts}} {{json .Mounts}}' made
inspect -f json web
inspect -f '{{"quoted\tstring"}} {{`raw\n`}} {{0x1F}} {{1e3}} {{true}} {{nil}}' web
inspect -f '{{"quoted\tstring"}} {{`raw\n`}} {{0x1F}} {{1e3}} {{true}} {{'"'a'"'}}' web
inspect -f '{{call .Name}}' web
inspect -f '{{.Name | printf "%s-%s" "x" | len}}' web
inspect -f '{{split .Path "/"}} {{title "abc"}} {{upper "a"}} {{lower "B"}}' web
inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}:{{$v}} {{end}}' web
inspect -f '{{json .Config.Labels}}' web
inspect -f '{{and true 0}} {{or 0 ""}} {{not 0}} {{and 1 2}}' web
inspect --format='{{.Name}}' web
inspect -f '{{nosuch' nosuch
inspect -f '{{eq .State.Nosuch 1}}' web
inspect -f '{{index .Config.Cmd 7}}' web
inspect -f '{{range .Nosuch}}x{{end}}' web
inspect -f '{{.Id | slice 0 5}}' web
inspect -f '{{printf "%s"}}' web
inspect -f '{{printf "%d %s" 1}}' web
inspect -f '{{printf "%d" 1 2}}' web
inspect -f '{{printf "%05d|%-5s|%+d|%x|%X|%o|%b|%c|%U|%e|%g" 42 "a" 5 "hi" 255 8 5 65 65 1.5 2.5}}' web
inspect -f '{{printf "%v %+v" .State.Running .HostConfig.RestartPolicy}}' web
inspect -f '{{print .HostConfig.PortBindings}}' web
inspect -f '{{len .Config.Labels}} {{len .Nosuch}}' web
inspect -f '{{len 3}}' web
inspect -f '{{index .Config.Labels 1}}' web
inspect -f '{{index 3 1}}' web
inspect -f '{{.Config.Env.X}}' web
inspect -f '{{template "nosuch"}}' web
inspect -f '{{break}}' web
inspect -f '{{else}}' web
inspect -f '{{if}}x{{end}}' web
inspect -f '{{range $x}}x{{end}}' web
inspect -f '{{$x}}' web
inspect -f '{{"unterminated}}' web
inspect -f '{{.Name)}}' web
inspect -f '{{(.Name}}' web
inspect -f '{{1 2}}' web
inspect -f '{{.Name 1}}' web
inspect -f '{{json}}' web
inspect -f '{{json .Name .Id}}' web
inspect -f '{{split .Name}}' web
inspect -f '{{title 3}}' web
inspect -f '{{pad .Name 1 1}}|{{truncate .Name 2}}' web
"""

NETWORKS = r"""
network inspect lan
network inspect bridge
network inspect nosuch
network inspect -v lan
network ls
network ls -q
network ls --no-trunc
network ls --format '{{json .}}'
network ls --format '{{.ID}} {{.Name}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.CreatedAt}}'
network ls -f driver=bridge
network ls -f name=la
network ls -f nosuch=1
network ls -f type=custom
network create
network create lan
network create --subnet bad x1
network create --driver nosuch x1
network rm
network rm nosuch
network rm bridge
network connect
network connect lan nosuch
network connect nosuch web
network connect lan web
network disconnect lan made
network prune -f --filter bad
network inspect -f '{{nosuch' lan
network ls --format raw
network ls -q --format raw
"""

VOLUMES = r"""
volume ls --format 'table {{.Driver}}\t{{.Name}}'
volume ls -q
volume ls --format json
volume ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Mountpoint}} {{.Labels}} {{.Links}} {{.Size}} {{.Status}}'
volume ls -f dangling=true --format '{{.Driver}} {{.Name}}'
volume ls -f name=dat --format '{{.Driver}} {{.Name}}'
volume ls -f label=v=1 --format '{{.Driver}} {{.Name}}'
volume ls -f nosuch=1
volume inspect data
volume inspect nosuch
volume inspect -f '{{.Mountpoint}} {{.Labels}}' data
volume create 'bad name'
volume rm nosuch
volume rm
volume create --driver nosuch x
volume ls --format raw
volume ls -q --format raw
"""

LOGS = r"""
logs done
logs -t done
logs --tail 1 done
logs --tail 0 done
logs --tail all done
logs --tail x done
logs -n 2 done
logs --since 1h done
logs --since 2030-01-01 done
logs --until 2020-01-01 done
logs --since nosuch done
logs --since 10 done
logs --details done
logs nosuch
logs
logs done web
logs -f done
logs --since 2020-01-01T10 paused
logs --since 1x paused
logs --since 2020-01-01T10:11 paused
logs --since 2020-01-01Z paused
logs --since 12:00 paused
"""

LOOKING = r"""
port web
port web 80
port web 80/tcp
port web 443/udp
port web 443
port web 9
port web 80/nosuch
port web x
port nosuch
port done
top web
top web -o pid,comm
top web aux
top done
top nosuch
top
top web -o nosuch
diff web
diff done
diff nosuch
diff
stats --no-stream --format '{{.Name}} {{.ID}} {{.Container}}' web
stats --no-stream nosuch
stats --no-stream --format 'table {{.Name}}\t{{.PIDs}}' web
stats --no-stream --format '{{nosuch'
stats --no-stream --format raw web
"""

ENGINE = r"""
version -f '{{.Server.APIVersion}} {{.Server.Version}}'
version --format '{{.Nosuch}}'
info -f '{{.ServerVersion}} {{.Driver}} {{.NCPU}} {{json .Plugins}}'
info -f '{{.Nosuch}}'
system info -f '{{.ID}}'
system df
system df -v
system df -v --format json
system df -v --format table
system df -v --format '{{len .Images}} {{len .Containers}} {{len .Volumes}} {{len .BuildCache}}'
system df -v --format '{{range .Volumes}}{{println .Name .Links .Size}}{{end}}'
system df -v --format '{{range .Containers}}{{println .ID .Names .Size .Image .LocalVolumes}}{{end}}'
system df -v --format '{{range .Images}}{{println .ID .Repository .UniqueSize .Containers}}{{end}}'
system df -v --format '{{.Nosuch}}'
system df -v --format '{{range .Images'
system df --nosuch
events --since 1s --until 0s -f type=nosuch
events --since x
events -f bad
info -f '{{.Name'
version -f '{{.Name'
events --format '{{nosuch' --until 0s
events --since 2020-13-01 --until 0s
events --since 2020-02-30 --until 0s
events --since 1.5x --until 0s
"""

WRONG = r"""
nosuch
--nosuch
run --nosuch bb
run -
run --name
run -z bb
create
exec
exec web
exec nosuch true
exec done true
exec made true
exec web nosuch
exec web /etc
exec web /etc/passwd
exec web sh -c 'echo out; echo err >&2; exit 5'
exec -e A=2 web sh -c 'echo $A'
exec -w /nosuch web true
exec -u nosuch web true
exec -u 1000 web id
exec -it web true
exec -t web sh -c 'echo x; test -t 0'
exec -d web true
exec --nosuch web true
exec -e web
exec paused true
start
start nosuch
start nosuch made
start -a nosuch
start -ai done
stop
stop nosuch
stop done
stop -t x web
stop -s NOSUCH done
kill
kill done
kill nosuch
rm
rm nosuch
rm nosuch1 nosuch2
rename
rename web
rename web done
rename nosuch x
rename web 'bad name'
rename web web
rmi
rmi nosuch
rmi bb
rmi -f 'BAD'
tag bb
tag bb BAD
tag nosuch x
tag bb 'a b'
wait
wait nosuch
wait done made done
restart
restart nosuch
pause
pause paused
pause done
pause nosuch
unpause web
unpause nosuch
update
update web
update -m x web
update --restart nosuch web
update -m 1k web
attach
attach nosuch
attach done
attach paused
commit
commit nosuch x
load -i /nonexistent
import
import /nonexistent
import - 'BAD'
save nosuch
save
save -o /nonexistent/x bb
export nosuch
export
"""

TWINS = [
    line
    for block in (PS, IMAGES, INSPECT, NETWORKS, VOLUMES, LOGS, LOOKING, ENGINE, WRONG)
    for line in block.strip().splitlines()
]
