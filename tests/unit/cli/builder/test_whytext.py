"""What `build why` prints."""

from gorae.cli.builder import whytext

SECOND = 10**9
RECORD = {
    "id": "0123456789abcdef01234567",
    "project": "/app",
    "created_ns": 1000 * SECOND,
    "took_ns": 4 * SECOND,
    "status": "failed",
    "error": "it did not work\nmore",
    "names": [],
    "steps": [
        {"number": 1, "name": "A", "cached": True, "reason": "cached", "lines": [], "took_ns": 0, "error": ""},
        {
            "number": 2, "name": "B", "cached": False, "reason": "changed", "took_ns": SECOND, "error": "",
            "lines": ["ARG X has another value", "the base image is another (1 -> 2)", "f changed (aa -> bb)"],
            "last_hit_ns": 400 * SECOND, "changed_files": 7, "files": 214,
            "changes": [
                {"kind": "arg", "name": "X", "old": "given", "new": "given"},
                {"kind": "base", "name": "", "old": "sha256:1", "new": "sha256:2"},
                {"kind": "file", "name": "f", "old": "aa", "new": "bb"},
                {"kind": "file", "name": "g", "old": "", "new": "cc"},
                {"kind": "file", "name": "h", "old": "dd", "new": ""},
                {"kind": "mode", "name": "i", "old": "1", "new": "2"},
            ],
        },
        {
            "number": 3, "name": "C", "cached": False, "reason": "parent", "because": 2, "took_ns": SECOND,
            "error": "exit code: 1", "lines": ["the step before it has another result"], "last_hit_ns": 0,
        },
        {"number": 4, "name": "D", "reason": "skipped", "lines": ["it was not needed"]},
    ],
}  # fmt: skip


def test_the_build_tells_each_step_and_why():
    lines = whytext.build(RECORD, 1060 * SECOND)
    assert lines[0] == 'build 0123456789ab of "/app", about a minute ago'
    assert lines[1:3] == ["failed in 4.0s", "error: it did not work"]
    words = [line.split()[1] for line in lines if line[:1].isdigit()]
    assert words == ["CACHED", "RAN", "FAILED", "SKIPPED"]
    assert any(line.strip() == "why: step 2 before it has another result" for line in lines)


def test_a_step_in_detail():
    lines = whytext.step(RECORD, 2, 1060 * SECOND)
    text = "\n".join(lines)
    assert "why: ARG X has another value" in text
    assert "sha256:1 -> sha256:2" in text
    assert "7 of 214 files differ" in text and "and 3 more" in text
    assert "f  aa -> bb" in text and "g  new (cc)" in text and "h  gone (dd)" in text
    assert "i  mode and owner 1 -> 2" in text
    assert "last used 10 minutes before this build" in text
    assert "because of it ran: step 3" in text


def test_a_step_that_followed_names_the_cause():
    text = "\n".join(whytext.step(RECORD, 3, 1060 * SECOND))
    assert "step 2 ran before it: B" in text and "f changed (aa -> bb)" in text
    assert "it failed after 1.0s" in text


def test_steps_that_did_not_run():
    assert "taken from the cache" in whytext.step(RECORD, 1, 1060 * SECOND)[1]
    assert "not reached" in whytext.step(RECORD, 4, 1060 * SECOND)[1]
