"""What student code may answer in the place of a tool: it is refused before it is used, and no word of it is a hint."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from grader.checks import modules, parity, record
from grader.checks.answers import MOST_PARTS, NAMES_SHOWN, SHOWN, Comparison, Problem, formed
from grader.evidence import CheckFailure

HIDDEN = "HIDDEN INPUT 0.4172"
RUN = {
    "device": "cpu", "dtype": "float64", "values": {"output": np.ones(3)}, "decisions": True, "repeats": True,
    "free": False, "fault": None,
}  # fmt: skip
FAULT = {"kind": "raised", "words": "ValueError: no", "place": "line 3 of a.py"}
FORGED_RUNS = [
    {"device": HIDDEN}, {"dtype": HIDDEN}, {"dtype": ["float32"]}, {"fault": FAULT | {"kind": HIDDEN}},
    {"fault": {"kind": "raised"}}, {"fault": HIDDEN}, {"repeats": HIDDEN}, {"repeats": None}, {"values": HIDDEN},
    {"values": {"output": HIDDEN}}, {"values": {"output": np.ones(3, np.int8)}}, {"values": {"output": [1.0]}},
    {"values": {"output": np.array(["a"])}}, {"values": {"x" * 1000: 1.0}}, {"values": {1: 1.0}},
    {"values": {f"part {n}": 1.0 for n in range(MOST_PARTS + 1)}}, {"device": "mps"}, {"dtype": "float16"},
]  # fmt: skip


def comparison(*runs, **changes):
    answer = {"runs": [RUN | run for run in runs or ({},)], "disturbed": [], "random": False, "placement": {}}
    return answer | {"flags": {}} | changes


def answering(answer):
    """A class in whose place a tool answers so."""

    class Answers:
        name = "Block"

        def through(self, _tool):
            return lambda *_: answer

    return Answers()


def told(answer):
    """All that a check of parity says about an answer: what a student reads of it, and what the instructor reads."""
    with record.recording() as kept, pytest.raises(CheckFailure) as caught:
        parity.across(answering(answer), np.ones(3))
    return " ".join([caught.value.hint, *kept.notes]), caught.value.message


class TestAComparison:
    def test_of_the_right_form_is_taken_with_numbers_as_arrays(self):
        answer = comparison({"values": {"a": 1.0, "b": np.float64(2.0), "c": np.ones((0, 2))}}, {"dtype": "bfloat16"})
        found = formed(answer, Comparison, where="Block")
        assert [values.shape for values in found.runs[0].values.values()] == [(), (), (0, 2)]

    @pytest.mark.parametrize("forged", FORGED_RUNS, ids=lambda run: next(iter(run)))
    @pytest.mark.parametrize("place", [0, 1])
    def test_with_a_run_of_another_form_is_refused_in_fixed_words(self, forged, place):
        runs = [{}, {"dtype": "float32"}]
        runs[place] = runs[place] | forged
        hint, message = told(comparison(*runs))
        assert hint.startswith("A function of the grader that runs beside your code answered otherwise than it does")
        assert HIDDEN not in hint + message

    @pytest.mark.parametrize(
        "answer",
        [
            None, HIDDEN, [HIDDEN], {}, {"runs": [RUN]}, comparison(runs=[]), comparison(runs=HIDDEN),
            comparison(random=HIDDEN), comparison(flags=HIDDEN), comparison(flags={HIDDEN: [HIDDEN]}),
            comparison(placement=HIDDEN), comparison(placement={"outcome": [HIDDEN]}), comparison({}, {}),
            comparison({"dtype": "float32"}), comparison(disturbed=[{"decisions": True}]),
            comparison(disturbed=[{"decisions": True, "plus": {"output": HIDDEN}}]),
            comparison(disturbed=[{"decisions": True, "plus": {"output": 1.0}, "minus": {"output": np.ones(3, "<f4")}}]),
        ],
        ids=itertools.count(),
    )  # fmt: skip
    def test_of_another_form_is_refused_in_fixed_words(self, answer):
        hint, message = told(answer)
        assert "answered otherwise than it does" in hint
        assert HIDDEN not in hint + message

    @pytest.mark.parametrize("kind", ["raised", "dtype", "device", "only float32"])
    def test_gives_the_words_of_a_fault_to_the_instructor_alone_and_cut(self, kind):
        words = {"words": HIDDEN + "x" * 10_000, "place": HIDDEN + "y" * 10_000}
        hint, message = told(comparison({"fault": FAULT | {"kind": kind} | words}))
        assert HIDDEN not in hint
        assert message.count(HIDDEN) == 2
        assert len(message) < 1000

    @pytest.mark.parametrize("kind", ["attribute", "made", "outside", "output", HIDDEN])
    def test_gives_the_names_of_what_is_misplaced_to_the_instructor_alone_and_cut(self, kind):
        long = HIDDEN + "x" * 10_000
        hint, message = told(
            comparison(placement={"outcome": "misplaced", "kind": kind, "name": long, "made": long, "place": long})
        )
        assert HIDDEN not in hint
        assert HIDDEN in message
        assert len(message) < 1000

    def test_names_no_part_in_a_hint_or_a_note(self):
        first = {"values": {HIDDEN: 1.0}}
        flags = {"flags": {"TF32 in cuDNN": HIDDEN}}
        for values in ({HIDDEN: 2.0}, {HIDDEN: np.ones(3)}, {}):
            hint, message = told(comparison(first, {"dtype": "float32", "values": values}, **flags))
            assert "turns TF32 on" in hint
            assert HIDDEN not in hint
            assert HIDDEN in message

    def test_of_two_long_axes_that_would_be_multiplied_is_refused(self):
        """10,000 rows beside 10,000 columns are 800 MB."""
        column, row = np.ones((10_000, 1)), np.ones((1, 10_000))
        plus = {"decisions": True, "plus": {"output": row}}
        tracemalloc.start()
        hint, _ = told(comparison({"values": {"output": column}}, disturbed=[plus]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert hint.startswith("It gives another number or shape of results when its inputs change by a rounding.")
        assert peak < 10**7

    def test_of_many_parts_and_runs_is_refused_before_they_are_multiplied(self):
        """3,000 parts and 3,000 runs would be nine million findings."""
        first = {"values": {f"p{n}": 1.0 for n in range(3000)}}
        tracemalloc.start()
        told(comparison(first, *([{"values": {}}] * 3000)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**7


class TestAProblem:
    def told(self, answer, **options):
        with pytest.raises(CheckFailure) as caught:
            modules.run(answering(answer), np.ones(3), **options)
        return caught.value

    @pytest.mark.parametrize(
        "answer",
        [
            {"problem": HIDDEN}, {"problem": [HIDDEN]}, {"problem": "class", "came": 10**5000},
            {"problem": "class", "came": "x" * 10**6}, {"problem": "shapes", "came": [[2**70]]},
            {"problem": "shapes", "came": [[-1]]}, {"problem": "shapes", "came": [[1] * 100]},
            {"problem": "shapes", "came": [[1]] * (MOST_PARTS + 1)}, {"problem": "state", "found": {"x" * 8_000: [1]}},
            {"problem": "state", "found": {"x": HIDDEN}}, {"problem": "state", "found": [HIDDEN]},
            {"problem": "state", "found": {f"p{n}": [1] for n in range(MOST_PARTS + 1)}},
        ],
        ids=itertools.count(),
    )  # fmt: skip
    def test_of_another_form_is_refused_in_fixed_words(self, answer):
        failed = self.told(answer, state={"weight": np.ones(2)}, upstream=np.ones(2))
        assert failed.hint == failed.message.removeprefix("Block: ")
        assert "answered otherwise than it does" in failed.hint

    @pytest.mark.parametrize("problem", ["class", "borrowed", "output", "meta", "nothing", "shapes", "state"])
    @pytest.mark.parametrize("came", [HIDDEN + "x" * 150, [[7] * 60]], ids=["text", "shapes"])
    def test_gives_no_word_of_the_worker_as_a_hint_and_few_in_the_message(self, problem, came):
        failed = self.told({"problem": problem, "came": came}, state={"weight": np.ones(2)}, upstream=np.ones(2))
        assert HIDDEN not in failed.hint
        assert "7" not in failed.hint
        assert len(failed.message) < 400

    def test_shows_few_names_of_a_state_dict_and_each_cut(self):
        names = [f"{n:03}{HIDDEN}{'x' * 100}" for n in range(500)]
        failed = self.told({"problem": "state", "found": dict.fromkeys(names, [1] * 64)}, state={"w": np.ones(2)})
        assert failed.hint == "The state dict lacks `w`: register it as parameter, buffer or submodule under that name."
        assert failed.message.count(HIDDEN) == NAMES_SHOWN
        assert failed.message.endswith(f"and {500 - NAMES_SHOWN} more.")
        assert len(failed.message) < 200 + NAMES_SHOWN * SHOWN

    def test_names_a_class_as_before(self):
        assert formed({"problem": "class", "came": "dict"}, Problem, where="Block").came == "dict"
