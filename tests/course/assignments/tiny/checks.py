"""Public checks: what a student receives."""

import numpy as np

from grader import exercise, expect


@exercise("scale")
def check_scale_of_an_example(student):
    """Scaling the example gives the example's result."""
    got = student.scale(np.array([1.0, 2.0, 3.0]), 2.0)
    expect(got, "scale(x, factor)").close_to(np.array([2.0, 4.0, 6.0]))


@exercise("mean")
def check_mean_of_an_example(student):
    """The mean of the example is 2."""
    expect(student.mean(np.array([[1.0], [3.0]])), "mean(x)").close_to(np.array([2.0]))
