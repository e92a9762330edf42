"""A ministack, a stack with two REST APIs on it, and the gateway as the process that it is."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, override

import boto3
import httpx
import pytest

from tests.local.foreground_server import foreground_server
from tests.local.ministack import REGION, Ministack, start_ministack

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

STACK = "gateway-test"
TEMPLATE = Path(__file__).with_name("template.yaml")


@dataclass(frozen=True)
class Served:
    """A running gateway: its client, and CloudWatch Logs to read back what it wrote."""

    client: httpx.Client
    logs: "CloudWatchLogsClient"
    process: subprocess.Popen[bytes]

    @property
    def api_id(self) -> str:
        """The API with the stage `demo`."""
        apis: dict[str, list[str]] = self.client.get("/_health").json()["apis"]
        return next(id_ for id_, stages in apis.items() if "demo" in stages)


class _Echo(BaseHTTPRequestHandler):
    """The backend of the HTTP_PROXY method: answers 203 with what it was asked."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(203)
        self.send_header("X-Asked", f"{self.command} {self.path}")
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with start_ministack(tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture(scope="module")
def session(ministack: Ministack) -> boto3.Session:
    env = ministack.env
    return boto3.Session(
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


@pytest.fixture(scope="module")
def logs(session: boto3.Session, ministack: Ministack) -> "CloudWatchLogsClient":
    return session.client("logs", endpoint_url=ministack.endpoint_url, verify=ministack.ca_bundle)


@pytest.fixture(scope="module")
def stack(session: boto3.Session, ministack: Ministack, backend: str) -> str:
    formation = session.client(
        "cloudformation", endpoint_url=ministack.endpoint_url, verify=ministack.ca_bundle
    )
    formation.create_stack(
        StackName=STACK,
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "BackendUrl", "ParameterValue": backend}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    waiter = formation.get_waiter("stack_create_complete")
    waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return STACK


@pytest.fixture(scope="module")
def gateway(ministack: Ministack, stack: str, logs: "CloudWatchLogsClient") -> Iterator[Served]:
    options = ("--stack", stack, "--log-streams", "3")
    server = foreground_server("tests.local.gateway", *options, environment=ministack.env)
    with server as (process, ready):
        assert ready.startswith("gateway listening on http://127.0.0.1:")
        with httpx.Client(base_url=ready.split()[-1], timeout=30) as client:
            yield Served(client, logs, process)
    assert process.returncode == 0
