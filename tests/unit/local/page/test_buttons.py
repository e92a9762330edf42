"""What the local page's buttons take."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from functions.usage.errors import Permanent
from tests.local.endpoints import DemoCustomer
from tests.local.page.buttons import BadPressError, Buttons

if TYPE_CHECKING:
    from tests.local.page.places import Places

CUSTOMER = DemoCustomer("cus_acme", {}, "token", 1)


@pytest.fixture
def buttons() -> Buttons:
    """Of a cloud with one customer, that is not asked anything here."""
    endpoints = SimpleNamespace(customers=[CUSTOMER], api_url="http://127.0.0.1:1/demo")
    return Buttons(cast("Places", SimpleNamespace(endpoints=endpoints)))


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("traffic", {}, "requests"),
        ("traffic", {"requests": "0", "customer": "cus_acme"}, "requests"),
        ("traffic", {"requests": "201", "customer": "cus_acme"}, "requests"),
        ("traffic", {"requests": "1e1", "customer": "cus_acme"}, "requests"),
        ("traffic", {"requests": "5", "customer": "cus_other"}, "customer"),
        ("aforo", {"to": "sideways"}, "to"),
        ("replay", {"source": "counters", "kind": "dry"}, "source"),
        ("replay", {"source": "usage"}, "kind"),
    ],
)
def test_a_form_that_no_button_sends(
    buttons: Buttons, name: str, form: dict[str, str], field: str
) -> None:
    """The field is named, and nothing is done."""
    with pytest.raises(BadPressError, match=f"^{field}: "):
        buttons.action(name, form)
    assert not buttons.said


def test_what_was_done_is_told() -> None:
    """The input of the state machine is what the button says."""
    started: list[tuple[str, str]] = []
    kind = SimpleNamespace(name_now=lambda: "replay-1")
    runs = SimpleNamespace(kind=kind, start=lambda *asked: started.append(asked))
    buttons = Buttons(cast("Places", SimpleNamespace(replays=runs)))
    buttons.do(buttons.action("replay", {"source": "usage", "kind": "dry"}))
    assert started == [("replay-1", '{"source": "usage", "dryRun": true}')]
    assert buttons.said[0].endswith("Started the dry run of a replay replay-1")


def test_a_cloud_that_refuses_is_told() -> None:
    """One line, beside those of what was done."""

    def refuse(*_: str) -> None:
        raise Permanent("there is one of this name")

    kind = SimpleNamespace(name_now=lambda: "audit-1")
    runs = SimpleNamespace(kind=kind, start=refuse)
    buttons = Buttons(cast("Places", SimpleNamespace(audits=runs)))
    buttons.do(buttons.action("audit", {}))
    assert buttons.said[0].endswith("there is one of this name")
