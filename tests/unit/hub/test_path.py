"""Paths of the distribution API."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorae.errors import InvalidArgument, NotFound
from gorae.hub.path import Target, namespace_of, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "path, target",
    [
        ("/v2/", ("", "root", "")),
        ("/v2", ("", "root", "")),
        ("/v2/_catalog", ("", "catalog", "")),
        (f"/v2/app/blobs/{DIGEST}", ("app", "blobs", DIGEST)),
        ("/v2/a/b/c/manifests/latest", ("a/b/c", "manifests", "latest")),
        ("/v2/a/b/blobs/uploads/", ("a/b", "uploads", "")),
        ("/v2/a/b/blobs/uploads", ("a/b", "uploads", "")),
        ("/v2/a/b/blobs/uploads/1-2", ("a/b", "uploads", "1-2")),
        ("/v2/a/tags/list", ("a", "tags", "list")),
        ("/v2/blobs/manifests/tags/list", ("blobs/manifests", "tags", "list")),
        (f"/v2/a/referrers/{DIGEST}", ("a", "referrers", DIGEST)),
    ],
)
def test_targets(path: str, target: tuple[str, str, str]) -> None:
    assert parse(path) == Target(*target)


@pytest.mark.parametrize("path", ["/v2/a/nouns/x", "/v2/tags/list", "/v2/a/tags/other"])
def test_no_endpoint(path: str) -> None:
    with pytest.raises(NotFound):
        parse(path)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_path_gives_a_target_or_one_kind_of_error(text: str) -> None:
    try:
        target = parse("/v2/" + text)
    except (NotFound, InvalidArgument):
        return
    assert target.noun


def test_namespaces() -> None:
    assert namespace_of("acme/app/x") == "acme"
    assert namespace_of("app") == ""
