"""What is wrong with the words of `adopt` is said before anything is asked."""

import pytest

from functions.operator.command_line import main

PLACE = ["adopt", "--api", "a1", "--stage", "prod"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--customer", "k1"], "--customer 'k1': write KEY_ID=CUSTOMER"),
        (["--customer", "=cus_a"], "write KEY_ID=CUSTOMER"),
        (["--customer", "k1=no good"], "'no good' is no customer id"),
        (["--customer", "k1=null"], "'null' is no customer id"),
        (["--customer", "k1=a", "--customer", "k1=b"], "one key has one customer"),
        (["--apply", "--undo"], "--apply, --undo: give one of them"),
        (["--phase", "later"], "--phase"),
        (["--made-by", "pulumi"], "--made-by"),
        (["--endpoints", "nowhere.json"], "make local"),
    ],
)
def test_bad_words_are_named(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that names the option, status 2."""
    assert main([*PLACE, *words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1
