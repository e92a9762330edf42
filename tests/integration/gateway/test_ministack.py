"""The ministack starter: what others build on."""

import os
from pathlib import Path

import boto3
import pytest

from tests.local.ministack import start_ministack
from tests.local.server_start import ServerError


def test_it_answers_with_tls_on_loopback_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A client with nothing but `env` can call it; after stop the process group is gone."""
    with start_ministack(tmp_path) as ministack:
        assert ministack.endpoint_url.startswith("https://127.0.0.1:")
        assert ministack.env["AWS_CA_BUNDLE"] == ministack.ca_bundle
        client = boto3.client(
            "sts",
            endpoint_url=ministack.env["AWS_ENDPOINT_URL"],
            verify=ministack.env["AWS_CA_BUNDLE"],
            aws_access_key_id=ministack.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ministack.env["AWS_SECRET_ACCESS_KEY"],
            region_name=ministack.env["AWS_REGION"],
        )
        assert client.get_caller_identity()["Account"] == "000000000000"
        pid = ministack.pid
    ministack.stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


def test_a_port_that_is_taken_is_reported_with_the_log(tmp_path: Path) -> None:
    """A fixed port is not silently replaced by another one."""
    with start_ministack(tmp_path / "first") as first:
        port = int(first.endpoint_url.rpartition(":")[2])
        said = rf"ministack did not start: [\s\S]*:{port} is already in use"
        with pytest.raises(ServerError, match=said):
            start_ministack(tmp_path / "second", port)
