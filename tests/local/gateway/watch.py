"""Look at the account again and again: what was changed there is served a moment later."""

import asyncio
import sys
import time
from dataclasses import dataclass, field

from tests.local.gateway.account import Account
from tests.local.gateway.gateway import Gateway
from tests.local.gateway.permission import Permissions

WATCH_SECONDS = 2.0
# Keys, plans and functions' policies change seldom: they are read in every fifth round.
EVERYTHING_EVERY = 5
# On two loaded cores no more than a tenth of the time goes into looking.
AT_MOST = 0.1


@dataclass
class Watch:
    """Rounds of `seconds`; one at a time, whoever asks."""

    account: Account
    gateway: Gateway
    permissions: Permissions
    seconds: float
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self, *, everything: bool) -> None:
        """Serve what there is now."""
        async with self._lock:
            found = await asyncio.to_thread(self.account.read, with_keys=everything)
            if everything:
                await asyncio.to_thread(self.permissions.look_again)
            self.gateway.deployment = found

    async def forever(self) -> None:
        """One round after the other, until cancelled. A failed one leaves what was served."""
        rounds, failed, pause = 0, False, self.seconds
        while True:
            await asyncio.sleep(pause)
            rounds, began = rounds + 1, time.monotonic()
            try:
                await self.look(everything=rounds % EVERYTHING_EVERY == 0)
                failed = False
            except Exception as error:  # noqa: BLE001 - the next round may find it mended
                if not failed:
                    print(f"gateway: the account could not be read: {error!r}", file=sys.stderr)
                failed = True
            pause = max(self.seconds, (time.monotonic() - began) / AT_MOST)
