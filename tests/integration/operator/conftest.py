"""The operator's commands meet the counters of a tenant, as reconciliation's tests do."""

from tests.integration.reconciliation.conftest import client, tenant

__all__ = ["client", "tenant"]
