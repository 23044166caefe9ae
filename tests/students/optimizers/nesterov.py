"""The program "NestorovSGD" of the notes H, section 1.2.1, behind the signatures of the assignment, with its slips kept.

It takes the gradient at w + alpha m although the step is -alpha m: it looks back and not ahead. Its momentum starts at one.
"""

import numpy as np


def nesterov(grad, w0, lr, momentum, steps):
    w = w0.copy()
    m = np.ones(len(w))
    wsteps = [w.flatten()]
    for t in range(steps):
        beta = momentum(t) if callable(momentum) else momentum
        alpha = lr(t) if callable(lr) else lr
        m = beta * m + (1 - beta) * grad(w + alpha * m)
        w += -alpha * m
        wsteps.append(w.flatten())
    return np.array(wsteps)
