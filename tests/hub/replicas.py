"""A PostgreSQL of the distribution's and an S3 server, for hubs that keep nothing in a folder."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE_S = 90


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def postgres_folder() -> Path:
    """Where the distribution keeps its programs."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A database server on loopback; the URL of an empty database. It refuses to run as root: `postgres` runs it."""
    account = pwd.getpwnam("postgres")
    folder = Path(tempfile.mkdtemp(prefix="gorae-postgres-"))
    os.chown(folder, account.pw_uid, account.pw_gid)
    as_postgres = (
        {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    programs, port, data = postgres_folder(), free_port(), folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "gorae", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        **as_postgres,
    )
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
        cwd=folder,
        **as_postgres,
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while subprocess.run(
            [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        ).returncode:
            assert server.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"postgresql://gorae@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder)


@contextlib.contextmanager
def object_store() -> Iterator[str]:
    """moto's S3 server with a bucket; the lines of a hub's configuration that name it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="hub")
    try:
        yield (
            f'[storage]\nkind = "s3"\nendpoint = "{endpoint}"\nbucket = "hub"\nprefix = "images/"\n'
            'access_key = "key"\nsecret_key = "secret"\n'
        )
    finally:
        server.stop()
