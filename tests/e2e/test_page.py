"""The local page in a real browser: what a person sees and presses, on the running local cloud.

The tests share one cloud, so each looks at its own requests only: the latest ones.
"""

from collections.abc import Iterator

import httpx
import pytest

from tests.local.browser.browser import Browser, running_browser
from tests.local.demo.outage import bring_aforo_back
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud

REQUESTS = 6
ROWS = f"#requests tr:nth-child(-n+{REQUESTS}) td:nth-child(5)"
STATES = f"[...document.querySelectorAll({ROWS!r})].map(one => one.innerText.split('\\n')[0])"

# Of each text: its colour against what is painted behind it, as WCAG 2 reckons it.
CONTRASTS = """(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const box = one.closest(".hop")?.querySelector("rect");
    if (box) return getComputedStyle(box).fill;
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const says = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!says || !one.getClientRects().length || one.closest(".hidden, .hops, option")) continue;
    const style = getComputedStyle(one);
    const ink = one instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([contrast, one.textContent.trim().slice(0, 40)]);
  }
  return found;
})()"""
NAMELESS = """[...document.querySelectorAll("input, select, button, a, progress, summary")]
  .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim()))
  .map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the file: to start it takes a second."""
    with running_browser() as found:
        yield found


@pytest.fixture
def aforo_is_back(endpoints: Endpoints) -> Iterator[None]:
    """Whatever a test ends with."""
    yield
    bring_aforo_back(endpoints)


def send(browser: Browser, customer: str) -> None:
    """By the page's own button, until it has said what was answered."""
    browser.fill("[name=requests]", str(REQUESTS))
    browser.choose("[name=customer]", customer)
    browser.press("Send traffic")
    browser.wait("#said span:first-child", f"Sent {REQUESTS} requests of {customer}", 30)


def states(browser: Browser) -> list[str]:
    """Where the latest requests are, as the page has it."""
    return [str(one) for one in browser.evaluate(STATES)]


def served(browser: Browser) -> int:
    """The figure of that name."""
    text = "Number(document.querySelector('#served b').innerText.replace(',', ''))"
    return int(str(browser.evaluate(text)))


def test_an_outage_by_its_buttons(
    endpoints: Endpoints, browser: Browser, aforo_is_back: None
) -> None:
    """Held while Aforo is down, billed when it is back and what was set aside is replayed; the page
    renews itself, and nothing goes wrong in the browser.
    """
    browser.begin()
    assert browser.open(endpoints.page_url) == 200
    browser.press("Aforo down")
    browser.wait("#headline", "Aforo is down")
    send(browser, "cus_globex")
    until(lambda: "billed" not in states(browser) and "not billed yet" in states(browser))
    until(lambda: served(browser) >= REQUESTS)
    browser.wait("#walk .held", "in hand or held")
    browser.press("Aforo up")
    browser.wait("#walk", "is up")
    until(lambda: "not billed yet" not in states(browser))
    browser.press("Replay")
    # Over, so that no other replay of the session meets it.
    replay = browser.text("#said span:first-child").rpartition(" ")[2]
    browser.wait("#runs", f"SUCCEEDED {replay}", 60)
    until(lambda: set(states(browser)) <= {"billed", "not billable"})
    assert "billed" in states(browser)
    assert browser.heard() == []


def test_a_request_and_an_alarm_lead_further(endpoints: Endpoints, browser: Browser) -> None:
    """A request to its road from the log to the counter, an alarm to its section of the docs."""
    browser.begin()
    browser.open(endpoints.page_url)
    send(browser, "cus_globex")
    until(lambda: states(browser)[0] == "billed")
    browser.follow("#requests a")
    browser.wait("h2", "billed once to cus_globex", 60)
    assert "counters" in browser.text(".road")
    browser.open(endpoints.page_url)
    browser.follow("#alarms a")
    browser.wait("h2", "Alarm$")
    assert "Means" in browser.text("pre")
    assert browser.heard() == []


def test_another_site_presses_nothing(endpoints: Endpoints, browser: Browser) -> None:
    """A form of a page elsewhere is sent by the browser, and refused."""
    browser.begin()
    form = f"<form method=post action={endpoints.page_url}/aforo><button name=to value=down>x"
    browser.open(f"data:text/html,{form}")
    browser.press("x")
    browser.wait("body", "is not one of this page")
    browser.open(endpoints.page_url)
    assert "Aforo is down" not in browser.text("#headline")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(endpoints: Endpoints, browser: Browser, scheme: str) -> None:
    """By day and by night every text has a contrast of 4.5, everything to press has a name, and a
    narrow screen needs no scrolling to the side.
    """
    browser.begin(scheme="dark" if scheme == "dark" else "light")
    browser.open(endpoints.page_url)
    contrasts = browser.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert [one for one in contrasts if one[0] < 4.5] == []
    assert browser.evaluate(NAMELESS) == []
    browser.begin(width=390, height=800)
    browser.open(endpoints.page_url)
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "UsageQueue" in browser.text(".hops")


def test_it_needs_no_javascript(endpoints: Endpoints, browser: Browser) -> None:
    """The figures, the drawing and the buttons are there; the page renews itself as a whole."""
    browser.begin(javascript=False)
    browser.open(endpoints.page_url)
    assert "Served" in browser.text("#tiles")
    browser.wait(".walk .hop", "UsageQueue")
    browser.press("Aforo up")
    browser.wait("#said", "Aforo is up again")
    assert '<noscript><meta http-equiv="refresh"' in httpx.get(endpoints.page_url).text
