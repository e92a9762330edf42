"""Fields of JSON as lines for a person."""

from functions.operator.readable import readable

OUTPUT = {
    "outcome": "replay_finished",
    "report": {
        "order": {"source": "usage", "filter": {}},
        "trouble": None,
        "messages": {
            "moved": 3,
            "left": [
                {"why": "not_chosen", "class": "poison", "messages": 12},
                {"why": "unreadable", "class": "", "messages": 1},
            ],
        },
        "events": {"sent": 3, "replayed": 3},
        "failingClasses": {},
        "bill": [{"customerId": "cus_a", "events": {"replayed": 3}, "quantityReplayed": 3}],
    },
    "reportUri": "s3://bucket/report.json",
}


def test_a_report_is_lines_and_tables() -> None:
    """A figure in a line, a list in a table, numbers to the right; what is empty is left out."""
    assert readable(OUTPUT).splitlines() == [
        "outcome: replay_finished",
        'order: {"source": "usage", "filter": {}}',
        "messages: moved 3",
        "messages.left:",
        "  why         class   messages",
        "  not_chosen  poison        12",
        "  unreadable                 1",
        "events: sent 3, replayed 3",
        "bill:",
        "  customerId  replayed  quantityReplayed",
        "  cus_a              3                 3",
        "reportUri: s3://bucket/report.json",
    ]


def test_a_field_that_nobody_knows_is_shown_too() -> None:
    """A newer machine may say more."""
    assert readable({"newer": {"inner": {"deep": 1}}, "list": ["a"]}).splitlines() == [
        "newer.inner: deep 1",
        'list: ["a"]',
    ]
