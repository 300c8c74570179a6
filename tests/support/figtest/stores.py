"""Object stores on this machine, in processes of their own: as Amazon's (moto) and as Google's (gcp-storage-emulator)."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

S3 = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
GCS = """
from gcp_storage_emulator.server import create_server
create_server('127.0.0.1', {port}, in_memory=True, default_bucket='kept').run()
"""


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """With a bucket `kept`; gives the variables by which it is found."""
    with _served(S3, "/moto-api/") as address:
        environment = {
            "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        import boto3

        keys = dict(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket="kept")
        yield environment


@contextmanager
def gcs_server() -> Iterator[dict[str, str]]:
    """With a bucket `kept`; gives the variables by which it is found."""
    with _served(GCS, "/_internal/health") as address:
        yield {"STORAGE_EMULATOR_HOST": address, "FSSPEC_GS_TOKEN": "anon", "FSSPEC_GCS_TOKEN": "anon"}


@contextmanager
def _served(program: str, health: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([sys.executable, "-c", program.format(port=port)], stdout=quiet, stderr=quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                urlopen(address + health).close()
                break
            except (URLError, ConnectionError):
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield address
    finally:
        server.kill()
        server.wait()
