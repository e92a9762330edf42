"""What every part of the configuration document is: frozen, in camelCase, without unknown names."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """A misspelt name is refused: it would silently bill by a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
