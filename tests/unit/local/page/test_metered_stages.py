"""Which stages of the account the local page counts."""

from collections.abc import Callable

from functions.metering.configuration.source_declaration import SourceDeclaration
from tests.local.page.metered_stages import READ_AGAIN_SECONDS, MeteredStages
from tests.local.page.request_book import RequestBook
from tests.unit.local.page.test_request_book import served

ORDERS = SourceDeclaration(
    name="orders", logGroup="/orders", kind="access", apiId="orders", stage="prod"
)


def stages(
    sources: Callable[[], tuple[SourceDeclaration, ...]],
) -> tuple[MeteredStages, list[float]]:
    """And a clock that stands until it is set."""
    now = [0.0]
    return MeteredStages(frozenset({"own"}), sources, lambda: now[0]), now


def test_an_api_of_another_team_is_counted_once_it_is_adopted() -> None:
    """The stack's own always is; a new source is seen after some seconds, and not sought sooner."""
    declared: list[SourceDeclaration] = []
    asked: list[None] = []

    def sources() -> tuple[SourceDeclaration, ...]:
        asked.append(None)
        return tuple(declared)

    metered, now = stages(sources)
    assert metered.has("own", "any")
    assert not metered.has("orders", "prod")
    declared.append(ORDERS)
    assert not metered.has("orders", "prod")
    now[0] = READ_AGAIN_SECONDS
    assert metered.has("orders", "prod")
    assert not metered.has("orders", "other")
    assert len(asked) == 2


def test_what_is_not_metered_is_in_no_state() -> None:
    """It is counted apart."""
    book = RequestBook("account", "region", lambda api, _: api != "api")
    book.add_served(served(1))
    book.add_served({**served(2), "api_id": "own"})
    assert book.unmetered == 1
    assert sum(book.counts.values()) == 1
