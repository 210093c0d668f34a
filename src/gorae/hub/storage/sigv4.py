"""AWS Signature Version 4: requests to an S3-compatible store, signed in headers or in the URL. Pure.

Source: AWS, "Signature Version 4 signing process"; the test's vectors are from there.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
SERVICE = "s3"


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose requests they are; `stamp` below is `YYYYMMDDTHHMMSSZ`."""

    access_key: str
    secret_key: str
    region: str

    def scope(self, stamp: str) -> str:
        """Day, region and service."""
        return f"{stamp[:8]}/{self.region}/{SERVICE}/aws4_request"

    def signature(self, stamp: str, canonical: str) -> str:
        """Of a canonical request."""
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join((ALGORITHM, stamp, self.scope(stamp), hashed))
        key = f"AWS4{self.secret_key}".encode()
        for part in (stamp[:8], self.region, SERVICE, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_query(query: Mapping[str, str]) -> str:
    """Sorted and escaped, as it is also sent."""
    pairs = sorted(
        (quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in query.items()
    )
    return "&".join(f"{key}={value}" for key, value in pairs)


def signed_headers(
    keys: Keys,
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    stamp: str,
    payload: str = UNSIGNED,
) -> dict[str, str]:
    """The headers that sign a request; `path` is escaped already, `payload` the body's sha256 in hex."""
    headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join((method, path, canonical_query(query), lines, names, payload))
    signature = keys.signature(stamp, canonical)
    credential = f"{keys.access_key}/{keys.scope(stamp)}"
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    del headers["host"]
    return headers


def presigned_query(
    keys: Keys,
    host: str,
    path: str,
    stamp: str,
    lifetime_s: int,
    more: Mapping[str, str] | None = None,
) -> str:
    """The query that lets anybody GET a path for a while."""
    query = {
        **(more or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.access_key}/{keys.scope(stamp)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(lifetime_s),
        "X-Amz-SignedHeaders": "host",
    }
    canonical = "\n".join(("GET", path, canonical_query(query), f"host:{host}\n", "host", UNSIGNED))
    return f"{canonical_query(query)}&X-Amz-Signature={keys.signature(stamp, canonical)}"
