"""What the local page says of a glance, and that a client's text stays text."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.page.glance import (
    AforoSide,
    AlarmRow,
    CustomerBar,
    Glance,
    KeptReason,
    QueueLevel,
    RunReport,
)
from tests.local.page.hops import Hop, headline_of, hops_of
from tests.local.page.request_book import Billing, ServedRequest
from tests.local.page.views import Views
from tests.local.page.walk_drawing import ARROWS, PLACES, drawn_walk

AT = "2026-11-29T18:00:00.000Z"
CALM = Glance(AT, billing={Billing.BILLED: 3})
ASIDE = (KeptReason("exhausted: outage", 2, "Replay"),)


@pytest.mark.parametrize(
    ("glance", "says", "mood"),
    [
        (Glance(AT), "Nothing was served yet", ""),
        (CALM, "Every billable request is billed", ""),
        (
            Glance(AT, billing={Billing.WAITING: 3}),
            "Usage is on its way",
            "held",
        ),
        (Glance(AT, aforo=AforoSide(is_down=True)), "Aforo is down", "held"),
        (Glance(AT, set_aside=ASIDE), "Something needs a person", "person"),
        (
            Glance(AT, aforo=AforoSide(is_down=True), not_read=("logs: gone",)),
            "Part of the local cloud does not answer",
            "person",
        ),
    ],
)
def test_the_worst_stands_above(glance: Glance, says: str, mood: str) -> None:
    """One sentence says what a person wants to know first; red is for what needs one."""
    headline = headline_of(glance)
    assert (headline.says, headline.mood) == (says, mood)


def test_an_outage_says_what_waits_and_what_needs_a_person() -> None:
    """Both at the same time."""
    headline = headline_of(
        Glance(
            AT,
            aforo=AforoSide(is_down=True),
            billing={Billing.WAITING: 1},
            set_aside=ASIDE,
        )
    )
    assert "1 request not billed yet" in headline.more
    assert "2 events set aside" in headline.more


def test_every_stop_has_its_place_and_its_figures() -> None:
    """What is drawn is what the words say, and each arrow begins and ends at a stop."""
    hops = hops_of(Glance(AT, queues={"usage": QueueLevel(2, 5)}))
    assert hops.keys() == PLACES.keys()
    assert {name for one in ARROWS for name in (one.start, one.end)} == PLACES.keys()
    assert hops["usage"] == Hop("UsageQueue", ("7 messages", "5 in hand or held"), "held")
    drawn = "".join(ET.fromstring(drawn_walk(hops)).itertext())  # noqa: S314 - our own
    assert all(line in drawn for hop in hops.values() for line in (hop.name, *hop.says))


@given(st.text(min_size=1))
def test_a_clients_text_stays_text(text: str) -> None:
    """Wherever it stands: no markup and no attribute comes of it."""
    bad = f"<script>{text}</script>\" onload='x'"
    glance = Glance(
        AT,
        aforo=AforoSide(faults=(bad,)),
        quarantined=(KeptReason(bad, 1, bad),),
        customers=(CustomerBar(bad, 1, 2, 1, bad),),
        requests=(ServedRequest(0, bad, bad, 200, bad, bad, Billing.SET_ASIDE, bad),),
        alarms=(AlarmRow(bad, "ALARM", bad, bad, bad),),
        last_replay=RunReport(bad, "FAILED", AT, ((bad, bad),), bad),
        not_read=(bad,),
    )
    page = Views().page(glance, [bad], [bad])
    assert re.findall("<script[^>]*>", page) == ['<script src="/static/renew.js" defer>']
    assert "onload='x'" not in page
    assert "onload='x'" in unescape(page)


def test_served_is_the_sum_of_where_the_requests_are() -> None:
    """The first line of the page adds up."""
    counts = {Billing.BILLED: 5, Billing.NOT_BILLABLE: 3, Billing.WAITING: 2, Billing.SET_ASIDE: 1}
    page = Views().page(Glance(AT, billing=counts), [], [])
    figures = [int(one) for one in re.findall(r'class="tile[^>]*>\s*<b>(\d+)</b>', page)]
    assert figures == [11, 5, 3, 2, 1, 0]
