"""`python -m tests.local.page.pictures`: pictures of the local page in three states, for the docs.

Starts a cloud of its own, presses the page's buttons in a real browser, and writes
docs/pictures/page-*.png: all is well; an outage, with usage held; after a replay, with something
left for a person.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local import cloud
from tests.local.browser.browser import Browser, BrowserError, running_browser
from tests.local.dashboard.story import change_the_log_format
from tests.local.demo import bad_days
from tests.local.demo.stage import DemoError, Stage
from tests.local.demo.traffic import Call, mixed_calls, send
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL, ROOT, Endpoints, NotRunningError, read_endpoints
from tests.local.server_start import ServerError
from tests.local.waiting import until

PICTURES = ROOT / "docs" / "pictures"
HOLD_SECONDS = 25  # long enough to take a picture of what is held, short enough to see it set aside
WIDTH, HEIGHT = 1280, 1150
PATIENCE_SECONDS = 120
# Of the customer with the small quota, so that its bar shows.
SMALL_CALLS = 34
OUTAGE_CALLS = "18"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.local.page.pictures", description=__doc__)
    parser.add_argument("--running", action="store_true", help="of the cloud of `make local`")
    options = parser.parse_args()
    stage = Stage()
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        with running_browser() as browser, _cloud(stage, is_running=options.running) as endpoints:
            for picture in _pictures(browser, endpoints):
                stage.say(f"drawn: {picture.relative_to(ROOT)}")
    except (BrowserError, DemoError, DeployError, NotRunningError, ServerError) as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _cloud(stage: Stage, *, is_running: bool) -> Iterator[Endpoints]:
    if is_running:
        endpoints = read_endpoints()
        os.environ.update(endpoints.aws_environment)
        yield endpoints
        return
    with cloud.running(
        LOCAL / "pictures",
        hold_seconds=HOLD_SECONDS,
        audit=cloud.QUICK_AUDIT,
        say=stage.console.print,
    ) as endpoints:
        yield endpoints


def _pictures(browser: Browser, endpoints: Endpoints) -> Iterator[Path]:
    browser.begin(width=WIDTH, height=HEIGHT)
    browser.open(endpoints.page_url)
    yield _all_is_well(browser, endpoints)
    yield _in_an_outage(browser)
    yield _after_a_replay(browser, endpoints)


def _all_is_well(browser: Browser, endpoints: Endpoints) -> Path:
    small = endpoints.customers[-1]
    calls = [Call("small", f"{endpoints.api_url}/pets", small.headers)] * SMALL_CALLS
    send([*mixed_calls(endpoints, share=6), *calls], lambda _: None)
    browser.wait("#headline", "Every billable request is billed", PATIENCE_SECONDS)
    return _picture(browser, "all-well")


def _in_an_outage(browser: Browser) -> Path:
    browser.press("Aforo down")
    browser.fill("[name=requests]", OUTAGE_CALLS)
    browser.press("Send traffic")
    browser.wait("#said span:first-child", f"Sent {OUTAGE_CALLS}", PATIENCE_SECONDS)
    browser.wait("#walk .held", "in hand or held", PATIENCE_SECONDS)
    browser.wait("#waits", "outage", PATIENCE_SECONDS)
    return _picture(browser, "outage")


def _after_a_replay(browser: Browser, endpoints: Endpoints) -> Path:
    """One event that Aforo refuses for good, and lines of another format, stay."""
    browser.wait("#waits", "exhausted", PATIENCE_SECONDS)
    browser.press("Aforo up")
    token = endpoints.customers[0]
    bad_days.order(endpoints, bad_days.poison(token.customer_id))
    change_the_log_format(endpoints)
    poison = Call("poison", f"{endpoints.api_url}/pets", token.headers, bad_days.POISON_METHOD)
    until(lambda: send([poison], lambda _: None)["poison", 201], every=1.0)
    browser.wait("#waits", "poison", PATIENCE_SECONDS)
    browser.wait("#quarantined.person", "", PATIENCE_SECONDS)
    browser.press("Replay")
    replay = browser.text("#said span:first-child").rpartition(" ")[2]
    browser.wait("#runs", f"SUCCEEDED {replay}", PATIENCE_SECONDS)
    browser.press("Audit")
    audit = browser.text("#said span:first-child").rpartition(" ")[2]
    browser.wait("#runs", f"SUCCEEDED {audit}", PATIENCE_SECONDS)
    return _picture(browser, "after-a-replay")


def _picture(browser: Browser, name: str) -> Path:
    file = PICTURES / f"page-{name}.png"
    browser.picture(file)
    return file


if __name__ == "__main__":
    sys.exit(main())
