"""Rates and bounds: right methods on known problems pass with room, wrong ones fail by far."""

import numpy as np
import pytest

from grader.checks import convergence, problems
from grader.checks.record import recording
from grader.evidence import CheckFailure

KAPPAS = (4, 10, 40, 200)


def run_of(method, oracle, steps):
    return convergence.trajectory(method(oracle, steps), oracle, steps)


def descent(lr=None, *, loses=0.0):
    def method(oracle, steps):
        rate = 2 / (oracle.m + oracle.L) if lr is None else lr(oracle)
        rows = [oracle.start.copy()]
        for _ in range(steps):
            rows.append(rows[-1] - (1 - loses) * rate * oracle.gradient(rows[-1]))
        return np.array(rows)

    return method


def heavy_ball(oracle, steps):
    roots = np.sqrt([oracle.m, oracle.L])
    lr, momentum = 4 / roots.sum() ** 2, ((roots[1] - roots[0]) / roots.sum()) ** 2
    rows = [oracle.start.copy()] * 2
    for _ in range(steps):
        rows.append(rows[-1] - lr * oracle.gradient(rows[-1]) + momentum * (rows[-1] - rows[-2]))
    return np.array(rows[1:])


def nesterov(oracle, steps):
    before = w = oracle.start.copy()
    rows = [w]
    for t in range(1, steps + 1):
        ahead = w + (t - 1) / (t + 2) * (w - before)
        before, w = w, ahead - oracle.gradient(ahead) / oracle.L
        rows.append(w)
    return np.array(rows)


def spectrum(kappa, seed=0):
    between = np.random.default_rng(seed).uniform(1, kappa, size=3)
    return problems.quadratic(np.random.default_rng(seed), [1, *between, kappa])


def contraction(kappa):
    return (kappa - 1) / (kappa + 1)


def failure_of(check, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    assert caught.value.evidence[0].curves
    assert not any(character.isdigit() for character in caught.value.hint.replace("1/t^2", ""))
    return caught.value


@pytest.mark.parametrize("kappa", KAPPAS)
@pytest.mark.parametrize("seed", range(3))
def test_gradient_descent_has_the_rate_of_the_theorem_and_contracts_at_every_step(kappa, seed):
    oracle = spectrum(kappa, seed)
    run = run_of(descent(), oracle, 25 * kappa)  # far beyond the floor of rounding, where nothing contracts
    with recording() as record:
        convergence.has_rate(run.distance, contraction(kappa), spread=np.sqrt(oracle.p))
        convergence.contracts(run.distance, at_most=contraction(kappa))
        convergence.contracts(run.distance, at_most=contraction(kappa) ** 3, every=3)
        convergence.contracts(run.gap, at_most=contraction(kappa) ** 2)
    assert max(found.ratio for found in record.measurements) < 0.1


@pytest.mark.parametrize("kappa", KAPPAS)
def test_half_of_the_step_size_contracts_too_little(kappa):
    run = run_of(descent(loses=0.5), spectrum(kappa), 25 * kappa)
    with recording() as record:
        failure = failure_of(convergence.contracts, run.distance, at_most=contraction(kappa))
        slower = failure_of(convergence.has_rate, run.distance, contraction(kappa), spread=np.sqrt(5))
    assert min(found.ratio for found in record.measurements) > 10
    assert "the theorem says at most" in failure.message
    assert failure.hint == "`trajectory` reduces the distance to the minimiser less than the theorem says."
    assert slower.hint == "`trajectory` converges more slowly than the theorem says."


def test_a_rate_that_is_too_good_fails_as_well():
    run = run_of(lambda oracle, steps: descent()(oracle, 2 * steps)[::2], spectrum(100), 400)
    assert "faster" in failure_of(convergence.has_rate, run.distance, contraction(100), spread=np.sqrt(5)).hint


def test_a_rate_knows_its_uncertainty():
    trace = run_of(descent(), spectrum(10), 60).distance
    found = convergence.rate(trace, spread=4)
    assert (found.first, found.last) == (30, 60)
    assert found.factor == pytest.approx(4 ** (1 / 30))
    assert found.value == pytest.approx(contraction(10), rel=1e-3)


def test_no_rate_is_measured_where_all_is_rounding():
    oracle = problems.quadratic(np.random.default_rng(0), [2.0, 2.0])
    run = run_of(descent(), oracle, 10)  # at the minimum after one step
    failure = failure_of(convergence.rate, run.distance, spread=1)
    assert "rounding after 1 steps" in failure.message


def test_a_learning_rate_beyond_its_limit_diverges():
    oracle = spectrum(10)
    run = run_of(descent(lambda o: 2.4 / o.L), oracle, 30)
    with recording() as record:
        convergence.diverges(run.distance, at_least=1.4**30 / np.sqrt(5))
    assert record.measurements[0].ratio == 0
    kept = run_of(descent(lambda o: 1.9 / o.L), oracle.fresh(), 30)
    failure = failure_of(convergence.diverges, kept.distance, at_least=1.4**30 / np.sqrt(5))
    assert "must grow" in failure.hint


@pytest.mark.parametrize(("method", "exponent", "most"), [(descent(), 1, 16), (heavy_ball, 0.5, 40)])
def test_iterations_grow_with_the_power_of_the_condition_number(method, exponent, most):
    counts = {}
    for kappa in (10, 40, 200, 1000):
        steps = int(most * kappa**exponent)
        counts[kappa] = convergence.iterations(run_of(method, spectrum(kappa), steps).distance, 1e-6)
    convergence.scales_with_kappa(counts, exponent=exponent, spread=1.5)
    failure = failure_of(convergence.scales_with_kappa, counts, exponent=1.5 - exponent, spread=1.5)
    assert "grow like kappa^" in failure.message
    assert failure.evidence[0].curves[0].t == (10.0, 40.0, 200.0, 1000.0)


def test_iterations_that_never_arrive_fail():
    run = run_of(descent(loses=0.9), spectrum(100), 50)
    failure = failure_of(convergence.iterations, run.distance, 1e-3)
    assert "and not yet" in failure.message


def test_iterations_count_until_the_trace_stays():
    trace = convergence.Trace(name="gap", values=np.array([1, 0.01, 0.5, 0.09, 0.05]), floor=1e-9)
    assert convergence.iterations(trace, 0.1) == 3


class TestTheWorstCase:
    STEPS, P = 50, 101

    def gap(self, method):
        oracle = problems.worst_case(self.P, L=2.0)
        return oracle, run_of(method, oracle, self.STEPS).gap

    def constant(self, oracle):
        return 2 * oracle.L * np.sum((oracle.start - oracle.minimiser) ** 2)

    @pytest.mark.parametrize("method", [nesterov, descent(lambda o: 1 / o.L), heavy_ball])
    def test_no_method_of_gradients_beats_the_bound(self, method):
        oracle, gap = self.gap(method)
        with recording() as record:
            convergence.above_lower_bound(gap, oracle)
        assert record.measurements[0].ratio == 0

    def test_newton_does(self):
        oracle, gap = self.gap(lambda o, _: self.newton(o))
        failure = failure_of(convergence.above_lower_bound, gap, oracle)
        assert "no method that moves along 1 gradients gets below" in failure.message
        assert "move along the gradients that you ask for" in failure.hint

    def newton(self, oracle):
        rows = [oracle.start.copy()]
        for _ in range(self.STEPS):
            rows.append(rows[-1] - np.linalg.solve(oracle.hessian(rows[-1]), oracle.gradient(rows[-1])))
        return np.array(rows)

    def test_acceleration_decays_like_the_square(self):
        oracle, gap = self.gap(nesterov)
        with recording() as record:
            convergence.decays_like(gap, 2, constant=self.constant(oracle))
        assert record.measurements[0].ratio == 0

    def test_gradient_descent_decays_like_the_first_power_only(self):
        oracle = problems.worst_case(401)
        gap = run_of(descent(lambda o: 1 / o.L), oracle, 200).gap
        constant = self.constant(oracle)
        convergence.decays_like(gap, 1, constant=constant / 4, shift=0)
        plain = problems.worst_case(101)
        gap = run_of(descent(lambda o: 1 / o.L), plain, 200).gap
        failure = failure_of(convergence.decays_like, gap, 2, constant=self.constant(plain))
        assert failure.hint == "The gap of `trajectory` does not fall like 1/t^2, as the theorem says."
        assert failure.evidence[0].curves[0].log_t


@pytest.mark.parametrize(
    "wrong",
    [
        lambda trace: convergence.rate(trace, spread=0.5),
        lambda trace: convergence.has_rate(trace, 1.0, spread=2),
        lambda trace: convergence.contracts(trace, at_most=-1),
        lambda trace: convergence.contracts(trace, at_most=0.5, every=6),
        lambda trace: convergence.diverges(trace, at_least=0.5),
        lambda trace: convergence.iterations(trace, 1e-30),
        lambda trace: convergence.iterations(trace, 2),
        lambda _: convergence.scales_with_kappa({1: 1, 10: 10, 100: 100}, exponent=1, spread=1.1),
        lambda _: convergence.scales_with_kappa({1: 1, 2: 2, 3: 3, 4: 4}, exponent=1, spread=2),
        lambda trace: convergence.decays_like(trace, 0, constant=1),
    ],
)
def test_what_cannot_be_decided_is_refused(wrong):
    trace = run_of(descent(), spectrum(10), 5).distance
    with pytest.raises(ValueError, match=r"."):
        wrong(trace)


def test_a_curve_is_thinned_and_keeps_its_ends():
    trace = run_of(descent(), spectrum(1000), 3000).distance
    curve = failure_of(convergence.contracts, trace, at_most=0.5).evidence[0].curves[0]
    assert len(curve.t) == len(curve.value) == len(curve.theorem) <= 160
    assert (curve.t[0], curve.t[-1]) == (0, 3000)
