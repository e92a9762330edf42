"""Whether a local cloud lives: its processes by their ids and command lines, its servers by an
answer. A fault in words leaves, or nothing.

A cloud of which one process is gone answers some questions wrongly and others never. A process may
live and hang, and after a restart of the machine another has its id.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CURE = "run `make local`"
# A server answers within some milliseconds; the rest is for two loaded cores.
PATIENCE_SECONDS = 4.0
# By their field in endpoints.json.
_SERVERS = {"gateway_url": "the API Gateway", "aforo_url": "the Aforo stand-in"}
_COUNTERS = "redis_url"


def fault_of(found: Mapping[str, Any], processes: Path) -> str | None:
    """`found` is the content of endpoints.json, `processes` is the file that lists them."""
    return _gone(processes) or _silent(found)


def _gone(file: Path) -> str | None:
    try:
        processes = json.loads(file.read_text())
    except (OSError, ValueError):
        return None  # a cloud that somebody else wrote down
    for process in processes:
        line = _command_line(process["pid"])
        if not line or process.get("marker", "") not in line:
            gone = f"{process['name']} (process {process['pid']}) is gone"
            return f"the local cloud is half dead, {gone}: {CURE}"
    return None


def _silent(found: Mapping[str, Any]) -> str | None:
    """Asked at the same time; the first of them that gives no answer is named."""
    environment = found.get("aws_environment", {})
    aws = environment.get("AWS_ENDPOINT_URL", "")
    questions: dict[str, Callable[[], bool]] = {}
    if aws:
        bundle = environment.get("AWS_CA_BUNDLE")
        told = f"the local cloud at {aws} does not answer: {CURE}"
        questions[told] = lambda: _answers(f"{aws}/_ministack/ready", bundle)
    for url, name in _known_servers(found):
        told = f"the local cloud is half dead, {name} at {url} does not answer: {CURE}"
        # Their own question: any other path would be one more request that was served.
        questions[told] = lambda url=url: _answers(f"{url}/_health", None)  # type: ignore[misc]
    if redis := found.get(_COUNTERS):
        told = f"the local cloud is half dead, Redis at {redis} does not answer: {CURE}"
        questions[told] = lambda: _pongs(redis)
    with ThreadPoolExecutor(len(questions) or 1) as pool:
        asked = {words: pool.submit(question) for words, question in questions.items()}
    return next((words for words, one in asked.items() if not one.result()), None)


def _known_servers(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, name in _SERVERS.items():
        if url := found.get(field):
            yield url, name


def _answers(url: str, ca_bundle: str | None) -> bool:
    """Whatever the answer is: a refusal is one, too."""
    import ssl  # noqa: PLC0415 - by a command that runs against a local cloud alone
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415

    parts = urlsplit(url)
    try:
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=ca_bundle)
            connection: HTTPConnection = HTTPSConnection(
                parts.netloc, timeout=PATIENCE_SECONDS, context=trust
            )
        else:
            connection = HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", parts.path or "/")
            connection.getresponse()
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return False
    return True


def _pongs(url: str) -> bool:
    import socket  # noqa: PLC0415 - as above

    parts = urlsplit(url)
    try:
        place = (parts.hostname or "", parts.port or 0)
        with socket.create_connection(place, PATIENCE_SECONDS) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.sendall(b"PING\r\n")
            return bool(connection.recv(16))
    except OSError:
        return False


def _command_line(pid: int) -> str:
    """Empty where there is no such process, or only what a dead one left to its parent."""
    try:
        if Path("/proc/self/cmdline").exists():  # Linux; a small image has no ps
            text = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            return text.decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # -ww: macOS cuts a line at the terminal's width, and its end tells whose it is.
    shown = subprocess.run(  # noqa: S603 - a number of ours
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],  # noqa: S607 - on PATH of every Unix
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return "" if shown.startswith("Z") else shown
