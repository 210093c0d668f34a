"""What a build refuses before anything is made: sources, platforms and rights that an instruction cannot have. Pure."""

import re
from collections.abc import Mapping

from gorae.build.remote import is_git, is_url
from gorae.dockerfile import instruction as to
from gorae.dockerfile.expand import Expander
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.suggest import with_suggestion
from gorae.errors import SyntaxFault

_PLATFORM = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,2}")


def fault(found: to.Instruction, message: str) -> SyntaxFault:
    """An error at the place of an instruction."""
    return SyntaxFault(message, source=found.location.source, line=found.location.start_line)


def platform_of(head: to.From, expander: Expander, known: Mapping[str, str]) -> str:
    """The platform that a FROM asks for, empty where it asks for none. Raises: SyntaxFault: none such."""
    if not head.platform:
        return ""
    expander.unset.clear()
    found = expander(head.platform)
    sentence = ""
    if not found:
        sentence = f"empty platform value from expression {head.platform}"
    elif not _PLATFORM.fullmatch(found):
        sentence = (
            f"failed to parse platform {head.platform}: {quoted(found)}: "
            "cannot parse platform specifier: invalid argument"
        )
    if sentence:
        for name in sorted(expander.unset):
            sentence = with_suggestion(sentence, name, known)
        raise fault(head, sentence)
    return found


def check_text(found: to.Instruction) -> None:
    """Raises: SyntaxFault: bytes that are not UTF-8, which no image config and no history can hold as they are."""
    try:
        found.text.encode()
    except UnicodeEncodeError:
        raise fault(
            found, f"{found.keyword.upper()} is not UTF-8 text: save the file as UTF-8"
        ) from None


def check_sources(found: to.Copy | to.Add) -> None:
    """Raises: SyntaxFault: a source from elsewhere in a COPY, or a checksum of what has none."""
    remote = [one for one in found.sources if is_url(one) or is_git(one)]
    if isinstance(found, to.Copy):
        for source in remote:
            what = "git ref" if is_git(source) else "URL"
            raise fault(found, f"source can't be a {what} for COPY")
    elif found.checksum:
        if len(found.sources) != 1:
            raise fault(found, "checksum can't be specified for multiple sources")
        if not remote:
            raise fault(found, "checksum requires HTTP(S) or Git sources")


def check_entitled(found: to.Run, network: str, allow: frozenset[str]) -> None:
    """Raises: SyntaxFault: a RUN that wants a right which the request did not give. `network`: the build's own."""
    wanted = []
    if found.network == "host" and network != "host":
        wanted.append("network.host")
    if found.security == "insecure":
        wanted.append("security.insecure")
    for one in wanted:
        if one not in allow:
            raise fault(found, f"failed to load LLB: {one} is not allowed: give --allow {one}")
