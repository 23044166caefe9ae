"""The program "ADAM" of the notes H, section 1.3, behind the signature of the assignment, with its slip kept.

It computes the debiased moments and does not use them. Its tiny constant is the argument eps here.
"""

import numpy as np


def adam(grad, w0, lr, beta1, beta2, eps, steps):
    w = w0.copy()
    m = np.zeros(len(w))
    v = np.zeros(len(w))
    t = 1
    wsteps = [w.flatten()]
    for step in range(steps):
        alpha = lr(step) if callable(lr) else lr
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        vhat = v / (1 - beta2**t)  # noqa: F841 - that nobody uses it is the slip
        mhat = m / (1 - beta1**t)  # noqa: F841
        w += -alpha * m / (np.sqrt(v) + eps)
        wsteps.append(w.flatten())
        t += 1
    return np.array(wsteps)
