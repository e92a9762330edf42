"""An unpatched ministack as a child process: a directory comes in, an AWS endpoint leaves.

Guaranteed: nothing of the caller's environment reaches the emulator (its Lambda functions inherit
what it has), it listens on 127.0.0.1 only, with TLS and IAM, it is ready to be called when
`start_ministack` returns, and `stop`, or the end of whoever started it, leaves none of its worker
processes behind.
"""

import os
import ssl
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from tests.local.certificate import make_certificate
from tests.local.process_group import kill_group
from tests.local.reaped_process import forget, start_process
from tests.local.server_start import at_port, ready

REGION = "us-east-1"
# A cold start takes 0.3 to 1 s; the rest is for two loaded cores.
READY_SECONDS = 60.0
# Its own shutdown waits for idle client connections; nothing it holds outlives it anyway.
STOP_SECONDS = 1.5


@dataclass(frozen=True, kw_only=True)
class Ministack:
    """A running emulator. `env` is all that an AWS client (boto3, aws, sam) needs to talk to it."""

    endpoint_url: str
    ca_bundle: str
    env: dict[str, str]
    log_file: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Also the id of its process group: another process may stop it with its workers by it."""
        return self.process.pid

    def stop(self) -> None:
        """Stop the emulator and every Lambda worker. May be called more than once."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        kill_group(self.pid)
        forget(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_ministack(directory: Path, port: int | None = None) -> Ministack:
    """Start ministack with its temporary files and log under `directory`, on `port` or a free one.

    Raises ServerError when it does not answer in time.
    """
    return at_port(port, lambda chosen: _start_once(directory, chosen))


def _start_once(directory: Path, port: int) -> Ministack:
    temporary = (directory / "tmp").resolve()
    temporary.mkdir(parents=True, exist_ok=True)
    log_file = directory.resolve() / "ministack.log"
    certificate, key = make_certificate(temporary / "ministack-tls")
    with log_file.open("ab") as log:
        process = start_process(
            [str(Path(sys.executable).with_name("ministack"))],
            env={
                **_emulator_environment(temporary, port),
                "MINISTACK_SSL_CERT": str(certificate),
                "MINISTACK_SSL_KEY": str(key),
            },
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    ministack = Ministack(
        endpoint_url=f"https://127.0.0.1:{port}",
        ca_bundle=str(certificate),
        env=_client_environment(port, certificate),
        log_file=log_file,
        process=process,
    )
    try:
        ready(process, log_file, lambda: _answers(ministack), READY_SECONDS)
    except BaseException:
        ministack.stop()
        raise
    return ministack


def _emulator_environment(temporary: Path, port: int) -> dict[str, str]:
    folders = [str(Path(sys.executable).parent), "/usr/bin", "/bin"]
    return {
        "HOME": os.environ.get("HOME", str(temporary)),
        "PATH": os.pathsep.join(dict.fromkeys(folders)),
        "TMPDIR": str(temporary),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",  # IAM is enforced for Lambda roles: least privilege is tested for real
        "IOT_MTLS_ENABLED": "0",  # else it also listens on 8883
        "USE_SSL": "1",  # queue and bucket policies that demand TLS hold
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def _client_environment(port: int, certificate: Path) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
        "AWS_CA_BUNDLE": str(certificate),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Step Functions' `sync-` host prefix would make the endpoint a name that does not exist.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def _answers(ministack: Ministack) -> bool:
    try:
        trust = ssl.create_default_context(cafile=ministack.ca_bundle)
        url = f"{ministack.endpoint_url}/_ministack/ready"
        with urlopen(url, timeout=2, context=trust) as answer:  # noqa: S310 - our own loopback URL
            return bool(answer.status == 200)
    except (OSError, URLError, HTTPException, ssl.SSLError):
        return False
