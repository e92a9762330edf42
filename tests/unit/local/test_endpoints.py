"""endpoints.json: what is written is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.endpoints import (
    FILE_NAME,
    DemoCustomer,
    Endpoints,
    NotRunningError,
    SecondApi,
    SecondApiKey,
    read_endpoints,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=3)
CUSTOMERS = st.builds(
    DemoCustomer, customer_id=TEXTS, headers=MAPS, credential=TEXTS, quota=st.integers()
)
SECOND_API = st.builds(
    SecondApi,
    id=TEXTS,
    stage=TEXTS,
    url=TEXTS,
    log_group=TEXTS,
    api_keys=st.lists(st.builds(SecondApiKey, id=TEXTS, name=TEXTS, value=TEXTS), max_size=3),
)
ENDPOINTS = st.builds(
    Endpoints,
    api_url=TEXTS,
    aforo_url=TEXTS,
    aws_endpoint_url=TEXTS,
    region=TEXTS,
    redis_url=TEXTS,
    gateway_url=TEXTS,
    page_url=TEXTS,
    stack_name=TEXTS,
    access_log_group=TEXTS,
    zero_touch_url=TEXTS,
    execution_log_group=TEXTS,
    deployed_sources=TEXTS,
    queues=MAPS,
    state_machines=MAPS,
    functions=MAPS,
    ledger_bucket=TEXTS,
    quarantine_bucket=TEXTS,
    configuration_bucket=TEXTS,
    alarms=MAPS,
    aws_environment=MAPS,
    tenant_id=TEXTS,
    second_api=SECOND_API,
    customers=st.lists(CUSTOMERS, max_size=3),
)


@given(ENDPOINTS)
def test_there_and_back(tmp_path_factory: pytest.TempPathFactory, endpoints: Endpoints) -> None:
    """Every field, and nothing else is left in the folder."""
    folder = tmp_path_factory.getbasetemp() / "endpoints"
    folder.mkdir(exist_ok=True)
    endpoints.write(folder)
    assert read_endpoints(folder) == endpoints
    assert [file.name for file in folder.iterdir()] == [FILE_NAME]


def test_without_a_cloud_it_says_how_to_start_one(tmp_path: Path) -> None:
    """What `make replay` prints."""
    with pytest.raises(NotRunningError, match="start it with `make local`"):
        read_endpoints(tmp_path)


@given(st.lists(CUSTOMERS, unique_by=lambda one: one.customer_id, max_size=3), TEXTS)
def test_a_customer_is_found_by_its_id(customers: list[DemoCustomer], asked: str) -> None:
    """Or those that there are, are named."""
    texts = dict.fromkeys(Endpoints.__dataclass_fields__, "")
    endpoints = Endpoints(**{**texts, "customers": customers})  # type: ignore[arg-type]
    for one in customers:
        assert endpoints.customer(one.customer_id) is one
    if asked not in {one.customer_id for one in customers}:
        with pytest.raises(KeyError, match="is no demo customer"):
            endpoints.customer(asked)
