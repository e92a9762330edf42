"""What each customer was served, by the gateway's own record."""

from collections import Counter

from tests.local.demo import accounting
from tests.local.endpoints import Endpoints
from tests.local.quota_demo.plans import BEFORE, LARGE


def served_by_customer(endpoints: Endpoints) -> Counter[str]:
    """Billable calls, and the earlier ones of the large customer."""
    served = Counter(
        one["customer_id"]
        for one in accounting.served_requests(endpoints)
        if one["status"] not in accounting.NOT_BILLABLE
    )
    served[LARGE.customer_id] += BEFORE
    return served
