"""One bucket of an S3-compatible store: the few requests that a hub makes; blocking.

Source: Amazon S3 API reference, 2006-03-01.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from gorae.errors import DataLoss, NotFound, Unavailable
from gorae.hub.config import S3Config
from gorae.hub.storage.sigv4 import Keys, canonical_query, presigned_query, signed_headers

TIMEOUT = urllib3.Timeout(connect=10, read=60)
RETRIES = urllib3.Retry(
    total=4,
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)
PIECE = 256 << 10
POOL = 32
_UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")


class Bucket:
    """See the module; keys are below the configured prefix."""

    def __init__(self, config: S3Config) -> None:
        parts = urlsplit(config.endpoint)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._root = f"{parts.path.rstrip('/')}/{config.bucket}/"
        self._prefix = config.prefix
        self._keys = Keys(config.access_key, config.secret_key, config.region)
        self._pool = urllib3.PoolManager(maxsize=POOL, retries=RETRIES, timeout=TIMEOUT)

    def _path(self, key: str) -> str:
        return quote(f"{self._root}{self._prefix}{key}", safe="/-_.~")

    def _request(
        self,
        method: str,
        key: str,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        stream: bool = False,
    ) -> Any:
        path, query = self._path(key), query or {}
        signed = signed_headers(self._keys, method, self._host, path, query, stamp())
        url = f"{self._base}{path}" + (f"?{canonical_query(query)}" if query else "")
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={**signed, **(headers or {})},
                preload_content=not stream,
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the object store does not answer: {str(error)[:200]}") from error
        if response.status == 404:
            raise NotFound(f'the object store has no "{key}"')
        if response.status >= 300:
            said = b"" if stream else response.data[:300]
            raise Unavailable(
                f"the object store refused {method}: status {response.status} {said.decode(errors='replace')}"
            )
        return response

    def put(self, key: str, data: bytes) -> None:
        """A small object whole."""
        self._request("PUT", key, body=data, headers={"Content-Length": str(len(data))})

    def get(self, key: str) -> bytes:
        """A small object whole. Raises: NotFound."""
        return bytes(self._request("GET", key).data)

    def read(self, key: str, first: int, end: int) -> Iterator[bytes]:
        """Bytes `first` up to `end` of an object. Raises: NotFound, DataLoss: it is shorter."""
        if first >= end:
            return
        headers = {"Range": f"bytes={first}-{end - 1}"}
        response = self._request("GET", key, headers=headers, stream=True)
        try:
            for piece in response.stream(PIECE):
                first += len(piece)
                yield piece
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the object store broke off: {str(error)[:200]}") from error
        finally:
            response.release_conn()
        if first != end:
            raise DataLoss(f'the object "{key}" ended {end - first} bytes too early')

    def delete(self, key: str) -> None:
        """An object; one that is gone is fine."""
        try:
            self._request("DELETE", key)
        except NotFound:
            return

    def begin(self, key: str) -> str:
        """A multipart upload; its id."""
        found = _UPLOAD_ID.search(self._request("POST", key, {"uploads": ""}).data)
        if found is None:
            raise Unavailable("the object store began no upload")
        return found[1].decode()

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        """Part `number` (from 1); its tag."""
        query = {"partNumber": str(number), "uploadId": upload}
        response = self._request("PUT", key, query, data, {"Content-Length": str(len(data))})
        return str(response.headers["ETag"]).strip('"')

    def complete(self, key: str, upload: str, tags: list[str]) -> None:
        """All parts are there: the object is."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{tag}&quot;</ETag></Part>"
            for number, tag in enumerate(tags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        response = self._request("POST", key, {"uploadId": upload}, body)
        if b"<Error>" in response.data:
            raise Unavailable("the object store could not put an object together")

    def abort(self, key: str, upload: str) -> None:
        """Forget a multipart upload; one that is gone is fine."""
        try:
            self._request("DELETE", key, {"uploadId": upload})
        except NotFound:
            return

    def presigned(self, key: str, lifetime_s: int) -> str:
        """A URL at which anybody may GET an object for a while."""
        path = self._path(key)
        return f"{self._base}{path}?{presigned_query(self._keys, self._host, path, stamp(), lifetime_s)}"


def stamp() -> str:
    """Now, in the signature's form."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
