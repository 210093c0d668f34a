import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire import codec
from gorae.wire.container import ContainerCreate


def read(text: bytes) -> ContainerCreate:
    return codec.decode(ContainerCreate, text)


def test_unknown_fields_are_ignored_and_names_match_without_case() -> None:
    found = read(b'{"image":"a","HOSTCONFIG":{"networkmode":"host"},"Nonsense":{"x":[1]}}')
    assert (found.image, found.host_config.network_mode) == ("a", "host")


def test_null_is_zero() -> None:
    found = read(b'{"Image":"a","User":null,"Tty":null,"HostConfig":{"Memory":null,"Binds":null}}')
    assert (found.user, found.tty, found.host_config.memory) == ("", False, 0)
    assert found.host_config.binds is None


def test_null_keeps_an_entry_of_a_map() -> None:
    found = read(
        b'{"ExposedPorts":{"80/tcp":null},"HostConfig":{"PortBindings":{"80/tcp":null}},'
        b'"NetworkingConfig":{"EndpointsConfig":{"net":null}}}'
    )
    assert found.exposed_ports == {"80/tcp": None}
    assert found.host_config.port_bindings == {"80/tcp": None}
    assert found.networking_config.endpoints_config == {"net": None}


def test_null_in_a_list_or_map_of_texts_is_the_empty_text() -> None:
    found = read(b'{"Labels":{"a":null},"Env":[null],"Cmd":["a",null]}')
    assert (found.labels, found.env, found.cmd) == ({"a": ""}, [""], ["a", ""])


def test_a_command_may_be_one_word() -> None:
    assert read(b'{"Cmd":"ls","Entrypoint":["a","b"]}').cmd == "ls"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "invalid JSON: got EOF while reading request body"),
        (b" \n", "invalid JSON: got EOF while reading request body"),
        (b'{"Image":"a"', "invalid JSON: unexpected EOF"),
        (b"{} x", "unexpected content after JSON"),
        (b'{"a":@}', "invalid JSON: invalid character '@' at byte 5"),
        (
            b'{"HostConfig":{"Memory":"x"}}',
            'invalid JSON: cannot read string into field "HostConfig.Memory" of type integer',
        ),
        (
            b'{"Env":["a",1]}',
            'invalid JSON: cannot read integer into field "Env[1]" of type string',
        ),
        (b'{"Image":"\xff"}', "invalid JSON: the text is not UTF-8"),
        (b"[" * 5000, "invalid JSON: nested too deeply"),
    ],
)
def test_bad_text_gets_a_sentence_that_names_the_place(text: bytes, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(text)
    assert caught.value.message == sentence


def test_a_number_beyond_64_bits_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        read(b'{"HostConfig":{"Memory":99999999999999999999}}')


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_one_kind_of_error(data: bytes) -> None:
    try:
        read(data)
    except InvalidArgument as error:
        assert "\n" not in error.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Image", "HostConfig", "Env", "Mounts", "Cmd", "Binds", "x", "Tmpfs"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(_JSON)
def test_any_document_gives_a_value_or_one_kind_of_error(document: object) -> None:
    try:
        found = read(codec.encode(document))
    except InvalidArgument:
        return
    assert codec.decode(ContainerCreate, codec.encode(found)) == found
