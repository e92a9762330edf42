"""Everything one stand-in holds, in memory, touched by one event loop only; the book on disk, too,
where it is to survive a `kill -9`.
"""

from pathlib import Path

from aiohttp import web

from tests.local.aforo.accounts import Accounts
from tests.local.aforo.book import Book
from tests.local.aforo.clock import Clock
from tests.local.aforo.fault_list import Faults
from tests.local.aforo.journal import Journal
from tests.local.aforo.posts import Posts
from tests.local.aforo.rate import FixedWindow
from tests.local.aforo.settings import Settings
from tests.local.aforo.tokens import SigningKeys


class State:
    def __init__(self, settings: Settings) -> None:
        self._first_settings = settings
        self.signing_keys = SigningKeys()
        self.journal: Journal | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the start; the signing keys stay, because verifiers cache them."""
        self.settings = self._first_settings
        self.clock = Clock()
        self.accounts = Accounts(
            api_keys=self.settings.api_keys,
            metrics=self.settings.metrics,
            customers=self.settings.customers,
            clients=self.settings.clients,
        )
        self.rate = FixedWindow()
        self.faults = Faults()
        self.empty_book()

    def empty_book(self) -> None:
        self.book = Book()
        self.posts = Posts(self.settings.posts_kept)
        if self.journal:
            self.journal.empty()

    def keep_book(self, path: Path) -> None:
        """From now on in this file, too, with what it has from before."""
        self.journal = Journal(path)
        self.journal.restore(self.book)


STATE = web.AppKey("state", State)
