"""A check that depends on a source of randomness that nobody recorded is refused, and no other one is."""

from __future__ import annotations

import sys
from textwrap import indent
from types import SimpleNamespace

import numpy as np
import pytest

from grader.engine.audit.apart import _frozen
from grader.worker import generators

REFUSED = "hidden/check_drawn gives other numbers when it is run again: draw everything from its `rng`"

DRAWN = '''
@exercise("small")
def check_drawn(student, reference, rng):
    """Scaling is right for other numbers."""
{body}
'''

GIVEN = "x = {source}\nassert np.allclose(student.scale(x, 2.0), 2 * np.asarray(x))\n"


def check(body: str, before: str = "") -> str:
    return before + DRAWN.format(body=indent(body, "    "))


class TestRefused:
    @pytest.mark.parametrize(
        "source",
        [
            "np.random.normal(size=3)",
            "np.random.default_rng().normal(size=3)",
            "np.random.RandomState().normal(size=3)",
            "random.random()",
            "random.Random().random()",
            "[0.0, np.random.rand()][1]",
            "__import__('os').getpid() + __import__('time').perf_counter()",
        ],
    )
    def test_is_what_gives_the_answer_other_numbers(self, audited, source):
        # a plain assertion leaves no trace of its own: only what it gives to the answer shows it
        found = audited(checks=check(GIVEN.format(source=source)))
        assert found.complaints == (REFUSED,)
        assert not found.passed

    def test_is_what_draws_from_torch(self, audited):
        pytest.importorskip("torch")
        source = "__import__('torch').randn(3, dtype=__import__('torch').float64).numpy()"
        assert audited(checks=check(GIVEN.format(source=source))).complaints == (REFUSED,)

    @pytest.mark.parametrize(
        "body",
        [
            "assert student.scale(1.0, 2.0) + np.random.rand() > 1",
            "if random.random() < 0.5:\n    assert student.scale(1.0, 2.0) == 2",
            "expect(student.scale(1.0, 2.0) - np.random.default_rng().random(), 'y').at_most(3)",
            "expect(student.scale(1.0, 2.0), 'y').close_to(2 + 1e-9 * np.random.default_rng().random())",
        ],
        ids=["a threshold", "whether at all", "what is looked at", "what is due"],
    )
    def test_is_what_draws_for_itself(self, audited, body):
        assert audited(checks=check(body)).complaints == (REFUSED,)

    def test_is_what_draws_while_it_is_imported(self, audited):
        found = audited(
            checks=check("assert student.scale(NOISE, 2.0) == 2 * NOISE", before="NOISE = np.random.rand()\n")
        )
        assert found.complaints == (REFUSED,)

    def test_is_what_is_not_even_called_the_same(self, audited):
        before = "@pytest.mark.parametrize('size', [np.random.rand()])"
        text = check("assert student.scale(size, 1.0) == size").replace("rng)", "rng, size)")
        (complaint,) = audited(checks="import pytest\n" + before + text).complaints
        assert complaint.startswith("hidden/check_drawn[0.")
        assert complaint.endswith("] gives other numbers when it is run again: draw everything from its `rng`")

    def test_is_a_callback_that_draws_while_the_answer_runs(self, audited):
        solution = "def scale(x, factor):\n    return x * factor\n\n\ndef mean(x):\n    return x.mean(axis=0)\n\n\n"
        solution += "def descend(gradient, w):\n    return w - gradient(w)\n"
        body = "noisy = lambda w: w + 0 * np.random.normal(size=3)\nassert student.descend(noisy, np.ones(3)).shape == (3,)"
        assert audited(solution=solution, checks=check(body)).complaints == (REFUSED,)

    def test_is_the_reference_in_the_checks_own_process(self, audited):
        found = audited(solution=NOISY, checks=check("expect(student.scale(1.0, reference.noise(1)), 'y').is_finite()"))
        assert found.complaints == (REFUSED,)


NOISY = """
    import random
    import sys

    import numpy as np


    def scale(x, factor):
        return x * factor


    def mean(x):
        return x.mean(axis=0)


    def noise(size):
        return np.random.normal(size=size) + random.random()


    class Dropout:
        def __init__(self, keep):
            self.keep = keep

        def forward(self, x):
            return x * (np.random.random(x.shape) < self.keep) + random.random()


    def sampler():
        return lambda size: noise(size)


    def moments(draw, size):
        return draw(size).mean()


    def passed_on(dropout, x):
        return dropout.forward(x)


    def torch_noise(size):
        torch = sys.modules["torch"]
        return torch.randn(size, dtype=torch.float64).numpy()


    def cast(x, dtype):
        return x.astype(dtype)


    _own = np.random.default_rng(5)


    def own_noise(size):
        return _own.normal(size=size)
"""


CLASSES = """
    from typing import NamedTuple


    class Weights(np.ndarray):
        pass


    class Out(NamedTuple):
        total: int
        weights: Weights


    class Count(int):
        pass


    def classes(x):
        return Out(Count(x.sum()), x.view(Weights))
"""


class TestNotRefused:
    @pytest.mark.parametrize(
        "body",
        [
            "expect(student.noise(3), 'noise').is_finite()",
            "expect([student.noise(3), student.noise(2)], 'noise').is_finite()",
            "expect(student.Dropout(0.5).forward(np.ones(5)), 'out').is_finite()",
            "expect(student.sampler()(3), 'sample').is_finite()",
            "expect(student.moments(student.noise, 5), 'moments').is_finite()",
            "expect(student.moments(student.sampler(), 5), 'moments').is_finite()",
            "expect(student.passed_on(student.Dropout(0.5), np.ones(5)), 'out').is_finite()",
            "expect(student.scale(student.Dropout(0.5).keep, 2.0), 'y').close_to(1.0)",
            "expect(student.moments(lambda n: student.noise(n), 5), 'moments').is_finite()",
            "expect(student.own_noise(3), 'noise').is_finite()",
        ],
    )
    def test_is_an_answer_that_draws_from_the_global_generators(self, audited, body):
        assert audited(solution=NOISY, checks=check(body)).complaints == ()

    def test_is_an_answer_that_draws_from_torch(self, audited):
        pytest.importorskip("torch")
        body = "expect(student.torch_noise(3), 'noise').is_finite()"
        assert audited(solution=NOISY, checks=check(body)).complaints == ()

    @pytest.mark.parametrize(
        "body",
        [
            GIVEN.format(source="rng.normal(size=3)"),
            GIVEN.format(source="np.random.default_rng(7).normal(size=3)"),
            "np.random.seed(3)\nrandom.seed(4)\n" + GIVEN.format(source="np.random.normal(size=3) + random.random()"),
            "value.agrees(student.mean, reference.mean, rng.normal(size=(3, 2)))",
            "assert student.cast(np.ones(3), np.float32).dtype == np.float32",
        ],
        ids=["rng", "a seeded generator", "global generators that it seeds", "value.agrees", "a type as an argument"],
    )
    def test_is_a_check_whose_numbers_are_recorded(self, audited, body):
        assert audited(solution=NOISY, checks=check(body)).complaints == ()

    def test_is_a_check_that_is_the_first_to_import_torch(self, audited, monkeypatch):
        class State:
            def numpy(self):
                return np.zeros(1)

        random_of_torch = SimpleNamespace(get_rng_state=State, set_rng_state=lambda state: None)
        no_device = SimpleNamespace(is_available=lambda: False, is_initialized=lambda: False)
        fake = SimpleNamespace(
            random=random_of_torch,
            default_generator=SimpleNamespace(manual_seed=lambda seed: None),
            cuda=no_device,
            backends=SimpleNamespace(mps=no_device),
        )
        monkeypatch.setitem(sys.modules, "fake_torch", fake)
        monkeypatch.setitem(sys.modules, "torch", None)  # both are undone at the end
        del sys.modules["torch"]
        body = "import sys\nsys.modules['torch'] = sys.modules['fake_torch']\nassert student.scale(1.0, 2.0) == 2"
        assert audited(checks=check(body)).complaints == ()

    def test_is_an_answer_whose_data_are_of_a_class_of_its_own(self, audited):
        solution = NOISY + CLASSES
        body = "out = student.classes(np.ones(2))\nassert out.total + len(out) == 4 and out.weights.sum() == 2"
        assert audited(solution=solution, checks=check(body)).complaints == ()

    def test_is_a_callback_that_keeps_count(self, audited):
        solution = "def scale(x, factor):\n    return x * factor\n\n\ndef mean(x):\n    return x.mean(axis=0)\n\n\n"
        solution += "def descend(gradient, w):\n    return w - gradient(w)\n"
        body = "asked = []\nw = student.descend(lambda w: asked.append(w) or 2 * w, np.ones(3))\nassert len(asked) == 1"
        assert audited(solution=solution, checks=check(body)).complaints == ()


def test_every_check_that_cannot_be_trusted_is_named(audited):
    text = check(GIVEN.format(source="random.random()"))
    found = audited(
        checks=text + text.replace("check_drawn", "check_again") + check("assert False").replace("_drawn", "_no")
    )
    assert found.complaints[:2] == (REFUSED, REFUSED.replace("drawn", "again"))
    assert found.complaints[2].startswith("the reference does not pass hidden/check_no: AssertionError: ")


def test_the_global_generators_are_left_as_they_were(audited):
    before = _frozen(generators.states())
    audited(solution=NOISY, checks=check("expect(student.noise(3), 'noise').is_finite()"), mutants=True)
    assert _frozen(generators.states()) == before
