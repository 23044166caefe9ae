"""The ready-made functions that exercises ask students to write, by family: one computation under all its names.

The names are those of ``dir`` of ``torch``, ``torch.nn``, ``torch.nn.functional``, ``torch.func`` and
``torch.autograd.functional`` (torch 2.13), with the kernels below them (``native_layer_norm``, ``torch._VF.gru_cell``),
and of scipy 1.17 and numpy what does the same. Activations are left out: a line that a student may well write either
way. So are tools: ``einsum``, ``fft``, ``qr``, ``sliding_window_view``.
"""

from __future__ import annotations

import re
from functools import lru_cache

INITIALIZATION = "initialization"
"""A family that is an exercise as a function; a module may always be initialised by it."""
TENSOR_METHODS = frozenset({"backward", "softmax", "log_softmax", "logsumexp"})
"""Methods of tensors that do it; other methods (``unfold``) have the names of harmless ones of arrays."""
PACKAGES = frozenset({"torch", "scipy", "numpy"})
"""Where ready-made functions come from."""

LONGEST = 100
"""Characters of a path that are looked at: twice the longest of torch's own."""

# last names, wherever in torch they stand
_IN_TORCH = {
    "attention": r"_?scaled_dot_product_\w+|\w*multi_head_attention\w*|MultiheadAttention|Transformer\w*",
    "normalization": (
        r"\w*(?:batch|layer|group|instance|rms|local_response)_norm|"
        r"\w*(?:Batch|Layer|Group|Instance|RMS|LocalResponse)Norm(?:[1-3]d)?"
    ),
    "recurrence": r"\w*(?:gru|lstm|rnn_tanh|rnn_relu)(?:_cell)?|(?:GRU|LSTM|RNN)(?:Cell)?(?:Base)?",
    "convolution": (
        r"\w*conv(?:_transpose)?[1-3]d|conv_tbc|\w*convolution\w*|(?:un)?fold|im2col|col2im|"
        r"(?:Lazy)?Conv(?:Transpose)?[1-3]d|Fold|Unfold"
    ),
    "pooling": r"\w*(?:max|avg|lp)_(?:un)?pool[1-3]d\w*|\w*(?:Max|Avg|LP)(?:P|Unp)ool[1-3]d",
    "dropout": r"\w*dropout(?:[1-3]d)?_?|\w*Dropout(?:[1-3]d)?",
    "softmax": r"(?:\w+_)?softmax|softmin|logsumexp|(?:Log)?Softmax(?:2d)?|Softmin",
    "losses": r"\w+_loss|\w*cross_entropy\w*|kl_div|\w+Loss",
}
# whole paths
_PATHS = {
    "convolution": (
        r"numpy\.(?:convolve|correlate)|scipy\.(?:signal|ndimage)\.\w*(?:convolve|correlate)\w*|"
        r"scipy\.linalg\.(?:toeplitz|convolution_matrix)"
    ),
    "softmax": r"scipy\.special\.(?:log_?)?(?:softmax|sumexp)",
    "losses": r"scipy\.special\.(?:kl_div|rel_entr|huber|pseudo_huber)",
    "optimizers": (
        r"torch\.optim\.(?!(?:\w+\.)?(?:Optimizer|LRScheduler)$)(?:\w+\.\w+|[A-Z]\w*)|"  # not the bases of one's own
        r"torch\.nn\.utils\.(?:\w+\.)?clip_grads?_\w+|scipy\.optimize\.(?:minimize\w*|fmin\w*|least_squares|root\w*)"
    ),
    INITIALIZATION: (
        r"torch\.nn\.init\.\w+_|torch\.distributions\.(?:uniform\.)?Uniform|"
        r"scipy\.stats\.(?:ortho_group|special_ortho_group)"
    ),
    "distributions": r"torch\.distributions\.(?:\w+\.)?(?:kl_divergence|[A-Z]\w*)|scipy\.stats\.(?!\w*ortho_group)\w+",
    "automatic differentiation": (
        r"torch\.autograd\.(?:grad|backward)|torch\.Tensor\.backward|"
        r"(?:torch\.func|torch\.autograd\.functional|torch\.autograd\.forward_ad)\."
        r"(?:grad|grad_and_value|vjp|jvp|hvp|vhp|jacrev|jacfwd|jacobian|hessian|linearize|make_dual)"
    ),
}
_FAMILIES = [
    *((family, re.compile(rf"torch\.(?:\w+\.)*(?:{names})")) for family, names in _IN_TORCH.items()),
    *((family, re.compile(paths)) for family, paths in _PATHS.items()),
]


@lru_cache(maxsize=1024)
def family_of(path: str) -> str:
    """Return the family of a function by the path under which it is imported, as ``torch.nn.functional.fold``.

    An empty text of what is none of them.
    """
    if len(path) > LONGEST:
        return ""
    return next((family for family, pattern in _FAMILIES if pattern.fullmatch(path)), "")
