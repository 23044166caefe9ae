"""The proxy: a check calls a submission as if it were a module, and never takes an object for a value."""

from __future__ import annotations

import numpy as np
import pytest

from grader.evidence import NotImplementedByStudent
from grader.sandbox import errors

CODE = """
import numpy as np
class Layer:
    def __init__(self, n=1): self.n = n
    def __call__(self, x): return self.n * x
    def __getitem__(self, i): return 10 * self.n
    def twin(self): return Layer(2 * self.n)
    class Error(Exception): pass
def stub(x): raise NotImplementedError
def half(x):
    if x: raise NotImplementedError('the rest')
    return 0
def needs_half(x): return half(x)
def identity(x): return x
def alive():
    import gc
    return sum(type(o) is Layer for o in gc.get_objects())
def masked(): return np.ma.masked_array(np.eye(2))
"""


@pytest.fixture
def student(submit):
    return submit(CODE)


def test_a_stub_is_not_implemented(student):
    with pytest.raises(NotImplementedByStudent, match="stub is not implemented yet"):
        student.stub(1)


def test_a_function_that_is_missing_is_told_by_name(student):
    with pytest.raises(errors.Missing, match="`absent` is missing: no function of that name is in work") as fault:
        student.absent(1)
    assert not fault.value.broken


def test_code_that_raises_not_implemented_itself_is_told_apart(student):
    assert student.half(0) == 0
    with pytest.raises(errors.Raised) as fault:
        student.needs_half(1)
    assert (fault.value.builtin, fault.value.place.function) == ("NotImplementedError", "half")


def test_what_was_called_is_noted_in_order(student):
    student.identity(1)
    student.Layer().twin()
    student.identity(2)
    assert list(student._session.seen.functions) == ["identity", "Layer"]


def test_private_names_are_no_functions(student):
    with pytest.raises(AttributeError):
        student._identity  # noqa: B018 - it is the look that fails


class TestHandles:
    def test_call_index_and_chain(self, student):
        layer = student.Layer(3)
        assert layer(2) == 6
        assert layer[0] == 30
        assert layer.twin()(1) == 6
        assert layer.twin.keeping()().read("n") == 6
        assert student.Layer.Error("x").read("args") == ("x",)

    def test_are_arguments_and_come_back_as_themselves(self, student):
        layer = student.Layer(3)
        assert student.identity.keeping()(layer).read("n") == 3
        assert student.identity([layer])[0].read("n") == 3

    def test_are_neither_true_nor_false(self, student):
        with pytest.raises(TypeError, match=r"a numpy\.ma(\.core)?\.MaskedArray came back, which says neither"):
            assert student.masked()

    def test_cannot_be_unpacked_which_would_never_end(self, student):
        with pytest.raises(TypeError, match=r"not iterable|non-iterable"):
            _first, *_rest = student.Layer(1)

    def test_say_of_what_type_they_are(self, student):
        assert repr(student.Layer()) == "<a work.Layer of the submission>"
        assert student.Layer().is_a("builtins.object")
        assert not student.Layer().is_a("builtins.dict")

    def test_are_forgotten_when_the_check_forgets_them(self, student):
        layers = [student.Layer(n) for n in range(5)]
        assert student.alive() == 5
        del layers
        assert student.alive() == 0

    def test_can_be_made_of_values(self, student):
        held = student.hold(np.ones(2))
        assert held.sum() == 2
        assert student.identity(held).tolist() == [1, 1]


class TestLibraries:
    def test_of_allowed_packages_can_be_used(self, student):
        assert student.library("numpy.linalg").norm(np.array([3.0, 4.0])) == 5

    def test_of_other_packages_are_refused(self, student):
        with pytest.raises(errors.SandboxError, match="os is not among the packages that the assignment allows"):
            student.library("os")


def test_a_stub_given_to_another_function_is_not_implemented(student):
    with pytest.raises(NotImplementedByStudent):
        student.identity(student.stub)


def test_methods_can_be_given_away(student):
    layer = student.Layer(3)
    assert student.identity.keeping()(layer.twin)().read("n") == 6


DRAWS = """
def draw(rng, n):
    return rng.normal(size=n)
def draw_and_fail(rng):
    rng.normal()
    raise ValueError("no")
def another(rng):
    import numpy as np
    return np.random.default_rng(3)
def sample(oracle, rng):
    return [oracle(rng) for _ in range(2)]
"""


def test_a_generator_goes_on_from_where_the_call_left_it(submit):
    student = submit(DRAWS)
    ours, theirs = np.random.default_rng(1), np.random.default_rng(1)
    for n in (3, 2):
        assert np.array_equal(student.draw(theirs, n=n), ours.normal(size=n))
    assert np.array_equal(student.draw(rng=theirs, n=4), ours.normal(size=4))
    assert theirs.bit_generator.state == ours.bit_generator.state


def test_a_generator_stays_as_it_was_when_the_call_raises(submit):
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    with pytest.raises(errors.Raised, match="no"):
        submit(DRAWS).draw_and_fail(rng)
    assert rng.bit_generator.state == before


def test_a_generator_comes_back_as_a_result_too(submit):
    assert submit(DRAWS).another(np.random.default_rng(0)).normal() == np.random.default_rng(3).normal()


def test_a_generator_given_to_a_callback_is_a_copy(submit):
    rng = np.random.default_rng(5)
    assert submit(DRAWS).sample(lambda given: float(given.normal()), rng) == [np.random.default_rng(5).normal()] * 2


def test_a_generator_of_another_kind_is_the_check_s_fault(submit):
    with pytest.raises(errors.SandboxError, match="Generator, which cannot cross"):
        submit(DRAWS).draw(np.random.Generator(np.random.MT19937(1)), 2)


def test_what_is_left_as_a_generator_and_is_none_is_garbage(submit):
    # the worker's own code, as an attacker would have it
    student = submit(
        "import sys\n"
        "values = next(m for n, m in sys.modules.items() if n.endswith('.values') and hasattr(m, 'encode_generator'))\n"
        "forms = sys.modules[values.__name__.replace('values', 'forms')]\n"
        "values.encode_generator = lambda g: forms.Generator('PCG64', {})\n"
        "def draw(rng):\n    return 1\n"
    )
    with pytest.raises(errors.SubmissionFault):
        student.draw(np.random.default_rng(0))


STATES = {
    # normal() of numpy draws for ever from here: each state is followed by itself
    "a fixed point": (
        "s, m = 2**128 - 256, 0x2360ED051FC65DA44385DF649FCCF645; "
        "state['state'] = {'state': s, 'inc': s * (1 - m) % 2**128}"
    ),
    "another stream": "state['state']['inc'] ^= 2",
    "one step back": "rng.bit_generator.advance(2**128 - 1); state = rng.bit_generator.state",
    "a minute of draws, and one": "rng.bit_generator.advance(2**36 + 1); state = rng.bit_generator.state",
}


@pytest.mark.parametrize("line", STATES.values(), ids=STATES)
@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.PCG64DXSM])
def test_a_generator_is_taken_back_only_where_draws_lead(submit, kind, line):
    code = "def draw(rng):\n    state = rng.bit_generator.state\n    {}\n    rng.bit_generator.state = state\n    return 1\n"
    rng = np.random.Generator(kind(5))
    ahead = submit(code.format("rng.bit_generator.advance(2**36); state = rng.bit_generator.state"))
    assert ahead.draw(rng) == 1
    due = kind(5)
    due.advance(2**36)
    assert rng.bit_generator.state == due.state
    with pytest.raises(errors.Garbled, match="a state to which no draws lead"):
        submit(code.format(line)).draw(rng)
    assert rng.bit_generator.state == due.state
