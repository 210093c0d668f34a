"""TLS to an engine's tcp port; apart because `ssl` is slow to load."""

from __future__ import annotations

import socket
import ssl

from gorae.client.address import Address
from gorae.client.transport import connect_tcp
from gorae.errors import InvalidArgument


def connect(address: Address) -> ssl.SSLSocket:
    """A TLS socket to `address`, checked against its CA file when `verify` is set.

    Raises:
        InvalidArgument: a certificate file cannot be read.
        OSError: no connection, or a certificate that does not fit.
    """
    files = address.tls
    if files is None:
        raise InvalidArgument(f'no TLS files for "{address.text}"')
    try:
        context = ssl.create_default_context(cafile=files.ca or None)
        if not files.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if files.certificate:
            context.load_cert_chain(files.certificate, files.key)
    except OSError as error:
        raise InvalidArgument(f'cannot read the TLS files for "{address.text}": {error}') from error
    plain = connect_tcp(address.host, address.port)
    return context.wrap_socket(socket.socket(fileno=plain.detach()), server_hostname=address.host)
