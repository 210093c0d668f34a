"""The web site in a real Chromium, and what a browser cannot be made to do by others."""

import asyncio
import gzip
import io
import json
import re
import tarfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.hub.chromium import Chromium
from tests.hubserver import PASSWORD, Client, Hub, hub, manifest, sha256

README = "# Hello\n\n<script>alert(1)</script>\n\n[bad](javascript:alert(1)) [good](https://example.org)\n\n| key | meaning |\n|---|---|\n| a | b |\n"


def layer(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue())


BOTTOM = layer({"etc/passwd": b"root", "usr/bin/<b>tool": b"x" * 5000})
TOP = layer({"etc/.wh.passwd": b"", "app/main.py": b"print()"})


def push(client: Client, name: str, tag: str) -> str:
    config = {
        "architecture": "arm64",
        "os": "linux",
        "created": "2026-01-02T03:04:05Z",
        "config": {"Cmd": ["python", "<i>main</i>"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "a" * 64, "sha256:" + "b" * 64]},
        "history": [
            {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
            {"created_by": "ENV A=<script>alert(2)</script>", "empty_layer": True},
            {"created_by": "RUN /bin/sh -c make install # buildkit"},
        ],
    }
    raw = json.dumps(config).encode()
    for data in (raw, BOTTOM, TOP):
        client.push_blob(name, data)
    document = manifest(raw, [BOTTOM, TOP])
    for one in document["layers"]:
        one["mediaType"] += "+gzip"
    return client.push_manifest(name, tag, document)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder: Path = tmp_path_factory.mktemp("site")
    with hub(folder, 'title = "our hub"\n', users=("anna", "bob")) as found:
        push(found.client("anna"), "anna/app", "1.0")
        push(found.client("anna"), "anna/hidden", "1.0")
        found.admin("repo set", "anna/hidden", private=True)
        readme = folder / "README.md"
        readme.write_text(README)
        found.admin("repo set", "anna/app", description="a <u>fine</u> app", readme=str(readme))
        yield found


def browse(
    story: Callable[[Chromium], Awaitable[None]], language: str = "en", width: int = 1180
) -> None:
    """Play a story in a browser; it may not complain of anything, such as a script that the policy stopped."""

    async def play() -> None:
        async with Chromium(width=width, language=language) as page:
            await story(page)
            assert page.complaints == []

    asyncio.run(asyncio.wait_for(play(), 240))


def test_from_the_search_to_a_file(one: Hub) -> None:
    async def story(page: Chromium) -> None:
        await page.go(one.url)
        assert "anna/app" in await page.text() and "anna/hidden" not in await page.text()
        await page.js("document.querySelector('.top input').value = 'FINE'")
        await page.go(f"{one.url}/search?q=FINE")
        assert "a <u>fine</u> app" in await page.text()
        await page.submit(".cards a")
        text = await page.text()
        assert f"docker pull {one.address}/anna/app:1.0" in text
        assert "linux/arm64" in text and "by anna" in text and "1.0" in text
        assert "<script>alert(1)</script>" in text
        links = await page.js(
            "[...document.querySelectorAll('.readme a')].map(one => one.protocol)"
        )
        assert links == ["https:"]
        await page.submit("table.tags a")
        text = await page.text()
        assert "RUN make install" in text and "ADD file:1 in /" in text
        assert "ENV A=<script>alert(2)</script>" in text and "python <i>main</i>" in text
        await page.submit(".steps a")
        assert {"etc/", "usr/"} <= set((await page.text()).split())
        await page.go(await page.js("[...document.querySelectorAll('.files a')][1].href"))
        await page.submit(".files a")
        assert "<b>tool" in await page.text() and "5 kB" in await page.text()

    browse(story)


def test_a_whiteout_is_told(one: Hub) -> None:
    async def story(page: Chromium) -> None:
        await page.go(f"{one.url}/files/anna/app@{sha256(TOP)}?path=etc")
        assert "passwd" in await page.text() and "deleted by this layer" in await page.text()

    browse(story)


def test_log_in_make_a_token_change_the_readme_log_out(one: Hub) -> None:
    async def story(page: Chromium) -> None:
        await page.go(f"{one.url}/login")
        await page.fill(username="anna", password=PASSWORD)
        await page.submit("main form button")
        assert "anna/hidden" in await page.text()
        await page.go(f"{one.url}/account")
        await page.js("document.querySelector('[name=label]').value = 'for the site test'")
        await page.submit("form.line button")
        secret = await page.js("document.querySelector('.notice code').textContent")
        client = one.client("anna", secret)
        assert client.raw("GET", "/token", headers=client.basic()).status == 200
        await page.go(f"{one.url}/account")
        assert "for the site test" in await page.text() and secret not in await page.text()
        await page.submit("td form button")
        assert client.raw("GET", "/token", headers=client.basic()).status == 401
        await page.go(f"{one.url}/settings/anna/hidden")
        await page.fill(description="now public", readme="**bold**")
        await page.js("document.querySelector('[value=public]').checked = true")
        await page.submit("main form button")
        assert await page.js("document.querySelector('.readme strong').textContent") == "bold"
        await page.submit("nav button")
        assert "Log in" in await page.text() and "now public" in await page.text()
        one.admin("repo set", "anna/hidden", private=True)

    browse(story)


def test_korean_on_a_phone(one: Hub) -> None:
    async def story(page: Chromium) -> None:
        for path in (
            "/",
            "/r/anna/app",
            "/r/anna/app:1.0",
            "/login",
            f"/files/anna/app@{sha256(TOP)}",
        ):
            await page.go(one.url + path)
            wide = await page.js("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, path
        await page.go(f"{one.url}/r/anna/app")
        assert await page.js("document.querySelector('.readme th').offsetHeight > 0")
        assert "태그" in await page.text() and "복사" in await page.text()
        await page.submit("footer a")
        assert "Tags" in await page.text()
        await page.go(f"{one.url}/r/anna/app")
        assert "Tags" in await page.text()  # the choice is kept

    browse(story, language="ko", width=390)


def test_an_invitation_is_good_once(one: Hub) -> None:
    code = one.admin("invite", note="carol")

    async def story(page: Chromium) -> None:
        await page.go(f"{one.url}/signup?invite={code}")
        await page.fill(username="carol", password="a long password")
        await page.submit("main form button")
        assert "carol" in await page.text()

    browse(story)
    client = one.client("carol", "a long password")
    assert client.raw("GET", "/token", headers=client.basic()).status == 200
    again = form(
        one, "/signup", {"invite": code, "username": "dave", "password": "a long password"}
    )
    assert again.status == 403 and "invitation" in again.body.decode()


def form(one: Hub, path: str, fields: dict[str, str], headers: dict[str, str] | None = None):
    """A form as a stranger's browser sends it, with what the page before gave."""
    client = one.client()
    page = client.raw("GET", path)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.body.decode())[1]
    body = "&".join(f"{key}={value}" for key, value in {"csrf": csrf, **fields}.items())
    sent = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        **(headers or {}),
    }
    return client.raw("POST", path, body, sent)


def test_a_form_from_elsewhere_is_refused(one: Hub) -> None:
    right = {"username": "anna", "password": PASSWORD.replace(" ", "+")}
    assert form(one, "/login", right).status == 303
    assert form(one, "/login", {**right, "csrf": "forged"}).status == 403
    assert form(one, "/login", right, {"Origin": "https://evil.example"}).status == 403
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert one.client().raw("POST", "/login", "username=anna", kind).status == 403


def test_after_a_login_one_stays_on_the_site(one: Hub) -> None:
    right = {"username": "anna", "password": PASSWORD.replace(" ", "+")}
    for back, goal in (
        ("/r/anna/app", "/r/anna/app"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        assert form(one, "/login", {**right, "back": back}).headers["Location"] == goal


def test_an_access_token_opens_no_session(one: Hub) -> None:
    secret = one.admin("token add", "anna", scope=["pull"])
    assert form(one, "/login", {"username": "anna", "password": secret}).status == 401


def test_every_page_forbids_what_is_foreign(one: Hub) -> None:
    for path in ("/", "/r/anna/app", "/login", "/r/nobody/nothing"):
        answer = one.client().raw("GET", path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        body = answer.body.decode()
        assert (
            "onclick=" not in body
            and " style=" not in body
            and "http://" not in body.replace(one.url, "")
        )


def test_what_one_may_not_see_is_not_there(one: Hub) -> None:
    for path in (
        "/r/anna/hidden",
        "/r/anna/hidden:1.0",
        f"/files/anna/hidden@{sha256(TOP)}",
        "/r/anna/nothing",
    ):
        assert one.client().raw("GET", path).status == 404
    assert one.client().raw("GET", "/settings/anna/app").status == 401
    assert one.client().raw("GET", "/account").status == 401
    assert b"hidden" not in one.client().raw("GET", "/u/anna").body
