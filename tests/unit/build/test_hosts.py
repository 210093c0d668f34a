"""The lines that `--add-host` adds to a command's hosts file."""

from gorae.build.running import extra_hosts


def test_names_and_addresses() -> None:
    wanted = ("a:10.0.0.1", "b=10.0.0.2", "c:[::1]", "d:::2", "e:host-gateway", "f=host-gateway")
    assert extra_hosts(wanted, lambda: "172.17.0.1").splitlines() == [
        "10.0.0.1\ta",
        "10.0.0.2\tb",
        "::1\tc",
        "::2\td",
        "172.17.0.1\te",
        "172.17.0.1\tf",
    ]
