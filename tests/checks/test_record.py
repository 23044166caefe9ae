"""What checks measured is kept for whoever records, and for nobody else."""

import numpy as np

from grader.checks.record import Measurement, recording
from grader.checks.value import expect


def test_passing_comparisons_are_recorded_with_their_threshold():
    with recording() as record:
        expect(np.array([1.0, 2.0 + 1e-7]), "h").close_to(np.array([1.0, 2.0]))
    (measurement,) = record.measurements
    assert measurement.name == "h"
    assert round(measurement.ratio, 3) == 0.05


def test_nothing_is_recorded_outside():
    with recording() as record:
        pass
    expect(1.0).close_to(1.0)
    assert record.measurements == []


def test_recordings_nest_without_mixing():
    with recording() as outer:
        with recording() as inner:
            expect(1.0, "inner").close_to(1.0)
        expect(1.0, "outer").close_to(1.0)
    assert [measurement.name for measurement in outer.measurements] == ["outer"]
    assert [measurement.name for measurement in inner.measurements] == ["inner"]


def test_any_deviation_is_infinitely_more_than_none_allowed():
    assert Measurement(name="h", deviation=0.0, allowed=0.0).ratio == 0
    assert Measurement(name="h", deviation=1e-9, allowed=0.0).ratio == float("inf")
