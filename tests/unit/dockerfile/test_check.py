from gorae.dockerfile import ignore
from gorae.dockerfile.check import check
from gorae.dockerfile.lint import BaseImage, Report, Request, read_control


def names(report: Report) -> list[str]:
    assert report.problem is None, report.problem
    return [one.rule.name for one in report.findings]


def test_a_comment_above_an_instruction_skips_there_alone() -> None:
    text = b"FROM bb\n# check=skip=JSONArgsRecommended\nCMD x\nENTRYPOINT y\n"
    report = check(text, "Dockerfile")
    assert [(one.rule.name, one.start_line) for one in report.findings] == [
        ("JSONArgsRecommended", 4)
    ]


def test_names_of_files_and_versions_are_no_secrets() -> None:
    text = b"FROM bb\nENV AUTH_FILE=1 KEY_VERSION=2 PUBLIC_KEY=3 API_TOKEN=4\n"
    assert names(check(text, "Dockerfile")) == ["SecretsUsedInArgOrEnv"]


def test_variables_of_an_image_that_is_not_known_may_be_its_own() -> None:
    text = b"FROM node AS a\nENV A=$NODE_VERSION\nFROM a\nENV B=$X\nFROM scratch\nENV C=$Y\n"
    report = check(text, "Dockerfile")
    assert [one.detail for one in report.findings] == ["Usage of undefined variable '$Y'"]


def test_the_base_image_gives_variables_shell_and_triggers() -> None:
    image = BaseImage(
        {"NODE_VERSION": "1"}, ("/bin/bash", "-c"), "linux/arm64", ("LABEL a=$MISSING",)
    )
    text = b"FROM node\nENV A=$NODE_VERSION\nCMD x\n"
    report = check(text, "Dockerfile", Request(bases=lambda name: image))
    assert [(one.rule.name, one.detail) for one in report.findings] == [
        (
            "InvalidBaseImagePlatform",
            'Base image node was pulled with platform "linux/arm64", expected "linux/amd64" '
            "for current build",
        ),
        ("UndefinedVar", "Usage of undefined variable '$MISSING'"),
    ]


def test_a_folder_with_exceptions_below_it_is_not_told() -> None:
    rules = ignore.parse(b"d\n!d/keep\n*.txt\n")
    text = b"FROM bb\nCOPY d ./a.txt b /\nCOPY d/keep d/x /\n"
    report = check(text, "Dockerfile", Request(ignore=rules))
    assert [one.detail for one in report.findings] == [
        'Attempting to Copy file "a.txt" that is excluded by .dockerignore',
        'Attempting to Copy file "d/x" that is excluded by .dockerignore',
    ]


def test_only_what_the_target_needs_is_walked() -> None:
    text = (
        b"FROM bb AS a\nCMD a\nFROM bb AS b\nCMD b\nFROM bb AS c\nCMD c\n"
        b"FROM bb AS d\nCOPY --from=0 x /\nRUN --mount=from=b,target=/x true\nCMD d\n"
    )

    def lines(target: str) -> list[int]:
        report = check(text, "Dockerfile", Request(target=target))
        return [one.start_line for one in report.findings]

    assert (lines("b"), lines("D"), lines("")) == ([4], [2, 4, 10], [2, 4, 6, 10])
    problem = check(text, "Dockerfile", Request(target="0")).problem
    assert problem is not None
    assert problem.message == 'target stage "0" could not be found (did you mean a?)'


def test_a_control_is_read() -> None:
    found = read_control(" skip=A, B;error=true;experimental=all ")
    assert (found.skip, found.is_error, found.experimental) == ({"A", "B"}, True, {"all"})
