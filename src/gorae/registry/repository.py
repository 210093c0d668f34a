"""One repository of a registry: manifests, blobs, tags, referrers; the distribution specification's end points.

Source: distribution-spec v1.1, end-1 to end-13.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from gorae.errors import InvalidArgument, NotFound, Unavailable
from gorae.oci import manifest as manifests
from gorae.oci import media_type, text
from gorae.oci.digest import Digest, digest_of, parse_digest
from gorae.oci.manifest import Descriptor, Index, Manifest
from gorae.registry import auth, fault
from gorae.registry.session import Session
from gorae.registry.transport import Answer, Body

MAX_MANIFEST_BYTES = 8 << 20
MAX_TAGS = 100_000
MAX_PAGES = 1000
ACCEPT = ", ".join((*media_type.MANIFESTS, *media_type.INDEXES))
OCTETS = "application/octet-stream"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1"


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest or an index that came down, with the name of its bytes."""

    digest: Digest
    media_type: str
    value: Manifest | Index


class Repository:
    """`path` at the session's endpoint. `actions`: what is to be done there (pull, push)."""

    def __init__(self, session: Session, path: str, *actions: str) -> None:
        self.session = session
        self.path = path
        self._scope = auth.scope(path, *actions)
        self._base = f"/v2/{path}"

    # manifests --------------------------------------------------------------------------------

    def manifest(self, reference: str) -> Found:
        """By tag or digest.

        Raises:
            NotFound, Unauthorized, PermissionDenied, Unavailable: the registry's words.
            InvalidArgument: no manifest, or not the one of that digest.
        """
        answer = self._manifest_request("GET", reference)
        kind = _content_type(answer)
        raw = answer.read(MAX_MANIFEST_BYTES)
        digest = digest_of(raw)
        if reference.startswith("sha256:") and digest != reference:
            raise InvalidArgument(f"manifest verification failed for digest {reference}")
        if kind.startswith(SCHEMA_1):
            raise InvalidArgument(
                "Docker Image manifest version 2, schema 1 is not supported: "
                f'"{self.path}:{reference}" is to be pushed again by a newer engine'
            )
        return Found(digest, kind, manifests.parse(raw, kind))

    def describe(self, reference: str) -> Descriptor | None:
        """What a tag or digest means now, by the headers alone; None where the registry does not say it.

        Raises:
            as `manifest`.
        """
        answer = self._manifest_request("HEAD", reference)
        answer.discard()
        length = answer.headers.get("Content-Length", "")
        try:
            digest = parse_digest(answer.headers.get("Docker-Content-Digest", ""))
        except InvalidArgument:
            return None
        return Descriptor(_content_type(answer), digest, int(length) if length.isdigit() else 0)

    def _manifest_request(self, method: str, reference: str) -> Answer:
        return self.session.request(
            method,
            f"{self._base}/manifests/{quote(reference, safe=':')}",
            scopes=(self._scope,),
            headers={"Accept": ACCEPT},
        )

    def put_manifest(self, reference: str, raw: bytes, kind: str) -> Digest:
        """Under a tag or its digest; the digest.

        Raises:
            InvalidArgument: the registry did not take it, or says another digest.
        """
        answer = self.session.request(
            "PUT",
            f"{self._base}/manifests/{quote(reference, safe=':')}",
            scopes=(self._scope,),
            headers={"Content-Type": kind},
            body=raw,
        )
        answer.discard()
        ours = digest_of(raw)
        theirs = answer.headers.get("Docker-Content-Digest", ours)
        if theirs != ours:
            raise InvalidArgument(f'the registry says "{theirs}" of the manifest "{ours}"')
        return ours

    def tags(self) -> list[str]:
        """Every tag. Raises: NotFound: no such repository."""
        found: list[str] = []
        for page in self._pages(f"{self._base}/tags/list?n=1000"):
            document = text.load(page, "tag list")
            found += [str(one) for one in text.want(document, "tags", list, "tag list", [])]
            if len(found) > MAX_TAGS:
                raise InvalidArgument(f'"{self.path}" has more than {MAX_TAGS} tags')
        return found

    def referrers(self, digest: str) -> list[Descriptor]:
        """What speaks of a manifest: by the API, else by the tag `sha256-HEX` of older registries."""
        try:
            found: list[Descriptor] = []
            for page in self._pages(f"{self._base}/referrers/{digest}"):
                index = manifests.parse(page, media_type.OCI_INDEX)
                found += index.manifests if isinstance(index, Index) else ()
            return found
        except NotFound:
            pass
        try:
            fallback = self.manifest(digest.replace(":", "-"))
        except NotFound:
            return []
        return list(fallback.value.manifests) if isinstance(fallback.value, Index) else []

    def _pages(self, path: str) -> Iterator[bytes]:
        """A list page by page, along `Link: <...>; rel="next"`."""
        for _ in range(MAX_PAGES):
            answer = self.session.request("GET", path, scopes=(self._scope,))
            link = answer.headers.get("Link", "")
            here = answer.url
            yield answer.read()
            target, _, parameters = link.partition(">")
            if not target.startswith("<") or 'rel="next"' not in parameters.replace(
                "rel=next", 'rel="next"'
            ):
                return
            path = urljoin(here, target[1:])

    # blobs ------------------------------------------------------------------------------------

    def blob_size(self, digest: str) -> int | None:
        """Bytes of a blob that is there; None where it is not."""
        answer = self.session.request(
            "HEAD", f"{self._base}/blobs/{digest}", scopes=(self._scope,), expect=(404,)
        )
        answer.discard()
        if answer.status == 404:
            return None
        length = answer.headers.get("Content-Length", "")
        return int(length) if length.isdigit() else -1

    def open_blob(self, digest: str, offset: int = 0) -> tuple[Answer, int]:
        """A blob's bytes, and where they begin: at `offset`, or at 0 where the registry knows no ranges.

        Raises:
            NotFound, Unauthorized, PermissionDenied, Unavailable. One try: the caller knows what it has.
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        answer = self.session.request(
            "GET",
            f"{self._base}/blobs/{digest}",
            scopes=(self._scope,),
            headers=headers,
            expect=(416,),
            once=True,
        )
        if answer.status == 206 and answer.headers.get("Content-Range", "").startswith(
            f"bytes {offset}-"
        ):
            return answer, offset
        if answer.status == 200:
            return answer, 0
        answer.discard()
        if offset:
            return self.open_blob(digest)
        raise Unavailable(f'the registry answered {answer.status} to a request for "{digest}"')

    def read_blob(self, digest: str, size: int, limit: int) -> bytes:
        """A small blob, verified.

        Raises:
            InvalidArgument: too large, or not the bytes that were promised.
        """
        if size > limit:
            raise InvalidArgument(f'blob "{digest}" has {size} bytes: at most {limit} are read')
        answer = self.session.request("GET", f"{self._base}/blobs/{digest}", scopes=(self._scope,))
        raw = answer.read(size)
        if len(raw) < size:
            raise fault.Broken(f'blob "{digest}": wanted {size} bytes, found {len(raw)}')
        if f"sha256:{hashlib.sha256(raw).hexdigest()}" != digest:
            raise InvalidArgument(f"filesystem layer verification failed for digest {digest}")
        return raw

    # uploads ----------------------------------------------------------------------------------

    def mount(self, digest: str, source: str) -> str:
        """Take a blob over from another repository of the registry.

        Returns:
            Empty: done. Else where to upload it after all.
        """
        answer = self.session.request(
            "POST",
            f"{self._base}/blobs/uploads/?mount={quote(digest, safe=':')}&from={quote(source, safe='')}",
            scopes=(self._scope, auth.scope(source, "pull")),
            headers={"Content-Length": "0"},
        )
        answer.discard()
        return "" if answer.status == 201 else _location(answer)

    def store_name(self) -> str:
        """Which store a hub of ours serves; empty for any other registry."""
        answer = self.session.request("GET", "/v2/", scopes=(self._scope,), expect=(401, 403, 404))
        answer.discard()
        return str(answer.headers.get("Gorae-Store", ""))

    def link(self, digest: str, proof: str) -> bool:
        """Take a blob over from the store that the registry shares with us; whether it did."""
        answer = self.session.request(
            "POST",
            f"{self._base}/blobs/uploads/?mount={quote(digest, safe=':')}",
            scopes=(self._scope,),
            headers={"Content-Length": "0", "Gorae-Store-Proof": proof},
        )
        answer.discard()
        return answer.status == 201

    def begin_upload(self, *, once: bool = False) -> str:
        """Where to send a blob's bytes. `once`: the caller tries again itself."""
        answer = self.session.request(
            "POST",
            f"{self._base}/blobs/uploads/",
            scopes=(self._scope,),
            headers={"Content-Length": "0"},
            once=once,
        )
        answer.discard()
        return _location(answer)

    def patch_upload(
        self, location: str, start: int, size: int, body: Body, *, ranged: bool
    ) -> str:
        """Send bytes `start` to `start + size`; where the next go. `ranged`: say which ones they are."""
        headers = {"Content-Type": OCTETS, "Content-Length": str(size)}
        if ranged:
            headers["Content-Range"] = f"{start}-{start + size - 1}"
        answer = self.session.request(
            "PATCH", location, scopes=(self._scope,), headers=headers, body=body, once=True
        )
        answer.discard()
        return _location(answer)

    def uploaded(self, location: str) -> tuple[str, int]:
        """How far an upload got: where to go on, and bytes there.

        Raises:
            NotFound: the registry does not know it any more.
        """
        answer = self.session.request("GET", location, scopes=(self._scope,))
        answer.discard()
        last = answer.headers.get("Range", "").rpartition("-")[2]
        here = _location(answer) if "Location" in answer.headers else location
        return here, int(last) + 1 if last.isdigit() and int(last) > 0 else 0

    def finish_upload(
        self, location: str, digest: str, body: bytes = b"", *, once: bool = False
    ) -> None:
        """The blob is whole, or is with these last bytes. `once`: the caller tries again itself.

        Raises:
            InvalidArgument: the registry found another digest.
        """
        sign = "&" if "?" in location else "?"
        answer = self.session.request(
            "PUT",
            f"{location}{sign}digest={quote(digest, safe='')}",
            scopes=(self._scope,),
            headers={"Content-Type": OCTETS, "Content-Length": str(len(body))},
            body=body,
            once=once,
        )
        answer.discard()

    def cancel_upload(self, location: str) -> None:
        """Nobody will finish it."""
        self.session.request(
            "DELETE", location, scopes=(self._scope,), expect=range(400, 600), once=True
        ).discard()


def _content_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip()


def _location(answer: Answer) -> str:
    """Relative ones are relative to what was asked; the query is the registry's own."""
    found = answer.headers.get("Location", "")
    if not found:
        raise Unavailable("the registry answered an upload without saying where it goes on")
    return urljoin(answer.url, found)
