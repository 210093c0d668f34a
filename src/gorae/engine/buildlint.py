"""What the lint says of a Dockerfile that is being built: told as warnings, remembered so that rebuilds cost nothing."""

import hashlib
import json
import threading

from gorae.build.progress import Progress, Warning
from gorae.build.request import BuildRequest
from gorae.build.settings import environment
from gorae.build.vertex import Base, Plan
from gorae.dockerfile.check import check
from gorae.dockerfile.ignore import Ignore
from gorae.dockerfile.lint import BaseImage, Report, Request
from gorae.dockerfile.stages import Dockerfile
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci import platform as platforms
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference

REMEMBERED = 64


class BuildLint:
    """Reports by what they hang on; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Report] = {}

    def tell(
        self,
        file: Dockerfile,
        request: BuildRequest,
        plan: Plan,
        ignore: Ignore | None,
        own: Platform,
        progress: Progress,
    ) -> None:
        """Every finding as a warning of the vertex that read the Dockerfile. `own`: this machine's platform.

        Raises:
            SyntaxFault: the file's `check=error=true`, and there are findings.
        """
        report = self.report(file.ast.text, file.ast.name, request, plan, ignore, own)
        vertex = progress.digest(f"[internal] load build definition from {file.ast.name}")
        for one in report.findings:
            progress.emit(
                Warning(
                    vertex,
                    f"{one.rule.name}: {one.detail} (line {one.start_line})",
                    (one.rule.description,),
                    one.rule.url,
                    (one.start_line, one.end_line),
                )
            )
        if report.problem is not None and report.problem.message.startswith("lint violation"):
            raise SyntaxFault(report.problem.message, source=file.ast.name)

    def report(
        self,
        text: bytes,
        name: str,
        request: BuildRequest,
        plan: Plan,
        ignore: Ignore | None,
        own: Platform,
    ) -> Report:
        """The report for this build, made once."""
        bases = {stage.base.reference: stage.base for stage in plan.stages if not stage.inherits}
        platform = platforms.show(request.platform or own)
        parts = [
            name,
            hashlib.sha256(text).hexdigest(),
            request.target,
            platform,
            sorted(request.build_args.items()),
            sorted((reference, base.identity) for reference, base in bases.items()),
            [rule.text for rule in ignore.rules] if ignore else None,
        ]
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        with self._lock:
            found = self._known.get(key)
        if found is None:
            found = check(
                text,
                name,
                Request(
                    build_args=request.build_args,
                    target=request.target,
                    all_stages=False,
                    ignore=ignore,
                    bases=lambda image: _base_image(bases.get(_full(image))),
                    platform=platform,
                    build_platform=platforms.show(own),
                ),
            )
            with self._lock:
                self._known[key] = found
                while len(self._known) > REMEMBERED:
                    self._known.pop(next(iter(self._known)))
        return found


def _full(image: str) -> str:
    try:
        found = Reference.parse(image)
    except InvalidArgument:
        return image
    return found.with_default_tag().normalized


def _base_image(base: Base | None) -> BaseImage | None:
    if base is None or base.config is None:
        return None
    config = base.config.config
    return BaseImage(environment(config.env), config.shell or (), "", config.on_build)
