"""Who may pull and push: accounts, organisations, visibility, access tokens, limits."""

import base64
import json
import time
from pathlib import Path

import pytest
from tests.hubserver import PASSWORD, Client, Hub, hub, manifest, sha256

JUST_A_MOMENT_S = 5


def may_push(client: Client, name: str) -> bool:
    """Whether an upload can be started there."""
    answer = client.call("POST", f"/v2/{name}/blobs/uploads/", headers={"Content-Length": "0"})
    if answer.status == 202:
        assert client.call("DELETE", answer.headers["Location"]).status == 204
    else:
        assert answer.status == 401 and answer.codes[0] in ("UNAUTHORIZED", "DENIED")
    return answer.status == 202


def may_pull(client: Client, name: str, tag: str = "latest") -> bool:
    """Whether a manifest can be had."""
    answer = client.call("GET", f"/v2/{name}/manifests/{tag}")
    assert answer.status in (200, 401)
    return answer.status == 200


def test_the_root_challenges(one: Hub) -> None:
    answer = one.client().raw("GET", "/v2/")
    assert answer.status == 401 and answer.codes == ["UNAUTHORIZED"]
    assert (
        answer.headers["WWW-Authenticate"] == f'Bearer realm="{one.url}/token",service="gorae-hub"'
    )
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_stranger_pulls_what_is_public_and_pushes_nothing(one: Hub) -> None:
    one.client("anna").push_image("anna/open", "latest", [b"layer"])
    stranger = one.client()
    assert may_pull(stranger, "anna/open")
    assert not may_push(stranger, "anna/open")
    assert not may_push(stranger, "nobody/new")
    assert not may_push(stranger, "new")


def test_one_pushes_into_ones_own_namespace_only(one: Hub) -> None:
    bob = one.client("bob")
    assert may_push(bob, "bob/app") and may_push(bob, "bob/deep/er/app")
    for name in ("anna/app", "acme/app", "nobody/app", "bobby/app", "app"):
        assert not may_push(bob, name)


def test_a_private_repository_is_seen_by_its_owner_alone(one: Hub) -> None:
    one.client("anna").push_image("anna/hidden", "latest", [b"secret layer"])
    one.admin("repo set", "anna/hidden", private=True)
    digest = sha256(b"secret layer")
    assert may_pull(one.client("anna"), "anna/hidden")
    for other in (one.client(), one.client("bob")):
        assert not may_pull(other, "anna/hidden")
        assert other.call("GET", f"/v2/anna/hidden/blobs/{digest}").status == 401
        assert other.call("HEAD", f"/v2/anna/hidden/blobs/{digest}").status == 401
        assert other.call("GET", "/v2/anna/hidden/tags/list").status == 401
        assert other.call("GET", f"/v2/anna/hidden/referrers/{digest}").status == 401
    missing = one.client("bob").call("GET", "/v2/anna/nothing/manifests/latest")
    there = one.client("bob").call("GET", "/v2/anna/hidden/manifests/latest")
    assert (missing.status, missing.codes) == (there.status, there.codes)


def test_a_digest_gives_nobody_a_blob(one: Hub) -> None:
    """Mounting from where one may not pull, or from nowhere, moves no bytes and shows none."""
    one.client("anna").push_image("anna/vault", "latest", [b"the vault"])
    one.admin("repo set", "anna/vault", private=True)
    digest, bob = sha256(b"the vault"), one.client("bob")
    for query in (f"?mount={digest}&from=anna/vault", f"?mount={digest}"):
        answer = bob.call(
            "POST", f"/v2/bob/thief/blobs/uploads/{query}", headers={"Content-Length": "0"}
        )
        assert answer.status == 202
    proof = {"Gorae-Store-Proof": "0" * 64, "Content-Length": "0"}
    answer = bob.call("POST", f"/v2/bob/thief/blobs/uploads/?mount={digest}", headers=proof)
    assert answer.status == 202
    assert bob.call("HEAD", f"/v2/bob/thief/blobs/{digest}").status == 404
    raw = json.dumps(manifest(b"the vault", [])).encode()
    put = bob.call(
        "PUT",
        "/v2/bob/thief/manifests/x",
        raw,
        {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
    )
    assert put.codes == ["MANIFEST_BLOB_UNKNOWN"]


def test_an_organisations_roles(one: Hub) -> None:
    one.client("anna").push_image("acme/app", "latest", [b"acme"])
    one.admin("repo set", "acme/app", private=True)
    assert not may_pull(one.client("carol"), "acme/app")
    one.admin("org member", "acme", "carol", role="reader")
    assert may_pull(one.client("carol"), "acme/app") and not may_push(
        one.client("carol"), "acme/app"
    )
    one.admin("org member", "acme", "carol", role="writer")
    assert may_push(one.client("carol"), "acme/app")
    assert one.client("carol").call("DELETE", "/v2/acme/app/manifests/latest").status == 401
    one.admin("org member", "acme", "carol", role="owner")
    assert one.client("carol").call("DELETE", "/v2/acme/app/manifests/latest").status == 202
    one.admin("org member", "acme", "carol", rm=True)
    assert not may_push(one.client("carol"), "acme/app")


def test_the_last_owner_stays(one: Hub) -> None:
    status, _, err = one.run("org member", "acme", "anna", role="reader")
    assert status == 1 and err == '"acme" needs at least one owner\n'


def test_an_access_token_narrows_and_can_be_revoked(one: Hub) -> None:
    secret = one.admin("token add", "anna", scope=["anna/ci:pull,push"], label="ci")
    ci = one.client("anna", secret)
    assert may_push(ci, "anna/ci") and not may_push(ci, "anna/app")
    reading = one.client("anna", one.admin("token add", "anna", scope=["pull"]))
    assert not may_push(reading, "anna/ci")
    row = next(line for line in one.admin("token ls", "anna").splitlines() if " ci " in line)
    one.admin("token rm", "anna", row.split()[0])
    answer = one.client().raw("GET", "/token?service=x", headers=one.client("anna", secret).basic())
    assert answer.status == 401
    assert (
        one.client("bob", secret)
        .raw("GET", "/token", headers=one.client("bob", secret).basic())
        .status
        == 401
    )


def test_docker_login_gets_a_token_in_place_of_the_password(one: Hub) -> None:
    """`offline_token` gives a refresh token, which then gets tokens by the OAuth form."""
    anna = one.client("anna")
    answer = anna.raw(
        "GET", "/token?service=gorae-hub&offline_token=true&client_id=docker", headers=anna.basic()
    )
    refresh = answer.json()["refresh_token"]
    form = f"grant_type=refresh_token&service=gorae-hub&client_id=docker&refresh_token={refresh}&scope=repository:anna/x:pull,push"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    got = anna.raw("POST", "/token", form, kind)
    assert got.status == 200
    claims = json.loads(base64.urlsafe_b64decode(got.json()["access_token"].split(".")[1] + "=="))
    assert claims["sub"] == "anna"
    assert claims["access"] == [
        {"type": "repository", "name": "anna/x", "actions": ["pull", "push"]}
    ]
    one.admin("user passwd", "anna", stdin=f"{PASSWORD}\n", password_stdin=True)
    assert anna.raw("POST", "/token", form, kind).status == 401


def test_keys_are_published_and_turn(one: Hub) -> None:
    anna = one.client("anna")
    token = anna.raw("GET", "/token?service=gorae-hub", headers=anna.basic()).json()["token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    keys = anna.raw("GET", "/jwks").json()["keys"]
    mine = next(key for key in keys if key["kid"] == header["kid"])
    assert mine["crv"] == "P-256" and "d" not in mine and header["alg"] == "ES256"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0."])
def test_a_forged_token_is_nobody(one: Hub, token: str) -> None:
    answer = one.client().raw("GET", "/v2/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 401


def test_a_token_that_was_changed_is_nobody(one: Hub) -> None:
    bob = one.client("bob")
    token = bob.raw("GET", "/token?service=gorae-hub", headers=bob.basic()).json()["token"]
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["access"] = [{"type": "repository", "name": "anna/app", "actions": ["push"]}]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    headers = {"Authorization": f"Bearer {head}.{forged}.{signature}"}
    assert bob.raw("POST", "/v2/anna/app/blobs/uploads/", headers=headers).status == 401


def test_the_catalog_and_the_search_show_what_one_may_see(one: Hub) -> None:
    one.client("bob").push_image("bob/findme", "latest", [b"x"])
    one.client("bob").push_image("bob/findme-hidden", "latest", [b"x"])
    one.admin("repo set", "bob/findme-hidden", private=True)
    one.admin("repo set", "bob/findme", description="a thing to be found")
    found = one.client().raw("GET", "/v1/search?q=findme").json()
    assert [row["name"] for row in found["results"]] == ["bob/findme"]
    assert found["results"][0]["description"] == "a thing to be found"
    names = one.client().raw("GET", "/v2/_catalog").json()["repositories"]
    assert "bob/findme" in names and "bob/findme-hidden" not in names
    assert (
        "bob/findme-hidden"
        in one.client("bob")
        .call("GET", "/v2/_catalog", headers=one.client("bob").basic())
        .json()["repositories"]
    )


def test_the_audit_log_says_who_did_what(one: Hub) -> None:
    one.client("anna").push_image("anna/audited", "v1", [b"x"])
    one.client("anna").call("DELETE", "/v2/anna/audited/manifests/v1")
    lines = one.admin("audit", tail=1000).splitlines()
    assert any(
        "anna" in one_ and "manifest.push" in one_ and "anna/audited:v1" in one_ for one_ in lines
    )
    assert any("anna" in one_ and "tag.delete" in one_ and "127.0.0.1" in one_ for one_ in lines)
    assert PASSWORD not in "\n".join(lines)


def test_failed_logins_close_the_door(tmp_path: Path) -> None:
    settings = "failed_logins = 3\nfailed_logins_window_s = 3600\n"
    with hub(tmp_path, settings, users=("anna", "bob")) as strict:
        wrong, right = strict.client("anna", "guess"), strict.client("anna")
        for _ in range(3):
            assert wrong.raw("GET", "/token", headers=wrong.basic()).status == 401
        answer = right.raw("GET", "/token", headers=right.basic())
        assert answer.status == 429 and answer.codes == ["TOOMANYREQUESTS"]
        assert int(answer.headers["Retry-After"]) > 3000
        bob = strict.client("bob")
        assert bob.raw("GET", "/token", headers=bob.basic()).status == 200
        assert any("login.failed" in line for line in strict.admin("audit").splitlines())


def test_a_token_that_has_ended_is_refused_and_the_client_goes_on(tmp_path: Path) -> None:
    with hub(tmp_path, f"token_lifetime_s = {JUST_A_MOMENT_S}\n") as short:
        anna = short.client("anna")
        assert anna.call("GET", "/v2/").status == 200
        (token,) = anna.tokens.values()
        end = time.monotonic() + 60
        headers = {"Authorization": f"Bearer {token}"}
        while (answer := anna.raw("GET", "/v2/", headers=headers)).status == 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer ")
        anna.push_image("anna/long", "latest", [b"a", b"b", b"c"])


def test_a_quota_holds(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        one.admin("user set", "anna", quota=3000)
        anna = one.client("anna")
        anna.push_image("anna/small", "latest", [b"x" * 1000])
        digest = sha256(b"y" * 5000)
        answer = anna.call("POST", f"/v2/anna/big/blobs/uploads/?digest={digest}", b"y" * 5000)
        assert answer.status == 413 and "quota" in answer.json()["errors"][0]["message"]
        anna.push_image("anna/again", "latest", [b"x" * 1000])  # the same bytes count once
