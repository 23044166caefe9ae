"""First-order cheats: nothing of the grader is broken, the work is just not done."""

from __future__ import annotations

from tests.attacks.attack import Attack, descend, scale

ATTACKS = (
    Attack(
        name="never-ask-the-oracle",
        source=descend("print('tried'); return w / 2"),  # which is right, for the quadratic that this is
        solves=("scale", "mean"),
    ),
    Attack(
        name="ask-the-oracle-elsewhere",
        source=descend("""
            print("tried")
            step = 1e-6
            return w - lr * np.array([(grad(w + step * e) - grad(w - step * e)) @ e / (2 * step) * v for e, v in zip(np.eye(w.size), w)])
        """),
        solves=("scale", "mean"),
    ),
    Attack(
        name="differentiate-by-differences",
        # the answer is right, and so are its points: the instructor is told
        source=scale("""
            print("tried")
            step = 0.5
            return (half_a_square(x + step, factor) - half_a_square(x - step, factor)) / (2 * step)
        """, above="def half_a_square(x, factor): return factor * x * x / 2"),
        solves=("scale", "mean", "descend"),
        shows="`scale` seems to use a difference quotient",
    ),
    Attack(
        name="differentiate-by-a-complex-step",
        source=scale("""
            print("tried")
            step = 1e-20
            return half_a_square(x + 1j * step, factor).imag / step
        """, above="def half_a_square(x, factor): return factor * x * x / 2"),
        solves=("scale", "mean", "descend"),
        shows="`scale` seems to use a complex step",
    ),
    Attack(
        name="take-what-is-ready-made",
        # right as well; who reads it decides
        source=scale("""
            print("tried")
            return np.convolve(x.ravel(), [factor]).reshape(x.shape) if x.size else x
        """),
        solves=("scale", "mean", "descend"),
        shows="`scale` seems to use `convolve` of numpy",
    ),
    Attack(
        name="keep-an-oracle-for-later",
        source=descend("""
            KEPT.append(grad)
            print("tried")
            return attempt(KEPT[0], w) if len(KEPT) > 1 else None
        """, above="KEPT = []"),
        solves=("scale", "mean"),
    ),
    Attack(
        name="differentiate-by-a-package",
        source=descend("import torch; print('FOUND torch'); return w / 2"),
        solves=("scale", "mean"),
        shows="forbidden",
        user=False,
    ),
    Attack(
        name="bring-a-package-along",
        source=scale("""
            import subprocess
            tell(attempt(subprocess.run, [sys.executable, "-m", "pip", "install", "jax"], -1, None, None, -1, -1))
            import jax
        """),
        shows="forbidden|crashed",
    ),
    Attack(
        name="know-the-public-example",
        # what is public may be learned by heart: one check of four, and its share of the points
        source=scale("print('tried'); return np.array([2.0, 4.0, 6.0])"),
        solves=("scale", "mean", "descend"),
    ),
    Attack(
        name="guess-by-the-order-of-calls",
        source=scale("""
            CALLS.append(x)
            print("tried")
            return CALLS[0] * 2.0 if len(CALLS) > 1 else None
        """, above="CALLS = []"),
    ),
    Attack(
        name="guess-the-seed",
        source=scale("""
            print("tried")
            if not x.size: return None
            for seed in range(300):
                rng = np.random.default_rng(seed)
                if np.array_equal(rng.normal(size=x.shape), x): print("FOUND the seed"); return x * factor
            return np.random.get_state()[1]
        """),
    ),
    Attack(
        name="right-only-while-it-is-looked-at",
        source=scale("""
            print("tried")
            import traceback
            return x if x.size and not any("check" in line for line in traceback.format_stack()) else None
        """),
    ),
)  # fmt: skip
