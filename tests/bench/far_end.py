"""The sink as a bench has it: an environment in which our handlers call it, and what it counted."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import httpx

from tests.fakes.access_log_lines import LOG_GROUP, REGION
from tests.fakes.execution_log_lines import GROUP
from tests.local.aforo.settings import DEFAULT_TENANT
from tests.local.foreground_server import foreground_server


@contextmanager
def far_end() -> Iterator[str]:
    """Its URL. What our handlers log is read by nobody: Lambda takes it over a pipe as cheaply."""
    with (
        Path(os.devnull).open("w") as nothing,
        foreground_server("tests.bench.sink") as (_, url),
        redirect_stdout(nothing),
    ):
        set_environment(url)
        yield url


def set_environment(url: str) -> None:
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "DEPLOYED_SOURCES": f"access=access:{LOG_GROUP},execution=execution:{GROUP}",
        "USAGE_QUEUE_URL": f"{url}/1/usage",
        "USAGE_DEAD_LETTER_QUEUE_URL": f"{url}/1/usage_dead_letter",
        "SETTLED_USAGE_QUEUE_URL": f"{url}/1/settled",
        "QUARANTINE_BUCKET": "quarantine",
        "CONFIGURATION_BUCKET": "configuration",
        "LEDGER_BUCKET": "ledger",
        "AFORO_BASE_URL": url,
        "AFORO_ALLOWED_HOSTS": "127.0.0.1",
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": "secret",
        "AFORO_EVENTS_PER_MINUTE": "1000000000",  # a share of Aforo's rate would be waited for
        "FORWARDER_CONCURRENCY": "1",
    }


def taken(url: str) -> int:
    """Events that it has accepted so far."""
    return int(httpx.get(f"{url}/_taken").text)


def counted(url: str) -> Mapping[str, Mapping[str, int]]:
    """`calls` and `bytes` so far, by kind of call."""
    found: Mapping[str, Mapping[str, int]] = httpx.get(f"{url}/_calls").json()
    return found
