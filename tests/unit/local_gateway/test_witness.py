from tests.local.gateway.witness import Witness
from tests.unit.local_gateway.exchanges import allowed


def test_requests_are_counted_and_paged() -> None:
    """A reader that follows `sequence` sees every request once."""
    witness = Witness()
    for _ in range(5):
        witness.saw(allowed())
    witness.saw_unlogged("GET", "/nowhere", 403, 0)
    assert witness.counts()["served"] == 6
    assert witness.counts()["by_status"] == {"200": 5, "403": 1}
    assert witness.counts()["by_stage"] == {"prod": 5, "-": 1}
    first = witness.requests(after=0, limit=4)
    rest = witness.requests(after=4, limit=4)
    assert [found["sequence"] for found in first + rest] == [1, 2, 3, 4, 5, 6]
    assert first[0]["customer_id"] == "cust_1"


def test_a_line_accepted_after_a_clear_is_not_counted_again() -> None:
    """Counts after `DELETE /_witness` are about the requests after it."""
    witness = Witness()
    early = witness.saw(allowed())
    witness.clear()
    late = witness.saw(allowed())
    witness.accepted(early)
    witness.accepted(late)
    assert witness.counts()["flushed"] == 1
    assert [found["sequence"] for found in witness.requests(after=0, limit=9)] == [2]
