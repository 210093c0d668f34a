"""`gorae build`: an image from a Dockerfile and a context."""

from __future__ import annotations

import contextlib

from gorae.cli import outfile
from gorae.cli.builder import outputs, request
from gorae.cli.builder.display import choose
from gorae.cli.builder.options import BUILD
from gorae.cli.options import Command
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gorae.cli.builder.conversation import Asked
    from gorae.cli.builder.display import Display
    from gorae.cli.builder.request import BuildRequest
    from gorae.cli.builder.secrets import Agents, Secrets
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Build; the status is 1 when it failed."""
    try:
        wanted = request.from_options(call.options, call.arguments[0], call.console)
        if wanted.document["call"] != "build":
            from gorae.cli.builder import check

            return check.run(call, wanted)
        result = build(call, wanted)
    except GoraeError as error:
        call.console.complain(f"ERROR: failed to build: {error}")
        return 1
    if result is None:
        return 1
    _tell(call, result)
    return 0


def build(
    call: Invocation, wanted: BuildRequest, display: Display | None = None
) -> dict[str, Any] | None:
    """Carry out one build; its result, None when it failed and was complained of.

    Raises:
        GoraeError: it could not even begin.
    """
    from gorae.cli.builder import secrets

    options = call.options
    outputs.check(wanted.outputs, call.console)
    named = secrets.Secrets(options.items("secret"))
    agents = secrets.Agents(options.items("ssh"))
    wanted.document["secrets"] = [{"id": one} for one in named.ids]
    wanted.document["ssh"] = [{"id": one} for one in agents.ids]
    quiet = options.flag("quiet")
    explain = options.flag("explain")
    if display is None:
        kind = "quiet" if quiet else options.text("progress")
        title = 'building with "gorae"'
        display = choose(kind, call.console.err, title, explain=explain)
    talk = Talk(call, wanted, named, agents, display)
    try:
        talk.run()
    finally:
        agents.close()
        display.close()
    if display.board.warnings and not quiet:
        _warn(call, display.board.warnings)
    if talk.failure is not None:
        from gorae.cli.builder import failure

        call.console.complain(failure.text(talk.failure, display.board, with_log=not quiet))
        return None
    return talk.result


def _warn(call: Invocation, warnings: list[str]) -> None:
    """What is doubtful in the Dockerfile, once more behind everything else."""
    noun = "warning" if len(warnings) == 1 else "warnings"
    lines = ["", f" {len(warnings)} {noun} found (use --check to expand):"]
    call.console.complain("\n".join([*lines, *(f" - {text}" for text in warnings)]))


class Talk:
    """One build's conversation: who answers what, and what came of it."""

    def __init__(
        self,
        call: Invocation,
        wanted: BuildRequest,
        secrets: Secrets,
        agents: Agents,
        display: Display,
    ) -> None:
        self._call = call
        self._wanted = wanted
        self._secrets = secrets
        self._agents = agents
        self._display = display
        self.result: dict[str, Any] | None = None
        self.failure: dict[str, Any] | None = None

    def run(self) -> None:
        """Until the engine has said its last word.

        Raises:
            GoraeError: the engine refused the request, or hung up before the end.
        """
        from gorae.cli import credentials
        from gorae.cli.builder.conversation import Answers, Conversation

        config = credentials.read(credentials.folder(self._call.globals.text("config")))
        stream = self._call.session.hijack(
            "/gorae/build",
            None,
            self._wanted.document,
            headers=[("X-Registry-Config", credentials.encode_all(config))],
        )
        with contextlib.ExitStack() as closing:
            answers = Answers(
                secret=lambda asked: self._secrets.value(asked["name"]),
                agent=lambda asked: self._agents.socket(asked["name"]),
                upload=self._upload,
                output=lambda announced: outputs.sink(announced, self._call.console, closing),
                auth=lambda _: {},
            )
            Conversation(stream, answers, self._take, self._display.tick).run()
        if self.result is None and self.failure is None:
            raise InvalidArgument("the daemon ended the build without a result: see its log")

    def _take(self, document: dict[str, Any]) -> None:
        if "result" in document:
            self.result = document["result"]
        elif "error" in document:
            self.failure = document["error"]
        else:
            self._display.feed(document)

    def _upload(self, asked: Asked) -> Iterator[bytes]:
        name = asked.get("context", "")
        source = self._wanted.folders.get(name) or self._wanted.contexts[name]
        if source.pieces is not None:
            return source.pieces
        from gorae.cli.builder import upload
        from gorae.dockerfile import ignore

        text = self._wanted.dockerfile.ignore if source.is_context else b""
        rules = ignore.parse(text or b"", self._wanted.dockerfile.ignore_name)
        return upload.pieces(source.folder, rules)


def _tell(call: Invocation, result: dict[str, Any]) -> None:
    """The id where it is wanted: standard output, a file, the metadata."""
    image_id = result.get("image_id", "")
    if call.options.flag("quiet") and image_id:
        call.say(image_id)
    if call.options.flag("verify") and not call.options.flag("quiet"):
        call.console.complain(f"verified: built twice, the same digest: {image_id or 'no image'}")
    if call.options.text("iidfile"):
        outfile.write_text(call.options.text("iidfile"), image_id)
    if call.options.text("metadata-file"):
        from gorae.client import jsontext

        text = jsontext.encode(metadata(result), indent=2)
        outfile.write_text(call.options.text("metadata-file"), text)


def metadata(result: dict[str, Any]) -> dict[str, Any]:
    """The facts that `--metadata-file` writes, under BuildKit's names."""
    image_id = result.get("image_id", "")
    found: dict[str, Any] = {"buildx.build.ref": f"default/default/{result.get('build_id', '')}"}
    if image_id:
        found["containerimage.config.digest"] = result.get("config_digest") or image_id
        found["containerimage.digest"] = result.get("digest") or image_id
    if result.get("names"):
        found["image.name"] = ",".join(result["names"])
    return found


COMMAND = Command(
    "build",
    "[OPTIONS] PATH | URL | -",
    "make an image from a Dockerfile",
    run,
    BUILD,
    arguments=(1, 1),
)
