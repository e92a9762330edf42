"""A glance, or one of its details, comes in; the HTML of a page leaves. Every text in it is
escaped: log lines hold what clients write.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from functions.operator.trace.traced_request import TracedRequest
from functions.usage.moment import iso_from_epoch_ms
from tests.local.page.buttons import MOST_REQUESTS
from tests.local.page.glance import AlarmRow, Glance, KeptReason
from tests.local.page.hops import Mood, headline_of, hops_of
from tests.local.page.request_book import Billing
from tests.local.page.walk_drawing import drawn_walk


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the first line."""

    id: str
    name: str
    count: int
    means: str
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class KeptKind:
    """One of the places where something waits."""

    name: str
    means: str
    rows: Sequence[KeptReason]
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class AlarmList:
    """`shown` have a state here; `others` only AWS evaluates."""

    shown: Sequence[AlarmRow]
    others: Sequence[AlarmRow]


class Views:
    """Templates are compiled once."""

    def __init__(self) -> None:
        self._pages = Environment(
            loader=PackageLoader("tests.local.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters |= {
            "figure": _figure,
            "clock": _clock,
            "iso": iso_from_epoch_ms,
            "words": _words,
        }

    def page(self, glance: Glance, customers: Iterable[str], said: Iterable[str]) -> str:
        """The whole page."""
        hops = hops_of(glance)
        return self._pages.get_template("page.html").render(
            glance=glance,
            headline=headline_of(glance),
            tiles=_tiles(glance),
            customers=list(customers),
            most_requests=MOST_REQUESTS,
            said=list(said),
            hops=hops,
            drawing=drawn_walk(hops),
            kept=_kept(glance),
            alarms=_alarms(glance),
            runs=[("Last replay", glance.last_replay), ("Last audit", glance.last_audit)],
        )

    def trace(self, traced: Sequence[TracedRequest], nowhere: str) -> str:
        """Of one request id: the road of each request that has it."""
        page = self._pages.get_template("trace.html")
        return page.render(traced=traced, nowhere=nowhere)

    def alarm(self, alarm: AlarmRow, section: str) -> str:
        """With its section of the docs; where that is elsewhere, its address."""
        says = f"{alarm.state}. {alarm.means} {alarm.reason}"
        return self.words(alarm.name, says, section or alarm.section)

    def words(self, title: str, says: str, text: str = "") -> str:
        """A page of words: an alarm's section, or why something was refused."""
        return self._pages.get_template("words.html").render(title=title, says=says, text=text)


def _tiles(glance: Glance) -> list[Tile]:
    """Served is the sum of the four after it."""
    count = {one: glance.billing.get(one, 0) for one in Billing}
    waiting, aside = count[Billing.WAITING], count[Billing.SET_ASIDE]
    kept = sum(one.times for one in glance.quarantined)
    return [
        Tile("served", "Served", glance.served, "requests, by the gateway's word"),
        Tile("billed", "Billed", count[Billing.BILLED], "Aforo confirmed them, once each"),
        Tile("free", "Not billable", count[Billing.NOT_BILLABLE], "refused, or a free path"),
        Tile(
            "waiting",
            "Not billed yet",
            waiting,
            "on their way, or held for Aforo",
            "held" if waiting else "",
        ),
        Tile(
            "aside",
            "Set aside",
            aside,
            "Aforo did not take them: replay",
            "person" if aside else "",
        ),
        Tile(
            "quarantined",
            "Quarantined",
            kept,
            "objects of log lines, kept as they are",
            "person" if kept else "",
        ),
    ]


def _kept(glance: Glance) -> list[KeptKind]:
    return [
        KeptKind("Held", "in UsageQueue for Aforo: tries, by reason", glance.held),
        KeptKind("Set aside", "in UsageDeadLetterQueue: events", glance.set_aside, "person"),
        KeptKind("Quarantined", "in S3: objects", glance.quarantined, "person"),
        KeptKind("Excluded", "not billable: requests", glance.excluded),
    ]


def _alarms(glance: Glance) -> AlarmList:
    shown = [one for one in glance.alarms if one.state in {"ALARM", "OK"}]
    return AlarmList(shown, [one for one in glance.alarms if one not in shown])


def _figure(number: int) -> str:
    return f"{number:,}"


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S}"


def _words(said: object) -> str:
    match said:
        case bool():
            return "yes" if said else "no"
        case Mapping():
            return ", ".join(f"{name} {_words(value)}" for name, value in said.items() if value)
        case list() | tuple():
            return " ".join(map(_words, said))
        case _:
            return str(said)
