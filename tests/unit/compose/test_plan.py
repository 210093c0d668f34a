from dataclasses import replace

from gorae.compose import canonical, labels, plan
from gorae.compose.create import Names, document
from gorae.compose.form import service
from gorae.compose.plan import Found, Wish
from gorae.compose.project import Project


def project(**services: dict[str, object]) -> Project:
    found = {
        name: {"networks": {"default": None}, **service(name, body)}
        for name, body in services.items()
    }
    sections: dict[str, dict[str, dict[str, object]]] = {
        "networks": {"default": {"name": "p_default"}}, "volumes": {"data": {"name": "p_data"}}, "secrets": {}, "configs": {},
    }  # fmt: skip
    return Project("p", "/p", ["/p/compose.yaml"], found, sections)


def there(one: Project, name: str, number: int = 1, **more: object) -> Found:
    found = Found(
        id=f"{name}{number}", name=f"p-{name}-{number}", service=name, number=number,
        config_hash=canonical.service_hash(one.services[name], {n: f"{n}1" for n in one.services}), image_id="i1",
    )  # fmt: skip
    return replace(found, **more)  # type: ignore[arg-type]


def said(waves: list[list[plan.Action]]) -> list[list[str]]:
    return [[action.describe() for action in wave] for wave in waves]


def test_from_nothing() -> None:
    one = project(web={"image": "x", "depends_on": ["db"]}, db={"image": "y"})
    assert said(plan.up(one, [], Wish())) == [["create p-db-1"], ["create p-web-1"]]


def test_what_is_as_wanted_is_left_alone_and_planning_again_changes_nothing() -> None:
    one = project(web={"image": "x"}, db={"image": "y"})
    waves = plan.up(
        one, [there(one, "web"), there(one, "db")], Wish(images={"web": "i1", "db": "i1"})
    )
    assert {action.kind for wave in waves for action in wave} == {"leave"}


def test_only_what_changed_is_made_anew_and_why() -> None:
    one = project(
        web={"image": "x"}, db={"image": "y"}, side={"image": "z", "network_mode": "service:db"}
    )
    found = [there(one, "web"), there(one, "db", config_hash="other"), there(one, "side")]
    assert said(plan.up(one, found, Wish())) == [
        ["leave p-web-1", "recreate p-db-1: its configuration changed"],
        ["recreate p-side-1: it shares a namespace or volumes with db, which is made anew"],
    ]
    changed = plan.up(one, [there(one, "web")], Wish(services=["web"], images={"web": "i2"}))
    assert said(changed) == [["recreate p-web-1: its image changed"]]


def test_scaling_and_orphans() -> None:
    one = project(web={"image": "x"})
    found = [there(one, "web", 1), there(one, "web", 3, state="exited")]
    assert said(plan.up(one, found, Wish(scale={"web": 3}))) == [
        ["leave p-web-1", "start p-web-3: it is exited", "create p-web-2"]
    ]
    assert said(plan.up(one, found, Wish())) == [
        ["remove p-web-3: scaled down to 1", "leave p-web-1"]
    ]
    orphan = replace(there(one, "web"), service="old", name="p-old-1")
    assert said(plan.up(one, [orphan], Wish(remove_orphans=True)))[0] == [
        "remove p-old-1: no service of that name"
    ]


def test_down_takes_dependents_first() -> None:
    one = project(web={"image": "x", "depends_on": ["db"]}, db={"image": "y"})
    assert said(plan.down(one, [there(one, "db"), there(one, "web")])) == [
        ["remove p-web-1"],
        ["remove p-db-1"],
    ]


def test_what_steers_only_the_making_is_not_hashed() -> None:
    plain = canonical.service_hash({"image": "x"})
    assert (
        canonical.service_hash(
            {"image": "x", "scale": 3, "build": {"context": "."}, "depends_on": {"a": {}}}
        )
        == plain
    )
    assert canonical.service_hash({"image": "x", "environment": {"A": "1"}}) != plain


def test_the_create_document() -> None:
    one = project(
        web={
            "image": "x", "command": "a b", "environment": {"A": 1, "GONE": None}, "ports": ["127.0.0.1:8080:80"],
            "volumes": ["data:/d", "/src:/app:ro", "/anonymous"], "mem_limit": "64m", "cpus": 0.5, "restart": "on-failure:3",
            "healthcheck": {"test": ["CMD", "true"], "interval": "1m30s"}, "stop_grace_period": "1m", "tmpfs": "/t:size=1m",
            "deploy": {"resources": {"limits": {"pids": 7}}}, "labels": ["own=1"],
        }
    )  # fmt: skip
    found = document(one, "web", 2, "sha256:i", Names({}, {"/anonymous": "v" * 64}))
    host = found["HostConfig"]
    assert found["Image"] == "x" and found["Cmd"] == ["a", "b"] and found["Env"] == ["A=1", "GONE"]
    assert found["Labels"][labels.NUMBER] == "2" and found["Labels"]["own"] == "1"
    assert found["StopTimeout"] == 60
    assert found["Healthcheck"] == {"Test": ["CMD", "true"], "Interval": 90 * 10**9}
    assert host["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}
    assert host["Binds"] == ["/src:/app:ro"]
    assert host["Mounts"] == [
        {"Type": "volume", "Target": "/d", "Source": "p_data"},
        {"Type": "volume", "Target": "/anonymous", "Source": "v" * 64},
    ]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 5 * 10**8, 7)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert host["NetworkMode"] == "p_default"
    assert found["NetworkingConfig"]["EndpointsConfig"] == {"p_default": {"Aliases": ["web"]}}
    assert host["Tmpfs"] == {"/t": "size=1m"}


def test_who_is_on_a_network_that_changed_is_made_anew() -> None:
    one = project(web={"image": "x"}, side={"image": "y", "network_mode": "none"})
    one.services["side"].pop("networks")
    waves = plan.up(
        one, [there(one, "web"), there(one, "side")], Wish(changed_networks=["default"])
    )
    assert said(waves) == [["recreate p-web-1: its network default changed", "leave p-side-1"]]
