"""One thing that is counted: a meter, as the configuration declares it.

    {"id": "tool_calls", "metricName": "MCP Tool Calls", "productType": "MCP_SERVER",
     "forEach": "toolCalls", "fields": {"agentId": "agentId", "sessionId": "mcpSession"}}

The names on the right are keys of the log line, which the authorizer or the integration filled. No
such key can say who pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class CompiledMeter:
    """A meter as billing asks it, for each request: a model's attribute takes ten times as long."""

    id: str
    constants: tuple[str, str, ProductType]  # id, metric name and product type
    product: Product
    counts_bytes: bool
    quantity_key: str | None  # the key of the line that holds the quantity, if one does
    for_each: str | None
    fields: Mapping[ProductField, str]
    metadata: Mapping[str, str]
    is_plain: bool  # nothing but the facts that every request has are counted


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

    @cached_property
    def compiled(self) -> "CompiledMeter":
        product = PRODUCTS[self.product_type]
        key = self.quantity.removeprefix(_CONTEXT)
        quantity_key = key if key != self.quantity else None
        return CompiledMeter(
            id=self.id,
            constants=(self.id, self.metric_name, self.product_type),
            product=product,
            counts_bytes=self._counts_bytes,
            quantity_key=quantity_key,
            for_each=self.for_each,
            fields=self.fields_,
            metadata=self.metadata,
            is_plain=not (quantity_key or self.for_each or self.fields_ or self.metadata),
        )

    @property
    def _counts_bytes(self) -> bool:
        return self.quantity == "response_bytes"

    @model_validator(mode="after")
    def _fits_its_product(self) -> "Meter":
        product = PRODUCTS[self.product_type]
        said = self.fields_.keys() | ({TOOL_NAME} if self.for_each else frozenset[ProductField]())
        if missing := sorted(product.needed - said):
            raise ValueError(
                f"productType {self.product_type} needs {', '.join(missing)}: name in fields the "
                "key of the log line that holds it"
            )
        if spare := sorted(self.fields_.keys() - set(product.taken)):
            raise ValueError(f"fields: productType {self.product_type} takes no {spare[0]}")
        return self

    @model_validator(mode="after")
    def _is_countable(self) -> "Meter":
        if self.for_each and self._counts_bytes:
            raise ValueError("quantity: response_bytes of one request cannot be counted forEach")
        if taken := sorted(self.metadata.keys() & OWN_METADATA):
            raise ValueError(f"metadata: {taken[0]} is written by metering itself")
        return self
