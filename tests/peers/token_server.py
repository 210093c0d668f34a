"""An authorization server for docker-registry: signed tokens (JWT, ES256) for whoever may have them.

One user may do everything, nobody may pull. `lifetimes_s`: of the next tokens; `asked` lists what was asked for.
Source: distribution-spec, token authentication (docs/spec/auth/jwt.md).
"""

import base64
import json
import secrets
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

USER, PASSWORD = "alice", "wonder:land"
LIFETIME_S = 300
REFRESH = "refresh-" + "x" * 20


@dataclass(frozen=True)
class Asked:
    """One request for a token."""

    method: str
    user: str
    scopes: tuple[str, ...]
    form: dict[str, list[str]] = field(default_factory=dict)


class TokenServer:
    """Serves in a thread; a context. `python -m tests.peers.token_server FOLDER PORT` serves in a process."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lifetimes_s: list[int] = []
        self.asked: list[Asked] = []
        self._key = _key(folder / "token.key")
        self._chain = self._self_signed()
        self.certificate = folder / "token.crt"
        if not self.certificate.exists():
            self.certificate.write_bytes(self._chain.public_bytes(serialization.Encoding.PEM))
        self._chain = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        self.port = port
        self._server: ThreadingHTTPServer | None = None

    def listen(self) -> ThreadingHTTPServer:
        """Take the port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.port = self._server.server_port
        return self._server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def _self_signed(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        made = made.public_key(self._key.public_key()).serial_number(1)
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(
            now + timedelta(days=1)
        )
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return made.sign(self._key, hashes.SHA256())

    def token(self, scopes: tuple[str, ...], user: str) -> str:
        """A token for these scopes, as far as the user may have them."""
        now = int(time.time())
        der = self._chain.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": "tests",
            "sub": user,
            "aud": "tests",
            "exp": now + (self.lifetimes_s.pop(0) if self.lifetimes_s else LIFETIME_S),
            "nbf": now - 600,
            "iat": now,
            "jti": secrets.token_hex(8),
            "access": [_access(one, user) for one in scopes],
        }
        signed = f"{_encoded(header)}.{_encoded(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{_base64url(raw)}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                user = _user(self.headers.get("Authorization", ""))
                self._answer("GET", user, tuple(query.get("scope", [])), query)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                user = USER if form.get("refresh_token") == [REFRESH] else None
                scopes = tuple(form.get("scope", [""])[0].split())
                self._answer("POST", user, scopes, form)

            def _answer(
                self,
                method: str,
                user: str | None,
                scopes: tuple[str, ...],
                form: dict[str, list[str]],
            ) -> None:
                server.asked.append(Asked(method, user or "", scopes, form))
                if user is None:
                    self._send(401, {"details": "incorrect username or password"})
                    return
                answer = {
                    "token" if method == "GET" else "access_token": server.token(scopes, user),
                    "expires_in": LIFETIME_S,
                }
                if "offline_token" in form:
                    answer["refresh_token"] = REFRESH
                self._send(200, answer)

            def _send(self, status: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def __enter__(self) -> "TokenServer":
        threading.Thread(target=self.listen().serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Kept in the folder, so that a server in another process signs alike."""
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(pem)
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


def _access(scope: str, user: str) -> dict[str, object]:
    kind, name, actions = scope.split(":", 2) if scope.count(":") == 2 else _with_port(scope)
    wanted = actions.split(",")
    allowed = wanted if user else [one for one in wanted if one == "pull"]
    return {"type": kind, "name": name, "actions": allowed}


def _with_port(scope: str) -> tuple[str, str, str]:
    kind, rest = scope.split(":", 1)
    name, _, actions = rest.rpartition(":")
    return kind, name, actions


def _user(authorization: str) -> str | None:
    """The name; empty for nobody; None for a wrong password."""
    if not authorization:
        return ""
    name, _, password = (
        base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    )
    return name if (name, password) == (USER, PASSWORD) else None


def _encoded(document: object) -> str:
    return _base64url(json.dumps(document, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


if __name__ == "__main__":
    TokenServer(Path(sys.argv[1]), port=int(sys.argv[2])).listen().serve_forever()
