"""The form and the hashes of docker compose 2.40.3: tests/data/compose/every-key.* were written by it."""

import json
from pathlib import Path

import pytest

from gorae.cli.compose import config
from gorae.compose import canonical
from gorae.compose.load import Loader, Request
from gorae.compose.project import Project
from gorae.errors import InvalidArgument

DATA = Path(__file__).parents[2] / "data" / "compose"
RECORDED = {
    "a": "2bd4d979a3767ac651f5a519286fa818cfbe7c1e11bf9d276f332e8efc1ee2df",
    "b": "1206d10c20f8dc60b4e5647099e8bf274a9c82b7d50ca4c45df24b5f5db569c7",
}


@pytest.fixture
def project() -> Project:
    files = [str(DATA / "every-key.yaml")]
    return Loader(Request({"HOME": "/root"}, files=files, directory="/every")).load()


def test_every_key_has_docker_composes_form(project: Project) -> None:
    found = json.loads(config.text_of(project.document(), "json"))
    wanted = json.loads((DATA / "every-key.json").read_text())
    assert found == wanted
    for name, service in wanted["services"].items():
        assert list(found["services"][name]) == list(service)


def test_yaml_is_docker_composes_to_the_letter(project: Project) -> None:
    assert config.text_of(project.document(), "yaml") == (DATA / "every-key.out.yaml").read_text()


def test_hashes_are_docker_composes(project: Project) -> None:
    found = {name: canonical.service_hash(one) for name, one in project.services.items()}
    assert found == RECORDED


def test_hashes_of_networks_and_volumes_are_docker_composes() -> None:
    network = canonical.network_hash({"name": "try_front"})
    volume = canonical.volume_hash({"name": "try_data"})
    assert network == "73e593738740d7a081faf19720bcbe826414660ef842bfcf5aaf4edd16b33984"
    assert volume == "e7ded20d80385d4dc1ebdeb35ecbf9226078d07f28f746381361c71e1e1b8a03"


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        ({"image": ["x"]}, "services.a.image must be a string"),
        ({"mem_limit": "lots"}, "services.a.mem_limit: invalid size: 'lots'"),
        ({"healthcheck": {"interval": "soon"}}, 'services.a.healthcheck.interval: time: invalid duration "soon"'),
        ({"privileged": "maybe"}, "services.a.privileged: invalid boolean: 'maybe'"),
        ({"deploy": {"resources": {"limits": {"cpus": "many"}}}}, "services.a.deploy.resources.limits.cpus: invalid number: 'many'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_its_place(service: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        canonical.check("a", service)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("number", "shown"), [(0.5, 0.5), ("0.1", 0.1), (2.0, 2), (1 / 3, 0.33333334)]
)
def test_cpus_print_as_floats_of_32_bits(number: float, shown: float) -> None:
    assert canonical.float32(number) == shown
