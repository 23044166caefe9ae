"""Hidden checks: what no student may ever see."""

from grader import exercise, expect


@exercise("scale", weight=2)
def check_scale_of_random_numbers(student, reference, rng):
    """Scaling is right for any numbers."""
    x, factor = rng.normal(size=(3, 2)), float(rng.normal())
    expect(student.scale(x, factor), "scale(x, factor)").close_to(reference.scale(x, factor))


@exercise("scale")
def check_scale_of_nothing(student, rng):
    """Scaling no numbers gives no numbers."""
    assert student.scale(rng.normal(size=(0, 2)), 2.0).shape == (0, 2)


@exercise("mean")
def check_mean_of_random_numbers(student, reference, rng):
    """The mean is right for any numbers."""
    x = rng.normal(size=(4, 3))
    expect(student.mean(x), "mean(x)").close_to(reference.mean(x))


@exercise("mean")
def check_mean_of_constants(student, rng):
    """The mean of equal rows is that row."""
    row = rng.normal(size=3)
    expect(student.mean(row.repeat(4).reshape(3, 4).T), "mean(x)").close_to(row)


@exercise("descend")
def check_descend_goes_down(student, rng):
    """A step follows the negative gradient, which is asked for once."""
    asked = []

    def grad(w):
        asked.append(w)
        return 2 * w

    w = rng.normal(size=3)
    expect(student.descend(grad, w, 0.25), "the step").close_to(w / 2)
    assert len(asked) == 1
