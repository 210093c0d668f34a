import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.dockerfile.secretguard import Guard, Leak, Secret, named_secrets, secrets_of

VALUE = b"correct horse/battery+staple"
GUARD = Guard([Secret("secret", "npm", VALUE)], forms=False)


def leaks(guard: Guard, path: str, *pieces: bytes) -> list[Leak]:
    scan = guard.in_file(path)
    for piece in pieces:
        scan.feed(piece)
    return scan.end()


@pytest.mark.parametrize(
    "held",
    [
        VALUE,
        VALUE + b"\n",
        base64.b64encode(VALUE),
        base64.b64encode(b"user:" + VALUE),
        base64.b64encode(b"u:" + VALUE + b"x"),
        base64.b64encode(b"us:" + VALUE),
        b"https://u:correct%20horse%2Fbattery%2Bstaple@host/",
    ],
)
def test_a_value_is_found_in_the_forms_that_it_takes(held: bytes) -> None:
    assert [one.name for one in leaks(GUARD, "root/.npmrc", b"\0before ", held, b" after")] == [
        "npm"
    ]


@given(st.integers(1, 40), st.binary(max_size=50))
def test_a_value_is_found_across_pieces(size: int, before: bytes) -> None:
    data = before + VALUE + b"tail"
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    (one,) = leaks(GUARD, "f", *pieces)
    assert data[one.offset :].startswith(VALUE)
    masker = GUARD.masker()
    shown = b"".join(masker.feed(piece) for piece in pieces) + masker.end()
    assert shown == GUARD.mask(data)
    assert VALUE not in shown


def test_a_long_value_is_found_in_broken_base64() -> None:
    value = b"a value that is as long as tokens of some services are, " * 3
    guard = Guard([Secret("secret", "jwt", value)], forms=False)
    for before in (b"", b"x", b"user:", b"y" * 50):
        text = base64.encodebytes(before + value)
        assert text.count(b"\n") > 2
        assert [one.name for one in leaks(guard, "f", text)] == ["jwt"], before
    assert (
        leaks(guard, "f", base64.encodebytes(b"another value that is as long as that one" * 3))
        == []
    )


def test_a_proxys_password_counts() -> None:
    given = {
        "HTTPS_PROXY": "http://me:p%40ssw0rd@proxy:3128",
        "no_proxy": "http://a:bcdef@c",
        "X": "http://a:bcdef@c",
    }
    (one,) = secrets_of({}, given, {}, b"FROM a")
    assert (one.kind, one.name, one.value) == ("proxy", "HTTPS_PROXY", b"p@ssw0rd")
    assert (
        Guard([one]).mask(b"via http://me:p%40ssw0rd@proxy:3128")
        == b"via http://me:****@proxy:3128"
    )


def test_a_value_is_not_told_again_by_its_form() -> None:
    token = b"ghp_" + b"a1B2" * 9
    guard = Guard([Secret("build arg", "GH_TOKEN", token)])
    text = b"//r/:_authToken=" + token
    assert [one.name for one in leaks(guard, "root/.npmrc", text)] == ["GH_TOKEN"]
    assert [one.name for one in guard.in_text(text.decode(), "the history")] == ["GH_TOKEN"]


def test_what_may_be_the_beginning_of_a_long_value_is_found_fast() -> None:
    value = bytes(range(33, 127)) * 150
    guard = Guard([Secret("secret", "s", value)], forms=False)
    masker = guard.masker()
    shown = b"".join(masker.feed(value[at : at + 100]) for at in range(0, len(value), 100))
    assert shown + masker.end() == b"****"


def test_lines_of_a_longer_secret_count_by_themselves() -> None:
    text = b"# a comment\nregistry=https://registry/\n//registry/:_authToken='abcdefgh'\n"
    guard = Guard([Secret("secret", "rc", text)], forms=False)
    for held in (
        "x registry=https://registry/ y",
        "//registry/:_authToken='abcdefgh'",
        "=abcdefgh",
    ):
        assert [one.name for one in guard.in_text(held, "history")] == ["rc"], held
    for free in ("# a comment", "https://registry/", "authToken="):
        assert guard.in_text(free, "history") == [], free


def test_a_message_names_the_place_and_the_way_out_but_never_the_value() -> None:
    guard = Guard([Secret("build arg", "NPM_TOKEN", VALUE)])
    (one,) = guard.in_text(f"|1 NPM_TOKEN={VALUE.decode()} /bin/sh -c npm ci", "the history")
    assert str(one) == (
        'the value of build arg "NPM_TOKEN" would be kept in the history: '
        "use RUN --mount=type=secret,id=npm_token and build with --secret id=npm_token,env=NPM_TOKEN"
    )


def test_what_of_a_build_is_to_be_kept() -> None:
    found = secrets_of(
        {"a": b"x"},
        {
            "API_TOKEN": "12345678",
            "SHORT_TOKEN": "1234567",
            "VERSION": "longer than eight",
            "SHOWN_TOKEN": "in the file",
            "OTHER": "ghp_" + "a" * 36,
        },
        {"DB_PASSWORD": "87654321", "KEY_FILE": "/run/secrets/key"},
        b"FROM a\nENV X='in the file'\n",
    )
    assert [(one.kind, one.name) for one in found] == [
        ("secret", "a"),
        ("build arg", "API_TOKEN"),
        ("build arg", "OTHER"),
        ("env", "DB_PASSWORD"),
    ]


def test_a_tiny_secret_is_not_looked_for() -> None:
    guard = Guard([Secret("secret", "a", b"abc"), Secret("secret", "b", b"")], forms=False)
    assert guard.is_idle
    assert guard.mask(b"abc") == b"abc"


KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n"


@pytest.mark.parametrize(
    ("path", "data", "what"),
    [
        ("root/.ssh/id_ed25519", KEY, "a private key"),
        ("app/k.pem", b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0", "a private key"),
        ("a", b"key: AKIAIOSFODNN7GUARDED", "an AWS access key"),
        ("a", b"AWS_SECRET_ACCESS_KEY=" + b"a1B2" * 10, "an AWS secret key"),
        ("a", b"token ghp_" + b"a1B2" * 9, "a GitHub token"),
        ("a", b"npm_" + b"a1B2" * 9, "an npm token"),
        ("root/.npmrc", b"//registry.example/:_authToken=abcdefgh1234\n", "a registry token of .npmrc"),
        ("app/.env", b"PORT=80\nDB_PASSWORD='hunter2hunter2'\n", 'the value of "DB_PASSWORD" in an .env file'),
        ("app/.env.production", b"export API_KEY = 123456789\n", 'the value of "API_KEY" in an .env file'),
        ("root/.netrc", b"machine a login b password secret", "a password of .netrc"),
        ("root/.git-credentials", b"https://me:passw0rd@host", "a password of .git-credentials"),
        ("root/.docker/config.json", b'{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}}', "a registry's login"),
    ],
)  # fmt: skip
def test_forms(path: str, data: bytes, what: str) -> None:
    found = leaks(Guard([]), path, data[:7], data[7:])
    assert [(one.what, one.where) for one in found] == [(what, f"/{path}")]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("app/node_modules/tls/test/k.pem", KEY),
        ("usr/share/doc/x/key", KEY),
        ("app/README", b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
        ("root/.npmrc", b"//registry.example/:_authToken=${NPM_TOKEN}\n"),
        ("app/.env.example", b"DB_PASSWORD=hunter2hunter2\n"),
        ("app/.env", b"DB_PASSWORD=\nAPI_KEY=$OTHER_VALUE\nPORT_NUMBER=12345678\n"),
        ("app/data.bin", b"\0\0" + KEY),
        ("app/aws.rst", b"aws_access_key_id = AKIAIOSFODNN7EXAMPLE"),
        ("app/notes", b"npm_config_cache ghp_ AKIA hf_"),
    ],
)
def test_what_only_looks_like_one(path: str, data: bytes) -> None:
    assert leaks(Guard([]), path, data) == []


def test_large_files_are_searched_for_values_alone() -> None:
    filler = b"x" * 2_000_000
    guard = Guard([Secret("secret", "npm", VALUE)])
    assert [one.name for one in leaks(guard, "app/big", filler, KEY, VALUE)] == ["npm"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("RUN |2 NPM_TOKEN=abcdefgh1 V=2 /bin/sh -c npm ci # buildkit", {"NPM_TOKEN": b"abcdefgh1"}),
        ("/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter2hunter2", {"DB_PASSWORD": b"hunter2hunter2"}),
        ("LABEL API_KEY='with a space' b=c", {"API_KEY": b"with a space"}),
        ("RUN curl --token=12345678; x", {"token": b"12345678"}),
        ("ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", {}),
        ("ENV SSL_KEY=/etc/ssl/key.pem A_TOKEN=$OTHER_ONE B_KEY=https://host/path", {}),
        ("ENV A_TOKEN=short PATH=/bin:/usr/bin TOKEN_FILE=12345678", {}),
    ],
)  # fmt: skip
def test_named_values_of_a_history_line(line: str, found: dict[str, bytes]) -> None:
    assert {one.name: one.value for one in named_secrets("env", line)} == found


def test_nothing_of_a_value_but_its_first_characters_is_shown() -> None:
    token = "abcd-this-is-the-rest-of-the-token"
    guard = Guard([Secret("env", "A_TOKEN", b"value-of-token")], excerpts=True)
    text = f"RUN echo value-of-token //r/:_authToken={token} && echo ghp_{'a1B2' * 9} done"
    assert guard.hide(text) == "RUN echo **** //r/:_au**** && echo ghp_**** done"
    assert [one.excerpt for one in guard.in_text(text, "")] == ["val****", "ghp_****", ":_au****"]
    key = KEY.decode() + "Zm9v" * 200 + "\n-----END OPENSSH PRIVATE KEY-----"
    assert "Zm9v" not in guard.hide(key)


def test_the_line_of_a_file_is_told() -> None:
    data = b"one\ntwo\nx=" + VALUE + b"\n\n_KEY=AKIAIOSFODNN7GUARDED\n"
    found = leaks(Guard([Secret("secret", "npm", VALUE)]), "app/f", data)
    assert [(one.what, one.line) for one in found] == [
        ('the value of secret "npm"', 3),
        ("an AWS access key", 5),
    ]
    assert all(one.excerpt == "" for one in found)
