"""How long the counters are waited for."""

from functions.reconciliation.counters.redis_scripts import RECONNECTS, SOCKET_SECONDS, connect

# Of the function's 60 s a batch of commands may take half (reconciling.py).
INVOCATION_SECONDS = 60


def test_a_server_that_hangs_leaves_time_to_answer() -> None:
    """For commands, usage, stalls and heartbeats of a batch each one call is tried twice, and the
    connection anew: still the messages are given back before Lambda ends the function.
    """
    settings = connect("redis://127.0.0.1:1/0").connection_pool.connection_kwargs
    assert settings["socket_timeout"] == settings["socket_connect_timeout"] == SOCKET_SECONDS
    one_call = 2 * SOCKET_SECONDS * (1 + RECONNECTS)
    assert 4 * one_call < INVOCATION_SECONDS - 20
