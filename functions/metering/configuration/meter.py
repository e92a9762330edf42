"""One thing that is counted: a meter, as the configuration declares it.

    {"id": "tool_calls", "metricName": "MCP Tool Calls", "productType": "MCP_SERVER",
     "forEach": "toolCalls", "fields": {"agentId": "agentId", "sessionId": "mcpSession"}}

The names on the right are keys of the log line, which the authorizer or the integration filled. No
such key can say who pays.
"""

from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from functions.metering.configuration.document import Document
from functions.metering.configuration.product_fields import (
    OWN_METADATA,
    PRODUCTS,
    TOOL_NAME,
    Product,
    ProductField,
    ProductType,
)

type MeterId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}\z")]
type Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20][^\x00-\x1f]{0,255}\z")]
type LineKey = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20][^\x00-\x1f]{0,127}\z")]
type MetadataName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}\z")]
type ApiId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_$-]{1,128}\z")]

_CONTEXT = "context:"
_KEY = r"[^\x00-\x20][^\x00-\x1f]{0,127}"
type Quantity = Annotated[
    str, StringConstraints(pattern=rf"^(1|response_bytes|{_CONTEXT}{_KEY})\z")
]


class Meter(Document):
    """What one request counts for: one event, or one for each element of a list in its line."""

    id: MeterId  # permanent: part of every event key
    metric_name: Name  # Aforo's display name; may change
    product_type: ProductType = "API"
    quantity: Quantity = "1"
    for_each: LineKey | None = None
    fields_: dict[ProductField, LineKey] = Field(default_factory=dict, alias="fields")
    metadata: dict[MetadataName, LineKey] = Field(default_factory=dict)
    api_ids: frozenset[ApiId] = frozenset()  # empty: requests of every API

    @property
    def product(self) -> Product:
        return PRODUCTS[self.product_type]

    @cached_property
    def quantity_key(self) -> str | None:
        """The key of the line that holds the quantity, if one does."""
        key = self.quantity.removeprefix(_CONTEXT)
        return key if key != self.quantity else None

    @cached_property
    def counts_bytes(self) -> bool:
        return self.quantity == "response_bytes"

    @cached_property
    def is_plain(self) -> bool:
        """Whether nothing but the facts that every request has are counted."""
        return self.quantity_key is None and not (self.for_each or self.fields_ or self.metadata)

    @cached_property
    def is_even(self) -> bool:
        """Whether each request of it is one event at most, and no element or field decides."""
        return not (self.for_each or self.fields_)

    @model_validator(mode="after")
    def _fits_its_product(self) -> "Meter":
        said = self.fields_.keys() | ({TOOL_NAME} if self.for_each else frozenset[ProductField]())
        if missing := sorted(self.product.needed - said):
            raise ValueError(
                f"productType {self.product_type} needs {', '.join(missing)}: name in fields the "
                "key of the log line that holds it"
            )
        if spare := sorted(self.fields_.keys() - set(self.product.taken)):
            raise ValueError(f"fields: productType {self.product_type} takes no {spare[0]}")
        return self

    @model_validator(mode="after")
    def _is_countable(self) -> "Meter":
        if self.for_each and self.counts_bytes:
            raise ValueError("quantity: response_bytes of one request cannot be counted forEach")
        if taken := sorted(self.metadata.keys() & OWN_METADATA):
            raise ValueError(f"metadata: {taken[0]} is written by metering itself")
        return self
