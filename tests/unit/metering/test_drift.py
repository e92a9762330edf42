"""Which reasons ring SchemaDriftAlarm: what a format lacks or is, never what one request is."""

from functions.metering.sorting import UNFIT_REASONS
from tests.unit.metering.test_documentation import reasons_in_code, resolved

# Every other reason, and why it is not of the format that the stage has.
NOT_OF_THE_FORMAT = {
    "the customer map, or nobody has to pay": {"no_customer", "other_tenant", "no_configuration"},
    "one customer's id, or one value": {
        "masked",
        "customer_malformed",
        "bad_quantity",
        "bad_list",
        "no_product_field",
        "clock",
    },
    "forged, or no text of API Gateway's": {"tamper", "oversized", "unprintable"},
    "execution log: AWS chooses the format": {
        "customer_truncated",
        "authorizer_unreadable",
        "tenant_ambiguous",
        "tenant_duplicate",
        "tenant_malformed",
        "tenant_truncated",
        "tenant_unverified",
        "request_id_reused",
        "incomplete",
    },
    "of no format yet: nobody declared its source (UndeclaredSourceAlarm)": {"undeclared_source"},
    "no line, but a whole delivery": {
        "not_a_delivery",
        "bad_base64",
        "bad_gzip",
        "too_large",
        "bad_json",
        "bad_shape",
        "unknown_message_type",
    },
}


def test_every_reason_is_drift_or_is_known_not_to_be_of_the_format() -> None:
    """Whoever adds one says which."""
    others = set().union(*NOT_OF_THE_FORMAT.values())
    assert not UNFIT_REASONS & others
    assert UNFIT_REASONS | others == resolved(reasons_in_code("Quarantined"))
