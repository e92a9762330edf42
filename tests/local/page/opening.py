"""The folder of a running local cloud comes in; the page that shows it leaves."""

from pathlib import Path

from tests.local.page.buttons import Buttons
from tests.local.page.gathering import Gatherer
from tests.local.page.places import places_of
from tests.local.page.server import PageServer
from tests.local.page.watching import Watching


def opened_page(directory: Path) -> PageServer:
    """It gathers nothing before its `watching` runs."""
    places = places_of(directory)
    return PageServer(places, Watching(Gatherer(places).look), Buttons(places))
