"""The state file: what a stand-in knows, kept from one run to the next.

Written whole at a clean stop, beside and then renamed, so that it is never half a file; readable
by its owner only, since it holds keys. Faults and the record of posts are not kept.
"""

import json
import os
from pathlib import Path
from typing import Any

from tests.local.aforo.accounts import Accounts, Client, Customer
from tests.local.aforo.book import Entry
from tests.local.aforo.state import State


def save(state: State, path: Path) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(_dump(state), file)
    beside.replace(path)


def restore(state: State, path: Path) -> None:
    kept = json.loads(path.read_text(encoding="utf-8"))
    state.clock.advance(kept["ahead_seconds"])
    state.signing_keys.restore(kept["signing_keys"])
    _restore_accounts(state.accounts, kept)
    for tenant, received_at, event in kept["entries"]:
        state.book.accept(Entry(tenant, event, received_at))
    state.book.duplicates = kept["duplicates"]
    state.book.rejected = set(kept["rejected"])


def _dump(state: State) -> dict[str, Any]:
    accounts, book = state.accounts, state.book
    return {
        "ahead_seconds": state.clock.ahead_seconds,
        "signing_keys": state.signing_keys.export(),
        "api_keys": accounts.tenants_by_key,
        "metrics": accounts.metrics,
        "customers": {name: one.model_dump() for name, one in accounts.customers.items()},
        "clients": {name: one.model_dump() for name, one in accounts.clients.items()},
        "revoked": sorted(accounts.revoked),
        "entries": [[one.tenant, one.received_at, one.event] for one in book.entries],
        "duplicates": book.duplicates,
        "rejected": sorted(book.rejected),
    }


def _restore_accounts(accounts: Accounts, kept: dict[str, Any]) -> None:
    accounts.tenants_by_key = kept["api_keys"]
    accounts.metrics |= kept["metrics"]
    accounts.customers |= {n: Customer.model_validate(c) for n, c in kept["customers"].items()}
    accounts.clients |= {n: Client.model_validate(c) for n, c in kept["clients"].items()}
    accounts.revoked |= set(kept["revoked"])
