"""`python -m tests.local.aforo --port N`: the stand-in as a process of its own.

Prints one line with its URL when it is ready; SIGTERM or SIGINT stops it at once.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tests.local.aforo.orders import explain
from tests.local.aforo.settings import PROFILES, Settings
from tests.local.aforo.standin import AforoStandIn


def main() -> int:
    options = _parser().parse_args()
    try:
        settings = _settings(options)
    except ValidationError as error:
        print(f"aforo stand-in: {explain(error)}", file=sys.stderr)
        return 2
    asyncio.run(_serve(settings, options))
    return 0


async def _serve(settings: Settings, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AforoStandIn(
        settings, port=options.port, state_file=options.state, book_file=options.book
    ) as standin:
        # At the start, so that the first token is as quick as the second.
        standin.state.signing_keys.newest()
        print(f"aforo stand-in listening on {standin.url}", flush=True)
        await stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.local.aforo", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one (default)")
    # Both hold the book: it would stand in it twice.
    kept = parser.add_mutually_exclusive_group().add_argument
    kept("--state", type=Path, help="keep the book and the registers in this file between runs")
    kept("--book", type=Path, help="keep the book alone in this file, also when it is killed")
    add("--settings", type=Path, help="a JSON file of settings (README.md names them all)")
    add("--profile", choices=sorted(PROFILES), default="facts", help="a set of knobs to start from")
    add("--metric", action="append", default=[], help="a metric name more; may be repeated")
    add("--api-key", action="append", default=[], metavar="KEY=TENANT", type=_pair)
    add("--knob", action="append", default=[], metavar="NAME=VALUE", type=_pair)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    """Later wins: defaults, profile, file, knobs; metrics and keys are added to the others."""
    given: dict[str, Any] = dict(PROFILES[options.profile])
    if options.settings:
        given |= json.loads(options.settings.read_text(encoding="utf-8"))
    given |= {name: _value(text) for name, text in options.knob}
    settings = Settings.model_validate(given)
    metrics = settings.metrics | {
        name: settings.metrics.get(name, "SUM") for name in options.metric
    }
    keys = settings.api_keys | dict(options.api_key)
    return settings.changed({"metrics": metrics, "api_keys": keys})


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text}: give NAME=VALUE")
    return name, value


def _value(text: str) -> object:
    """JSON where it is JSON, else the text itself: --knob validation=event."""
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
