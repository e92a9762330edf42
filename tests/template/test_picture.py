"""The picture of the state machines in the docs."""

import re

import pytest
import yaml

from tests.template.dot_picture import dot_of, is_drawing_of, loops
from tests.template.picture import FOLDER, PAGE, PICTURED, drawn, page, png_path, read_machine


def test_the_page_is_current() -> None:
    """`python -m tests.template.picture` draws it again."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", PICTURED)
def test_the_image_is_current(name: str) -> None:
    """`make picture` draws it again, where Graphviz is; it is small enough for a repository."""
    image = png_path(name).read_bytes()
    assert image.startswith(b"\x89PNG")
    assert len(image) < 150_000
    assert is_drawing_of(image, dot_of(read_machine(name)))
    assert not is_drawing_of(image, dot_of({**read_machine(name), "StartAt": "Input refused"}))


def test_a_person_sees_one_loop_of_rounds_in_the_image() -> None:
    """And the one that waits for the listing before it; after it what is told until all is told."""
    machine = read_machine("replay")
    assert loops(machine) == [
        ["Let other replays show", "Start the replay", "May it start?"],
        ["Run a round", "What came of it?", "Wait for the next round"],
        ["Write the report", "What is left to tell?", "Tell the operators"],
    ]
    drawn_states = {line.split('label="')[1].split('"')[0] for line in _boxes(dot_of(machine))}
    assert drawn_states == set(machine["States"])


def _boxes(dot: str) -> list[str]:
    return [line for line in dot.splitlines() if "fillcolor" in line and 'label="' in line][1:]


def test_every_state_of_every_machine_is_drawn_once_and_led_to() -> None:
    """Also machines that are added later."""
    for file in FOLDER.glob("*.asl.yaml"):
        machine = yaml.safe_load(file.read_text(encoding="utf-8"))
        lines = list(drawn(machine))
        boxes = [line for line in lines if ":::" in line]
        names = [re.sub(r"<br.*", "", line.split('"')[1]) for line in boxes]
        assert names == list(machine["States"])
        led_to = {line.rsplit(" ", 1)[1] for line in lines if "->" in line}
        assert led_to == {re.split(r"\W", line.strip(), maxsplit=1)[0] for line in boxes}


def test_ways_out_of_a_choice_say_when() -> None:
    """Two rules that lead to one state are one arrow."""
    rules = [
        {"Comment": "none", "Next": "Done"},
        {"Comment": "too many", "Next": "Done"},
        {"Comment": "one", "Next": "More"},
    ]
    machine = {
        "StartAt": "How many?",
        "States": {
            "How many?": {"Type": "Choice", "Choices": rules, "Default": "More"},
            "More": {"Type": "Wait", "Next": "How many?"},
            "Done": {"Type": "Succeed"},
        },
    }
    assert [line for line in drawn(machine) if "-->" in line][1:] == [
        '  how_many -->|"none<br/>too many"| done',
        '  how_many -->|"one<br/>else"| more',
        "  more --> how_many",
    ]


def test_a_map_shows_what_it_runs_and_an_end_is_no_box_like_others() -> None:
    """By the kinds that Step Functions knows."""
    machine = {
        "StartAt": "Each one",
        "States": {
            "Each one": {
                "Type": "Map",
                "ItemProcessor": {"States": {"Read it": {"Type": "Task"}}},
                "Next": "Done",
                "Catch": [{"Next": "Broken"}],
            },
            "Done": {"Type": "Succeed"},
            "Broken": {"Type": "Fail"},
        },
    }
    assert list(drawn(machine))[:7] == [
        "flowchart TD",
        "  start((start)) --> each_one",
        '  each_one["Each one<br/>(Read it)"]:::work',
        '  done[["Done"]]:::done',
        '  broken[["Broken"]]:::failed',
        "  each_one --> done",
        "  each_one -.-> broken",
    ]
