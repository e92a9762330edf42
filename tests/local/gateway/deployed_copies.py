"""What each deployment of a REST API has of it: a copy, made when the deployment is first seen.

API Gateway itself keeps such a copy and tells it to nobody; ministack keeps gateway responses and a
summary only. Later changes of methods, authorizers and gateway responses wait for another copy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.local.gateway.declared import Declared
from tests.local.gateway.deployment import Api
from tests.local.gateway.live_api import LiveApis

type Copies = dict[tuple[str, str], Api]


@dataclass
class DeployedCopies:
    """The copies of all APIs, by API and deployment id."""

    live: LiveApis
    _kept: Copies = field(default_factory=dict)

    def update(
        self,
        described: Mapping[str, Any],
        declared: Declared | None,
        deployments: Iterable[str],
        in_use: Iterable[str],
    ) -> None:
        """Copy what has no copy yet; forget deployments that were deleted and serve no stage."""
        api_id, listed = described["id"], set(deployments)
        for deployment in listed | set(in_use):
            if (api_id, deployment) not in self._kept:
                # One that is not listed was deleted, or never was: its stage serves what is there.
                known = deployment in listed
                summary = self.live.summary(api_id, deployment) if known else {}
                self._kept[api_id, deployment] = self.live.read(described, declared, summary)
        for key in [key for key in self._kept if key[0] == api_id]:
            if key[1] not in listed | set(in_use):
                del self._kept[key]

    def known(self, api_ids: Iterable[str]) -> Copies:
        """The copies of these APIs, which are all that there are."""
        there = set(api_ids)
        self._kept = {key: api for key, api in self._kept.items() if key[0] in there}
        return dict(self._kept)
