"""What the fetch reads from its environment."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from functions.adapters.aforo_http import KeyHeader
from functions.adapters.settings import Settings


class FetchSettings(Settings):
    """Whom to ask, and as whom. An empty pricing or JWKS URL: that is not asked."""

    aforo_api_url: str
    aforo_pricing_url: str = ""
    aforo_jwks_url: str = ""
    aforo_allowed_hosts: str  # comma-separated; of the two that get the key
    aforo_tenant_id: str
    aforo_secret_arn: str
    aforo_key_header: KeyHeader = KeyHeader.AUTHORIZATION
    quota_metric_name: str
    # Aforo documents no limit for these routes; its own gateways ask one question per request.
    questions_per_second: Annotated[float, Field(gt=0, le=1000)] = 10.0

    @property
    def allowed_hosts(self) -> list[str]:
        return self.aforo_allowed_hosts.split(",")

    @property
    def jwks_host(self) -> str:
        return urlsplit(self.aforo_jwks_url).hostname or ""

    @property
    def jwks_base_url(self) -> str:
        parts = urlsplit(self.aforo_jwks_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def jwks_path(self) -> str:
        return urlsplit(self.aforo_jwks_url).path
