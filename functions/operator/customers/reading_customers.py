"""A file's name comes in; the customers that it states leave, or every fault at once, each with its
line or row, the field, and what to write there.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from functions.metering.configuration.document_faults import Wording, faults_by_place
from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.placed_document import PlacedDocument, Value, ValuePath
from functions.operator.customers.spreadsheet_rows import read_csv
from functions.operator.customers.yaml_values import read_yaml
from functions.operator.file_words import file_words
from functions.reconciliation.commands import METER_ID
from functions.usage.errors import Permanent
from functions.usage.quota import CUSTOMER_ID

_SHOWN = 50
_MOST_READ = 1000
_DIGEST = "64 hex digits, in small letters: the SHA-256 (printf %s KEY | sha256sum), not the key"
_GATEWAY_ID = "1 to 64 letters, digits, _ and -: the key's id in API Gateway, not the key"
_ID = "1 to 128 letters, digits and . _ : @ + ~ / = -, beginning with a letter or digit"
WORDING = Wording(
    CustomerFile,
    {
        r"^[0-9a-f]{64}\z": _DIGEST,
        r"^[A-Za-z0-9_-]{1,64}\z": _GATEWAY_ID,
        rf"^{CUSTOMER_ID.pattern}$": _ID,
        rf"^{METER_ID.pattern}$": "1 to 64 letters, digits and . _ -",
        r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\z": "1 to 64 letters, digits, blanks and . _ -",
        r"^\S{1,128}\z": "1 to 128 characters without a blank",
    },
    # A key pasted where its SHA-256 or its id belongs is a secret: it is not said again.
    frozenset({"sha256", "usagePlanKeySha256", "apiGatewayKeyId", "usagePlanKeyId"}),
)


class CustomerFileError(Permanent):
    """The file cannot be applied; `faults` are all that is wrong with it."""

    def __init__(self, file: str, faults: Sequence[str]) -> None:
        super().__init__(f"{file}: {len(faults)} faults: {'; '.join(faults[:3])}")
        self.file = file
        self.faults = faults

    def text(self) -> str:
        """A line for each, as many as a person reads."""
        shown = [f"{self.file}: {fault}\n" for fault in self.faults[:_SHOWN]]
        left = len(self.faults) - len(shown)
        return "".join(shown) + (f"{self.file}: and {left} more faults\n" if left else "")


class ReadCustomers(NamedTuple):
    """What a file states, and where in it."""

    file: CustomerFile
    document: PlacedDocument
    name: str


def read_customers(file: Path, plans: Path | None = None) -> ReadCustomers:
    """YAML, or CSV where the name ends so. `plans` is a YAML file with the plans that a CSV file
    names. CustomerFileError says all that is wrong.
    """
    document = _document(file)
    if plans is not None:
        _add_plans(document, _document(plans), plans)
    faults = list(document.faults)
    try:
        found = CustomerFile.model_validate(document.value)
    except ValidationError as error:
        faults += [
            f"{document.place(place)}: {'.'.join(map(str, place)) or 'the file'}: {words}"
            for place, words in islice(faults_by_place(error, WORDING), _MOST_READ)
            # Of what could not be read the reason is known already.
            if not (document.faults and _is_null(document.value, place))
        ]
        raise CustomerFileError(str(file), faults) from None
    faults += _contradictions(found, document)
    if faults:
        raise CustomerFileError(str(file), faults)
    return ReadCustomers(found, document, str(file))


def _document(file: Path) -> PlacedDocument:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Permanent(file_words(error, file)) from None
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Permanent(f"{file}: is UTF-16: save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
    try:
        # With the mark at its beginning that spreadsheets write, and without it.
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise Permanent(f"{file}: line {line} is not UTF-8: save the file as UTF-8") from None
    is_csv = file.suffix.lower() in {".csv", ".tsv"}
    return read_csv(decoded) if is_csv else read_yaml(decoded)


def _add_plans(document: PlacedDocument, plans: PlacedDocument, file: Path) -> None:
    if not isinstance(plans.value, dict) or set(plans.value) != {"plans"}:
        raise Permanent(f"--plans {file}: must hold plans, and nothing else")
    if plans.faults:
        raise CustomerFileError(str(file), plans.faults)
    if isinstance(document.value, dict):
        if "plans" in document.value:
            raise Permanent(f"--plans {file}: the other file has plans too: leave one")
        document.value["plans"] = plans.value["plans"]
        document.places = {
            **document.places,
            **{path: f"{file}, {where}" for path, where in plans.places.items() if path},
        }


def _is_null(value: Value, path: ValuePath) -> bool:
    """Whether nothing stands where something does."""
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return False
    return value is None


def _contradictions(found: CustomerFile, document: PlacedDocument) -> Iterator[str]:
    customers: dict[str, str] = {}
    keys: dict[str, str] = {}
    for at, customer in enumerate(found.customers):
        here = document.place(("customers", at, "customerId"))
        if (first := customers.get(customer.customer_id)) is not None:
            yield f"{here}: customerId: {customer.customer_id} stands at {first} too: leave one"
        customers[customer.customer_id] = here
        if customer.plan is not None and customer.plan not in found.plans:
            known = ", ".join(found.plans) or "none: give --plans, or a part `plans`"
            where = document.place(("customers", at, "plan"))
            yield f"{where}: plan: there is no plan {customer.plan} (there are: {known})"
        for each, key in enumerate(customer.api_keys):
            where = document.place(("customers", at, "apiKeys", each))
            name = key.sha256 or f"id {key.api_gateway_key_id}"
            if (first := keys.get(name)) is not None:
                yield f"{where}: apiKeys: {key.key_id} is the same key as the one at {first}"
            keys[name] = where
