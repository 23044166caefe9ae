"""The program "momentumSGD" of the notes H, section 1.2, behind the signatures of the assignment, with its slips kept.

Its momentum starts at one, and takes in the gradient with the factor 1 - beta. Its batches advance by half of the batch
size, as the program's do, which counts on by 50 while its batches are of 100: half of the data is never seen.
"""

import numpy as np


def heavy_ball(grad, w0, lr, momentum, steps):
    w = w0.copy()
    m = np.ones(len(w))
    wsteps = [w.flatten()]
    for t in range(steps):
        beta = momentum(t) if callable(momentum) else momentum
        alpha = lr(t) if callable(lr) else lr
        m = beta * m + (1 - beta) * grad(w)
        w += -alpha * m
        wsteps.append(w.flatten())
    return np.array(wsteps)


def sgd(grad_i, n, w0, lr, batch_size, steps, rng, *, replacement=True):
    w = w0.copy()
    wsteps = [w.flatten()]
    batchnumber, advance = 0, max(batch_size // 2, 1)
    for t in range(steps):
        if replacement:
            minibatchindex = rng.integers(n, size=batch_size)
        else:
            if t % (n // batch_size) == 0:
                batchnumber = 0
                random_indices = rng.permutation(n)
            batchnumber += advance
            minibatchindex = random_indices[batchnumber - advance : batchnumber]
        alpha = lr(t) if callable(lr) else lr
        w += -alpha * grad_i(w, minibatchindex)
        wsteps.append(w.flatten())
    return np.array(wsteps)
