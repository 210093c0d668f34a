"""From files on disk to a `Project`: YAML, variables, include, extends, overrides, env files, profiles, paths."""

from __future__ import annotations

import os

from gorae.compose import dotenv, form, interpolation, merge, project
from gorae.compose.project import Project
from gorae.errors import InvalidArgument, NotFound, SyntaxFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Document = dict[str, Any]

DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
MAX_FILE_BYTES = 8 << 20
MAX_NODES = 200_000
"""Aliases make a small file large: this many values are read, no more."""
MAX_INCLUDES = 50
_REMOTE = ("http://", "https://", "git@", "git://", "ssh://", "docker-image://", "oci://")


class Request:
    """What the command line says of the project.

    Args:
        files: of `-f`, `-` is standard input; directory: of `--project-directory`; environment: ours.
    """

    def __init__(
        self,
        environment: dict[str, str],
        *,
        files: Sequence[str] = (),
        name: str = "",
        directory: str = "",
        env_files: Sequence[str] = (),
        profiles: Sequence[str] = (),
        interpolate: bool = True,
    ) -> None:
        self.environment = environment
        self.files = list(files)
        self.name = name
        self.directory = directory
        self.env_files = list(env_files)
        self.profiles = list(profiles)
        self.interpolate = interpolate


class Loader:
    """Loads one project; `warnings` are told once at the end."""

    def __init__(self, request: Request, standard_input: int = 0) -> None:
        self._request = request
        self._stdin = standard_input
        self.warnings: list[str] = []
        self._included: list[str] = []

    def load(self) -> Project:
        """The project.

        Raises:
            NotFound: no file. SyntaxFault, InvalidArgument: what is wrong, and where.
        """
        files = self._files()
        first = os.path.dirname(os.path.abspath(files[0])) if files[0] != "-" else os.getcwd()
        directory = os.path.abspath(self._request.directory or first)
        environment = self._environment(directory)
        documents = [self._document(path, directory, environment) for path in files]
        merged: Document = {}
        for document in documents:
            merged = merge.merge(merged, document)
        name = self._name(merged, directory, environment)
        return self._finish(merged, name, directory, files, environment)

    # files ------------------------------------------------------------------------------------

    def _files(self) -> list[str]:
        request = self._request
        named = request.files or _split_list(
            request.environment.get("COMPOSE_FILE", ""), request.environment
        )
        if named:
            return [one if one == "-" else os.path.abspath(one) for one in named]
        folder = request.directory or os.getcwd()
        while True:
            found = [
                os.path.join(folder, one)
                for one in DEFAULTS
                if os.path.isfile(os.path.join(folder, one))
            ]
            if found:
                more = [
                    os.path.join(folder, one)
                    for one in OVERRIDES
                    if os.path.isfile(os.path.join(folder, one))
                ]
                return [found[0], *more[:1]]
            above = os.path.dirname(os.path.abspath(folder))
            if above == os.path.abspath(folder):
                raise NotFound(
                    f"no configuration file provided: not found: none of {', '.join(DEFAULTS)} here or above"
                )
            folder = above

    def _environment(self, directory: str) -> dict[str, str]:
        """Our own variables over those of `.env` (or of `--env-file`)."""
        found: dict[str, str] = {}
        named = self._request.env_files or _split_list(
            self._request.environment.get("COMPOSE_ENV_FILES", ""), {"COMPOSE_PATH_SEPARATOR": ","}
        )
        for path in named or [os.path.join(directory, ".env")]:
            if not os.path.exists(path):
                if named:
                    raise NotFound(f"couldn't find env file: {path}")
                continue
            text = self._read(path)
            pairs = dotenv.parse(text, path, {**found, **self._request.environment})
            found |= {key: value for key, value in pairs.items() if value is not None}
        return {**found, **self._request.environment}

    def _read(self, path: str) -> str:
        try:
            with open(self._stdin if path == "-" else path, "rb", closefd=path != "-") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise NotFound(f"open {path}: {(error.strerror or str(error)).lower()}") from None
        if len(data) > MAX_FILE_BYTES:
            raise InvalidArgument(f"{path} has more than {MAX_FILE_BYTES} bytes")
        return data.decode("utf-8", "replace")

    def _document(self, path: str, directory: str, environment: dict[str, str]) -> Document:
        """One file, in long form, with its includes merged below it and its services' `extends` resolved."""
        raw = parse_yaml(self._read(path), path)
        if self._request.interpolate:
            raw = interpolation.interpolate(raw, environment, self._unset)
        return self._prepared(raw, path, directory, environment)

    def _prepared(
        self, raw: Document, path: str, directory: str, environment: dict[str, str]
    ) -> Document:
        project.check_keys(raw, path)
        found = {key: value for key, value in raw.items() if key != "include"}
        own = {
            name: form.service(name, body) for name, body in (found.get("services") or {}).items()
        }
        found["services"] = own
        for name in own:
            own[name] = self._extended(name, own, path, directory, environment, ())
        for body in own.values():
            _absolute(body, directory)
        for section in ("secrets", "configs", "volumes"):
            _absolute_section(found.get(section) or {}, directory)
        for one in raw.get("include") or ():
            included = self._include(one, path, directory, environment)
            found = merge.merge(included, found)
        return found

    def _unset(self, name: str) -> None:
        text = f'The "{name}" variable is not set. Defaulting to a blank string.'
        if text not in self.warnings:
            self.warnings.append(text)

    def _include(
        self, one: Any, path: str, directory: str, environment: dict[str, str]
    ) -> Document:
        body = {"path": one} if isinstance(one, str) else dict(one)
        paths = form.texts(body.get("path"), f"{path}: include.path")
        here = os.path.dirname(path) if path != "-" else directory
        files = [os.path.join(here, item) for item in paths]
        for file in files:
            if os.path.realpath(file) in self._included or len(self._included) > MAX_INCLUDES:
                raise InvalidArgument(
                    f"include cycle detected: {file} is included while it is read"
                )
        folder = (
            os.path.join(here, body["project_directory"])
            if body.get("project_directory")
            else os.path.dirname(files[0])
        )
        inner = dict(environment)
        for item in (
            form.texts(body["env_file"], "include.env_file")
            if body.get("env_file")
            else [os.path.join(folder, ".env")]
        ):
            file = os.path.join(here, item)
            if os.path.exists(file):
                pairs = dotenv.parse(self._read(file), file, environment)
                inner = {**{k: v for k, v in pairs.items() if v is not None}, **inner}
        merged: Document = {}
        for file in files:
            self._included.append(os.path.realpath(file))
            merged = merge.merge(merged, self._document(file, os.path.abspath(folder), inner))
            self._included.pop()
        return merged

    def _extended(
        self,
        name: str,
        services: dict[str, Document],
        path: str,
        directory: str,
        environment: dict[str, str],
        above: tuple[tuple[str, str], ...],
    ) -> Document:
        body = services.get(name)
        if body is None:
            raise InvalidArgument(
                f'cannot extend service "{above[-1][1] if above else name}" in {path}: service "{name}" not found'
            )
        wanted = body.get("extends")
        if not wanted:
            return body
        if (path, name) in above:
            raise InvalidArgument(
                f"circular reference with extends: {' -> '.join(one for _, one in (*above, (path, name)))}"
            )
        chain = (*above, (path, name))
        other = str(wanted.get("service", ""))
        if not wanted.get("file"):
            base = self._extended(other, services, path, directory, environment, chain)
        else:
            file = os.path.abspath(os.path.join(os.path.dirname(path), wanted["file"]))
            raw = parse_yaml(self._read(file), file)
            raw = (
                interpolation.interpolate(raw, environment, self._unset)
                if self._request.interpolate
                else raw
            )
            theirs = {n: form.service(n, b) for n, b in (raw.get("services") or {}).items()}
            base = self._extended(other, theirs, file, os.path.dirname(file), environment, chain)
            _absolute(base, os.path.dirname(file))
        kept = {
            key: value
            for key, value in base.items()
            if key not in ("extends", "depends_on", "container_name")
        }
        found: Document = merge.merge(
            kept, {key: value for key, value in body.items() if key != "extends"}
        )
        return found

    # the whole --------------------------------------------------------------------------------

    def _name(self, merged: Document, directory: str, environment: dict[str, str]) -> str:
        name = (
            self._request.name
            or environment.get("COMPOSE_PROJECT_NAME", "")
            or str(merged.get("name") or "")
        )
        if name:
            project.check_name(name)
            return name
        name = project.project_name(os.path.basename(directory))
        if not name:
            raise InvalidArgument("project name must not be empty: say -p NAME")
        return name

    def _finish(
        self,
        merged: Document,
        name: str,
        directory: str,
        files: list[str],
        environment: dict[str, str],
    ) -> Project:
        profiles = [*self._request.profiles, *_split(environment.get("COMPOSE_PROFILES", ""))]
        services: dict[str, Document] = {}
        disabled = []
        for service, body in (merge.stripped(merged.get("services")) or {}).items():
            wanted = body.get("profiles")
            if wanted and "*" not in profiles and not set(wanted) & set(profiles):
                disabled.append(service)
                continue
            services[service] = self._completed(body, environment)
            depends = project.implied(body)
            if depends:
                services[service]["depends_on"] = depends
        sections = {
            key: _named(key, merge.stripped(merged.get(key)) or {}, name)
            for key in project.SECTIONS
        }
        more = merge.stripped(project.extensions(merged))
        found = Project(name, directory, files, services, sections, disabled, more)
        _default_networks(found)
        project.check(found)
        return found

    def _completed(self, body: Document, environment: dict[str, str]) -> Document:
        """The environment of env files below the service's own."""
        found = dict(body)
        variables: Document = {}
        for one in found.pop("env_file", None) or ():
            path = one["path"]
            if not os.path.exists(path):
                if one["required"]:
                    raise NotFound(
                        f"env file {path} not found: stat {path}: no such file or directory"
                    )
                continue
            pairs = dotenv.parse(
                self._read(path), path, environment, raw=one.get("format") == "raw"
            )
            variables |= {
                key: environment.get(key) if value is None else value
                for key, value in pairs.items()
            }
        own = found.get("environment") or {}
        variables |= {
            key: environment.get(key) if value is None else value for key, value in own.items()
        }
        if variables:
            found["environment"] = variables
        if found.get("build"):
            found["build"] = _built(found["build"], environment)
        for path in found.pop("label_file", None) or ():
            pairs = dotenv.parse(self._read(path), path, environment, raw=True)
            found["labels"] = {
                **{k: v or "" for k, v in pairs.items()},
                **(found.get("labels") or {}),
            }
        return found


def parse_yaml(text: str, name: str) -> Document:
    """One YAML document; `!reset` and `!override` become their marks, merge keys and anchors are resolved.

    Raises:
        SyntaxFault: not YAML, with the line. InvalidArgument: not a mapping, or too large when aliases are counted.
    """
    import yaml

    from gorae.compose.yamlreader import loader

    try:
        found = yaml.load(text, Loader=loader())  # noqa: S506 - a loader of plain values
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise SyntaxFault(
            f"{name}: line {line}: {error.problem or error.context}", source=name, line=line
        ) from None
    except yaml.YAMLError as error:
        raise SyntaxFault(f"{name}: {error}".replace("\n", " "), source=name) from None
    if found is None:
        raise InvalidArgument(f"{name}: empty compose file")
    if not isinstance(found, dict):
        raise InvalidArgument(f"{name}: top-level object must be a mapping")
    if _count(found, MAX_NODES) > MAX_NODES:
        raise InvalidArgument(f"{name}: more than {MAX_NODES} values when its aliases are followed")
    return found


def _count(value: Any, limit: int) -> int:
    total, stack = 0, [value]
    while stack and total <= limit:
        one = stack.pop()
        total += 1
        if isinstance(one, dict):
            stack += one.values()
        elif isinstance(one, list):
            stack += one
    return total


def _split_list(text: str, environment: dict[str, str]) -> list[str]:
    return _split(text, environment.get("COMPOSE_PATH_SEPARATOR", ":"))


def _split(text: str, separator: str = ",") -> list[str]:
    return [one for one in text.split(separator) if one]


def resolve(path: str, directory: str) -> str:
    """An absolute path; `~` is the user's folder."""
    return os.path.normpath(os.path.join(directory, os.path.expanduser(path)))


def _absolute(body: Document, directory: str) -> None:
    """Relative paths of a service are relative to the project's (or the file's) folder."""
    build = body.get("build")
    if build is not None:
        context = str(build.get("context") or ".")
        if not context.startswith(_REMOTE):
            build["context"] = resolve(context, directory)
        for name, value in (build.get("additional_contexts") or {}).items():
            if not str(value).startswith((*_REMOTE, "service:", "target:")):
                build["additional_contexts"][name] = resolve(str(value), directory)
    for volume in body.get("volumes") or ():
        if volume["type"] == "bind":
            volume["source"] = resolve(str(volume.get("source", "")), directory)
    for one in body.get("env_file") or ():
        one["path"] = resolve(one["path"], directory)
    if body.get("label_file"):
        body["label_file"] = [resolve(path, directory) for path in body["label_file"]]
    for one in (body.get("develop") or {}).get("watch") or ():
        one["path"] = resolve(str(one.get("path", ".")), directory)


def _built(build: Document, environment: dict[str, str]) -> Document:
    """The Dockerfile's name where none is said; arguments without a value from the caller's environment."""
    found = dict(build)
    if not found.get("dockerfile_inline"):
        found.setdefault("dockerfile", "Dockerfile")
    if found.get("args"):
        known = {k: environment.get(k) if v is None else v for k, v in found["args"].items()}
        found["args"] = {key: value for key, value in known.items() if value is not None}
    return found


def _absolute_section(section: Document, directory: str) -> None:
    for one in section.values():
        if isinstance(one, dict) and one.get("file"):
            one["file"] = resolve(one["file"], directory)
        options = (one or {}).get("driver_opts") if isinstance(one, dict) else None
        if (
            options
            and options.get("o") == "bind"
            and str(options.get("device", "")).startswith((".", "~"))
        ):
            options["device"] = resolve(options["device"], directory)


def _named(kind: str, section: Document, project_name: str) -> dict[str, Document]:
    """Every entry with its name in the engine."""
    found: dict[str, Document] = {}
    for key, body in section.items():
        one = dict(body or {})
        external = one.get("external")
        if isinstance(external, dict):
            one["name"], one["external"] = external.get("name", key), True
        if not one.get("name"):
            one["name"] = key if one.get("external") else f"{project_name}_{key}"
        if one.get("labels") is not None:
            one["labels"] = form.labels(one["labels"], f"{kind}.{key}.labels")
        found[key] = one
    return found


def _default_networks(found: Project) -> None:
    """A service without networks is on `default`, which is made when somebody is."""
    used = False
    for body in found.services.values():
        if not body.get("network_mode") and not body.get("networks"):
            body["networks"] = {"default": None}
        used = used or "default" in (body.get("networks") or {})
    if used and "default" not in found.networks:
        found.networks["default"] = {"name": f"{found.name}_default"}
