"""The cache's key of a step: the digest of everything that can change its result, kept as named parts. Pure.

    version       of this module's rules
    instruction   what is done, canonical
    parent        the key of the state that it stands on; a base image by its id, never by its name
    base          of the first step on a base image: its id
    below         of COPY --link in the parent's place: what its destination looks like there (`linking`)
    env, args     one digest for each variable that the command sees
    files         the digest of the listing of what COPY, ADD or a bind mount takes
    from          the key of the state that it takes from
    platform, epoch

Variables stand by digests, so that no value is stored. Times and names are not among the parts. Two records that
differ in one part have different keys; a miss is told as the difference of two records (`explain`).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gorae.build.vertex import (
    SANDBOX_HOSTNAME,
    Base,
    Context,
    RunAction,
    Step,
    TransferAction,
    WorkdirAction,
)

VERSION = 1
Parts = dict[str, Any]


def key_of(parts: Parts) -> str:
    """The key of a record."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def base_key(base: Base) -> str:
    """What stands for a base image: its id and its file system."""
    return key_of({"version": VERSION, "image": base.identity, "chain": base.chain_id})


def moved(parent: str, key: str) -> str:
    """What stands for a state whose last step does not name its parent, once it is put on one."""
    return key_of({"version": VERSION, "parent": parent, "linked": key})


def parts_of(
    step: Step,
    *,
    parent: str,
    platform: str,
    below: str = "",
    files: Mapping[str, str] = {},
    sources: Mapping[str, str] = {},
    epoch: str = "",
    network: str = "",
) -> Parts:
    """The record of a step. `files` and `sources`: digests and keys by what they are for (a mount's target, or
    empty); `network`: what the hosts file and the like add to it; `below`: stands in the parent's place.
    """
    parts: Parts = {"version": VERSION, "platform": platform}
    parts |= {"below": below} if below else {"parent": parent}
    if files:
        parts["files"] = dict(files)
    if sources:
        parts["from"] = dict(sources)
    if epoch:
        parts["epoch"] = epoch
    if network:
        parts["network"] = network
    if not below and step.parent.step is None and step.parent.base.identity:
        parts["base"] = step.parent.base.identity
    action = step.action
    match action:
        case RunAction():
            parts["instruction"] = _run(action)
            args = {name for name, _ in action.args}
            for word in action.env:
                name, _, value = word.partition("=")
                parts.setdefault("args" if name in args else "env", {})[name] = _digest(value)
        case TransferAction():
            parts["instruction"] = _transfer(action)
        case WorkdirAction():
            parts["instruction"] = {"op": "workdir", "path": action.path}
            if action.user:
                parts["instruction"]["user"] = action.user
    return parts


def _run(action: RunAction) -> dict[str, Any]:
    mounts = [
        {
            key: value
            for key, value in {
                "type": one.mount.type,
                "source": one.mount.source,
                "target": one.mount.target,
                "readonly": one.mount.is_readonly,
                "id": one.mount.id,
                "size": one.mount.size_bytes,
                "mode": one.mount.mode,
                "uid": one.mount.uid,
                "gid": one.mount.gid,
                "env": one.mount.env,
                "context": one.source.name if isinstance(one.source, Context) else None,
            }.items()
            if value not in ("", None, 0)
        }
        for one in action.mounts
    ]
    found: dict[str, Any] = {
        "op": "run",
        "argv": list(action.argv),
        "cwd": action.cwd,
        "user": action.user,
        "network": action.network,
        "security": action.security,
    }
    if action.hostname != SANDBOX_HOSTNAME:
        found["hostname"] = action.hostname
    if mounts:
        found["mounts"] = mounts
    if action.script:
        found["script"] = [action.script[0], _digest(action.script[1])]
    return found


def _transfer(action: TransferAction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "op": "add" if action.add else "copy",
        "sources": list(action.sources),
        "dest": action.dest,
    }
    for name in ("chown", "chmod", "checksum"):
        if getattr(action, name):
            found[name] = getattr(action, name)
    for name in ("link", "parents", "keep_git_dir"):
        if getattr(action, name):
            found[name] = True
    if action.exclude:
        found["exclude"] = list(action.exclude)
    if action.unpack is not None:
        found["unpack"] = action.unpack
    if action.files:
        found["heredocs"] = [[one.name, _digest(one.data)] for one in action.files]
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
