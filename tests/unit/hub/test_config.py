"""The hub's configuration."""

from pathlib import Path

import pytest

from gorae.errors import InvalidArgument, NotFound
from gorae.hub.config import ProxyConfig, load, split_address


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "hub.toml"
    path.write_text(text)
    return str(path)


def test_options_go_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = file(tmp_path, 'title = "ours"\nsignup = "open"\nlisten = "0.0.0.0:80"\n')
    config = load(path, {"signup": "closed"})
    assert (config.title, config.signup, config.listen) == ("ours", "closed", ("0.0.0.0:80",))
    assert config.token_lifetime_s == 300


def test_storage_and_proxies(tmp_path: Path) -> None:
    text = (
        '[storage]\nkind = "s3"\nendpoint = "http://s"\nbucket = "b"\naccess_key = "a"\nsecret_key = "k"\n'
        '[[proxy]]\nnamespace = "dockerhub"\nurl = "https://registry-1.docker.io"\n'
    )
    config = load(file(tmp_path, text), {})
    assert config.s3 is not None and config.s3.bucket == "b"
    assert config.proxies == (ProxyConfig("dockerhub", "https://registry-1.docker.io"),)


@pytest.mark.parametrize(
    "text, words",
    [
        ("nonsense = 1", 'unknown key "nonsense"'),
        ("title = 1", '"title" wants str'),
        ('signup = "maybe"', '"signup" wants closed or invite or open'),
        ('[storage]\nkind = "tape"', '"kind" wants "s3"'),
        ('[storage]\nkind = "s3"', '"endpoint" is missing'),
        ("= 1", "is not TOML"),
        ('tls_cert = "x"', "go together"),
        ('database = "mysql://x"', "postgresql://"),
        ('[[proxy]]\nnamespace = "x"\nurl = "ftp://x"', "http(s)://"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        load(file(tmp_path, text), {})
    assert words in caught.value.message


def test_a_missing_file() -> None:
    with pytest.raises(NotFound):
        load("/nowhere/hub.toml", {})


def test_addresses() -> None:
    assert split_address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert split_address("[::1]:80") == ("::1", 80)
    assert split_address(":80") == ("0.0.0.0", 80)
    for bad in ("80", "host", "host:x", "host:99999"):
        with pytest.raises(InvalidArgument):
            split_address(bad)
