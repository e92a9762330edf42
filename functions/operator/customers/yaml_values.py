"""YAML text -> plain values with their lines (PyYAML, YAML 1.1), and a fault for every surprise.

A number is written 1000 or 2.5, a truth value true or false, a text that looks like one of these in
quotes. Names stand once. No tags, no merge keys; anchors are followed.
"""

import re
from typing import TYPE_CHECKING

from functions.operator.customers.placed_document import PlacedDocument, Value, ValuePath

if TYPE_CHECKING:
    import yaml

_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
# An alias inside of an alias makes much of little: a million customers are 20 million values.
_MOST_VALUES = 30_000_000
_MOST_LEVELS = 20  # of which a customer's scopes are on the sixth
_TAG = "tag:yaml.org,2002:"
_TOO_DEEP = "has more levels than a file of customers, or a part that is inside of itself"
_QUOTES = "put it in quotes if it is a text"


def read_yaml(text: str) -> PlacedDocument:
    """Never raises for what stands in it."""
    import yaml  # noqa: PLC0415 - only who reads YAML pays for it

    # libyaml reads ten thousand customers in two seconds, Python alone in twenty.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        return PlacedDocument(
            None,
            {},
            [f"{where}: is no YAML, look at the indents: {error.problem or error.context}"],
        )
    except RecursionError:
        return PlacedDocument(None, {}, [f"the file: {_TOO_DEEP}"])
    except yaml.YAMLError as error:
        return PlacedDocument(None, {}, [f"the file: is no YAML: {' '.join(str(error).split())}"])
    reading = _YamlReading()
    try:
        value = reading.value(node, ()) if node is not None else None
    except _TooLargeError as error:
        return PlacedDocument(None, {}, [f"the file: {error}"])
    return PlacedDocument(value, reading.places, reading.faults)


class _YamlReading:
    def __init__(self) -> None:
        self.places: dict[ValuePath, str] = {}
        self.faults: list[str] = []

    def value(self, node: "yaml.Node", path: ValuePath) -> Value:
        """What a node says; a fault is told, and None stands for the value."""
        import yaml  # noqa: PLC0415 - as above

        self.places[path] = f"line {node.start_mark.line + 1}"
        if len(path) > _MOST_LEVELS:
            raise _TooLargeError(_TOO_DEEP)
        if len(self.places) > _MOST_VALUES:
            raise _TooLargeError(
                f"states more than {_MOST_VALUES:,} values: are there anchors in it?"
            )
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, path)
            case yaml.SequenceNode() if node.tag == f"{_TAG}seq":
                return [self.value(one, (*path, i)) for i, one in enumerate(node.value)]
            case yaml.MappingNode() if node.tag == f"{_TAG}map":
                return self._mapping(node, path)
        return self._refused(path, _NO_TAG.format(tag=node.tag))

    def _mapping(self, node: "yaml.MappingNode", path: ValuePath) -> Value:
        found: dict[str, Value] = {}
        for key, value in node.value:
            name = self._name(key, path)
            if name is None:
                continue
            if name in found:
                first = self.places[*path, name]
                self.places[*path, name] = f"line {key.start_mark.line + 1}"
                self._refused((*path, name), f"stands a second time, after {first}: leave one")
                continue
            found[name] = self.value(value, (*path, name))
        return found

    def _name(self, key: "yaml.Node", path: ValuePath) -> str | None:
        if key.tag == f"{_TAG}merge":
            self._refused(path, "<< is not read here: a plan is what many customers share")
            return None
        if not isinstance(key.value, str):
            self._refused(path, "a name must be a text")
            return None
        return key.value

    def _scalar(self, node: "yaml.ScalarNode", path: ValuePath) -> Value:
        try:
            return _scalar_value(str(node.value), node.tag.removeprefix(_TAG))
        except _SurpriseError as error:
            return self._refused(path, str(error))

    def _refused(self, path: ValuePath, why: str) -> Value:
        name = ".".join(map(str, path))
        self.faults.append(f"{self.places[path]}: {f'{name}: ' if name else ''}{why}")
        return None


class _TooLargeError(ValueError):
    """Before the memory is full, or Python's own stack."""


class _SurpriseError(ValueError):
    """A scalar that YAML reads as something else than it seems to be."""


def _scalar_value(text: str, tag: str) -> Value:
    match tag:
        # A date means the text that stands there, to whoever wants an instant or an id.
        case "str" | "timestamp":
            return text
        case "null":
            return None
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "int" if _INT.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
    raise _SurpriseError(_SURPRISES.get(tag, _NO_TAG).format(text=text, tag=tag))


_NO_TAG = "the tag {tag} means nothing here: leave it out"
_SURPRISES = {
    "bool": f"{{text}} is a truth value in YAML: write true or false, or {_QUOTES}",
    "int": f"YAML reads {{text}} as another number: write it as 1000, or {_QUOTES}",
    "float": f"{{text}} is written as 1000 or 2.5 here; {_QUOTES}",
}
