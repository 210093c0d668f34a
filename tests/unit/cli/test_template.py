"""Go's templates: each line was docker's own answer for a document like this one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.cli.template.evaluator import Template
from gorae.cli.template.value import Number, Struct, TemplateFault, TypedList, TypedMap, constant

LABELS = TypedMap({"app": "web", "b": "<2>"}, "map[string]string")
DOCUMENT = Struct(
    "container.InspectResponse",
    {
        "Name": constant("/web"),
        "Count": constant(3),
        "Running": constant(True),
        "Cmd": constant(TypedList(["sh", "-c", "x y"], "[]string")),
        "Labels": constant(LABELS),
        "Empty": constant(TypedList([], "[]string")),
    },
)


def run(text: str) -> str:
    return Template(text).execute(DOCUMENT)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{{.Name}} {{.Count}} {{.Running}}", "/web 3 true"),
        ("{{json .Cmd}} {{json .Labels}}", '["sh","-c","x y"] {"app":"web","b":"<2>"}'),
        ("{{.Cmd}} {{.Labels}} {{.Empty}}", "[sh -c x y] map[app:web b:<2>] []"),
        ("{{range .Cmd}}[{{.}}]{{end}}", "[sh][-c][x y]"),
        ("{{range $i, $e := .Cmd}}{{if $i}},{{end}}{{$e}}{{end}}", "sh,-c,x y"),
        ("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "app=web;b=<2>;"),
        ("{{range .Empty}}x{{else}}none{{end}}", "none"),
        ("{{range .Cmd}}{{if eq . \"-c\"}}{{break}}{{end}}{{.}}{{end}}", "sh"),
        ("{{with .Name}}{{.}}!{{end}}{{with .Empty}}x{{else}}y{{end}}", "/web!y"),
        ("{{if and .Running (gt .Count 2)}}yes{{else}}no{{end}}", "yes"),
        ("{{if eq .Count 1}}1{{else if eq .Count 3}}3{{end}}", "3"),
        ("{{index .Cmd 1}} {{index .Labels \"app\"}} {{index .Labels \"no\"}}|", "-c web |"),
        ("{{slice .Cmd 1}} {{slice .Cmd 0 2}} {{slice .Name 1}}", "[-c x y] [sh -c] web"),
        ("{{len .Cmd}} {{len .Name}} {{len .Labels}}", "3 4 2"),
        ("{{join .Cmd \"/\"}} {{split \"a,b\" \",\"}}", "sh/-c/x y [a b]"),
        ("{{upper .Name}} {{lower \"AB\"}} {{title \"ab cd\"}}", "/WEB ab Ab Cd"),
        ("{{pad .Name 1 2}}|{{truncate .Name 2}}", " /web  |/w"),
        ("{{.Name | printf \"%s-%s\" \"x\" | len}}", "6"),
        ("{{printf \"%q %5d|%-4s|%x %t %v\" .Name 7 \"a\" 255 .Running .Cmd}}", '"/web"     7|a   |ff true [sh -c x y]'),
        ("{{printf \"%d\" .Name}}", "%!d(string=/web)"),
        ("{{printf \"%s\"}} {{printf \"%d\" 1 2}}", "%!s(MISSING) 1%!(EXTRA int=2)"),
        ("{{print 1 2 \"a\" \"b\" 3}} {{println 1}}", "1 2ab3 1\n"),
        ("{{html \"<a>\"}} {{js \"it's\"}} {{urlquery \"a b&c\"}}", "&lt;a&gt; it\\'s a+b%26c"),
        ("{{/* nothing */}}a {{- .Name -}} b", "a/webb"),
        ("{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .Name}}", "[/web]"),
        ("{{block \"b\" .Name}}<{{.}}>{{end}}", "</web>"),
        ("{{$x := 1}}{{$x = 2}}{{$x}}", "2"),
        ("{{not .Running}} {{or .Empty \"x\"}} {{and 1 0}}", "false x 0"),
        ("{{\"a\\tb\"}} {{`raw\\n`}} {{'a'}} {{0x1F}} {{1e3}}", "a\tb raw\\n 97 31 1000"),
        ("{{eq .Count 1 2 3}} {{ne 1 2}} {{lt 1 2}} {{ge \"b\" \"a\"}}", "true true true true"),
    ],
)  # fmt: skip
def test_text(text: str, wanted: str) -> None:
    assert run(text) == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{.Name", "template: :1: unclosed action"),
        ("{{nosuch .Name}}", 'template: :1: function "nosuch" not defined'),
        ("{{nosuch", 'template: :1: function "nosuch" not defined'),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{if .Name}}", "template: :1: unexpected EOF"),
        ("{{\"x}}", "template: :1: unterminated quoted string"),
        ("{{.Nosuch}}", "template: :1:2: executing \"\" at <.Nosuch>: can't evaluate field Nosuch in type container.InspectResponse"),
        ("{{slice .Name 0 100}}", 'template: :1:2: executing "" at <slice .Name 0 100>: error calling slice: index out of range: 100'),
        ("{{index .Cmd 7}}", 'template: :1:2: executing "" at <index .Cmd 7>: error calling index: index out of range: 7'),
        ("{{join .Name \",\"}}", 'template: :1:7: executing "" at <.Name>: wrong type for value; expected []string; got string'),
        ("{{call .Name}}", 'template: :1:2: executing "" at <call .Name>: error calling call: non-function .Name of type string'),
        ("{{template \"nosuch\"}}", 'template: :1:11: executing "" at <{{template "nosuch"}}>: template "nosuch" not defined'),
        ("{{len 3}}", 'template: :1:2: executing "" at <len 3>: error calling len: len of type int'),
    ],
)  # fmt: skip
def test_faults_are_gos(text: str, sentence: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        run(text)
    assert str(caught.value) == sentence


def test_a_document_without_types_keeps_numbers_as_text() -> None:
    document = {"n": Number(3), "s": "x"}
    assert Template('{{.n}} {{eq .n "3"}} {{json .}}').execute(document) == '3 true {"n":3,"s":"x"}'
    with pytest.raises(TemplateFault, match="can't evaluate field x in type interface {}"):
        Template("{{.s.x}}").execute(document, missing_is_error=True)
    with pytest.raises(TemplateFault, match='map has no entry for key "no"'):
        Template("{{.no}}").execute(document, missing_is_error=True)


pieces = st.sampled_from(
    ["{{", "}}", ".Name", "range ", "if ", "end", "else", "|", "(", ")", '"x"', "$x", ":=", " ", "json ", "1", "len ", "x", "`", "'", "/*"]
)  # fmt: skip


@given(st.lists(pieces, max_size=12).map("".join))
def test_any_text_gives_a_text_or_one_kind_of_error(text: str) -> None:
    try:
        run(text)
    except TemplateFault:
        return
