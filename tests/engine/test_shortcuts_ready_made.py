"""Ready-made functions in place of a student's own: which are seen, which are allowed, and what is none."""

from __future__ import annotations

import textwrap
from importlib import import_module

import numpy as np
import pytest

from grader.engine.shortcuts import shortcuts_in
from grader.engine.shortcuts.ready_made import family_of

TORCH = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def of(code: str, *functions: str, solution: str = "", variants: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is said of a script whose exercise is ``f``."""
    return shortcuts_in((textwrap.dedent(code),), solution, functions or ("f",), variants)


WAYS = {
    "`layer_norm` of torch": [
        f"{TORCH}def f(x): return F.layer_norm(x, x.shape)",
        f"{TORCH}def f(x): return torch.nn.functional.layer_norm(x, x.shape)",
        "import torch as t\ndef f(x): return t.nn.functional.layer_norm(x, x.shape)",
        "from torch.nn.functional import (relu,\n    layer_norm as ln)\ndef f(x): return ln(x, x.shape)",
        "from torch.nn.functional import *\ndef f(x): return layer_norm(x, x.shape)",
        "from torch import nn\ndef f(x): return nn.functional.layer_norm(x, x.shape)",
        "def f(x):\n    import torch; from torch.nn import functional\n    return functional.layer_norm(x, x.shape)",
        f"{TORCH}G = torch.nn.functional\nH = G\ndef f(x): return H.layer_norm(x, x.shape)",
        f"{TORCH}def f(x):\n    G = torch.nn.functional\n    return G.layer_norm(x, x.shape)",
        f"{TORCH}f = F.layer_norm",
        f"{TORCH}f = lambda x: F.layer_norm(x, x.shape)",
        f"{TORCH}from functools import partial\ndef f(x): return partial(F.layer_norm, x)(x.shape)",
        f"{TORCH}def f(x): return getattr(F, 'layer_norm')(x, x.shape)",
        "import importlib\ndef f(x): return importlib.import_module('torch.nn.functional').layer_norm(x, x.shape)",
        "def f(x): return __import__('torch').nn.functional.layer_norm(x, x.shape)",
        "try:\n    import torch\nexcept ImportError: pass\ndef f(x): return torch.layer_norm(x, x.shape)",
        f"{TORCH}def f(x):\n    if (y := F.layer_norm(x, x.shape)) is not None: return y",
        f"{TORCH}def f(x):\n    def inner(F): return F\n    return F.layer_norm(x, x.shape)",
    ],
    "`gru_cell` of torch": [
        "import torch\ndef f(x, h): return torch._VF.gru_cell(x, h)",
        "import torch\ndef f(x, h): return torch.ops.aten.gru_cell.default(x, h)",
    ],
    "`GRUCell` of torch": [
        f"{TORCH}class f(nn.GRUCell): pass",
        f"{TORCH}class f(nn.Module):\n    cell = nn.GRUCell(2, 3)",
    ],
    "`grad` of torch": [
        "import torch\ndef f(y, x): return torch.autograd.grad(y, x)",
        "from torch.func import grad\ndef f(g, x): return grad(g)(x)",
    ],
    "`backward` of torch": [
        "import torch\ndef f(x): return g(x).backward()",
        "import torch\ndef f(x):\n    y = g(x)\n    (-y).sum().backward()\n    return x.grad",
        "import torch\ndef f(out, x): return torch.autograd.backward(out)",
    ],
    "`dropout` of torch": [
        "import torch\ndef f(x, p): return x * (torch.dropout(torch.ones(x.shape), p, True).numpy() != 0)",
    ],
    "`softmax` of torch": ["import torch\ndef f(x): return torch.as_tensor(x).softmax(-1).numpy()"],
    "`logsumexp` of scipy": ["from scipy.special import logsumexp\ndef f(x): return x - logsumexp(x)"],
    "`convolve` of numpy": ["import numpy as np\ndef f(x, w): return np.convolve(x, w)"],
    "`Adam` of torch": ["from torch import optim\ndef f(w): return optim.Adam([w]).step()"],
    "`StepLR` of torch": ["import torch\ndef f(o): return torch.optim.lr_scheduler.StepLR(o, 3)"],
}  # fmt: skip


@pytest.mark.parametrize(("what", "code"), [(what, code) for what, codes in WAYS.items() for code in codes])
def test_a_ready_made_function_is_told_however_it_is_named(what, code):
    (sentence,) = of(code)
    assert sentence.startswith(f"`f` seems to use {what}")


NONE = {
    "a method of an array": "import torch\nimport numpy as np\ndef f(x): return x.fold(2).dropout().unfold(1)",
    "a function of one's own": "import torch\nfrom torch.nn.functional import fold\ndef fold(x): return x\ndef f(x): return fold(x)",
    "a class of one's own": "import torch\nclass GRUCell(torch.nn.Module): pass\ndef f(x): return GRUCell()(x)",
    "an argument": "from torch.nn.functional import dropout\ndef f(x, dropout=0.1): return x * dropout",
    "a variable": f"{TORCH}def f(x):\n    N, F, H = x.shape\n    return F.fold",
    "another package": "import tensorflow.nn as nn\nfrom mine import layer_norm\ndef f(x): return nn.softmax(layer_norm(x))",
    "an import of one's own": "from .torch import softmax\ndef f(x): return softmax(x)",
    "a backward of one's own": "import torch\nclass Layer:\n    def backward(self, d): return d\ndef f(d): return Layer().backward(d)",
    "a backward without torch": "def f(layer, d): return layer.backward(d)",
    "a method of oneself": "import torch\nclass f:\n    def go(self, x): return self.softmax(x)",
    "tools": f"{TORCH}def f(x): return torch.einsum('ij->j', torch.exp(nn.Linear(2, 3)(F.relu(x)))) * nn.Parameter(x)",
    "an optimizer of one's own": "import torch\nclass f(torch.optim.Optimizer): pass",
    "a test in the function": f"{TORCH}def f(x):\n    y = x - x.mean()\n    assert torch.allclose(y, F.layer_norm(x, x.shape))\n    return y",
    "a test by torch": f"{TORCH}def f(x):\n    torch.testing.assert_close(x, F.layer_norm(x, x.shape))\n    return x",
    "a test with a condition": f"{TORCH}def f(x):\n    if (x - F.layer_norm(x, x.shape)).max() > 1: print('wrong')\n    return x",
    "a type": f"{TORCH}def f(x, o: torch.optim.Adam, n=3) -> nn.LayerNorm:\n    y: nn.GRU = x\n    return y",
    "a kind": f"{TORCH}def f(x): return 1 if isinstance(x, nn.LayerNorm) else 2",
    "a docstring": f"{TORCH}def f(x):\n    '''As F.layer_norm(x).'''\n    return x",
    "a test cell": f"{TORCH}def f(x): return x\ndef by_torch(x): return F.layer_norm(x, x.shape)\nassert f(x) == by_torch(x)",
    "a test cell whose result has the name of a variable":
        f"{TORCH}def f(x):\n    out = x\n    return out\ndef by_torch(x): return F.layer_norm(x, x.shape)\nout = by_torch(x)",
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_nothing_where_there_is_none(name):
    assert of(NONE[name]) == ()


class TestWhatIsAllowed:
    BY_F = f"{TORCH}def f(x): return F.layer_norm(x, x.shape)\n"

    def test_what_the_solution_uses_under_any_name(self):
        assert of(self.BY_F, solution=f"{TORCH}def f(x): return nn.LayerNorm(3)(x)\n") == ()

    def test_not_what_it_uses_of_another_family(self):
        assert of(self.BY_F, solution=f"{TORCH}def f(x): return F.softmax(x)\n") != ()

    def test_not_what_it_uses_elsewhere(self):
        assert of(self.BY_F, solution=f"{TORCH}def f(x): return x\ndef g(x): return F.layer_norm(x, x.shape)\n") != ()

    def test_what_a_variant_uses(self):
        solution = f"{TORCH}def f(x): return g(x)\ndef g(x): return x\n"
        by_helper = f"{solution}def g(x): return F.batch_norm(x, None, None)\n"
        assert of(self.BY_F, solution=solution, variants=(f"{solution}def f(x): return 1 * x\n",)) != ()
        assert of(self.BY_F, solution=solution, variants=(f"{solution}def f(x): return 1 * x\n", by_helper)) == ()

    def test_differences_that_a_variant_takes(self):
        solution = "def f(x): return d(x)\n"
        code = "def f(x): return (g(x + h) - g(x)) / h\n"
        assert of(code, solution=solution) != ()
        assert of(code, solution=solution, variants=(f"{solution}def f(x): return g(x + 1j * h).imag / h\n",)) == ()

    @pytest.mark.parametrize(
        "line", ["nn.init.xavier_normal_(self.w)", "w = torch.distributions.Uniform(-k, k).sample()"]
    )
    def test_a_module_may_be_initialized(self, line):
        code = f"{TORCH}class f(nn.Module):\n    def __init__(self): {line}\n"
        assert of(code, solution="class f: pass\n") == ()
        assert of(code.replace("class f(nn.Module)", "def f()"), solution="def f(): pass\n") != ()

    def test_it_is_told_of_whoever_may_not(self):
        code = (
            f"{TORCH}def norm(x): return F.layer_norm(x, x.shape)\ndef f(x): return norm(x)\ndef g(x): return norm(x)\n"
        )
        (sentence,) = of(code, "f", "g", solution=self.BY_F + "def g(x): return x\n")
        assert (
            sentence
            == "`g` seems to use `layer_norm` of torch in `norm` (line 4: `def norm(x): return F.layer_norm(x, x.shape)`)"
        )


class TestTheSentences:
    def test_name_place_and_line(self):
        code = f"{TORCH}class f(nn.Module):\n    def forward(self, q):\n        return F.scaled_dot_product_attention(q, q, q)\n"
        (sentence,) = of(code)
        assert sentence == (
            "`f` seems to use `scaled_dot_product_attention` of torch in `f.forward` "
            "(line 6: `return F.scaled_dot_product_attention(q, q, q)`)"
        )

    def test_of_one_function_in_one_place_there_is_one(self):
        assert len(of(f"{TORCH}def f(x): return F.fold(x) + torch.nn.functional.fold(x) + F.unfold(x)")) == 2

    def test_of_many_the_first_five_are_told(self):
        many = [f"def n{i}(x): return F.fold(x)" for i in range(5)]
        everyone = "def f(x): return n0(x) + n1(x) + n2(x) + n3(x) + n4(x)"
        said = of(TORCH + "\n".join([*many, everyone]))
        assert [sentence.partition(" of torch in ")[2][:4] for sentence in said] == [f"`n{i}`" for i in range(5)]
        said = of(TORCH + "\n".join([*many, everyone + " + F.unfold(x) + F.dropout(x)"]))
        assert (len(said), said[5]) == (6, "and 2 more")

    def test_a_long_name_is_cut(self):
        name = "n" * 1000
        (sentence,) = of(f"{TORCH}def {name}(x): return F.fold(x)\ndef f(x): return {name}(x)\n")
        assert len(sentence) < 300


HOSTILE = {
    "attributes": f"{TORCH}def f(x): return {'torch.' * 20_000}fold",
    "many attributes": f"{TORCH}def f(x): return [{', '.join(['torch' + '.a' * 800] * 80)}]",
    "imports": "import (" * 15_000 + "\nimport torch\n",
    "many imports": "import torch\n" * 9_000,
    "aliases": "import torch\na0 = torch\n" + "".join(f"a{n} = a{n - 1}.a\n" for n in range(1, 6000)),
    "a long name": f"import torch\ndef f(x): return torch.{'conv' * 20_000}",
    "a ring": "".join(f"def a{n}(): return a{(n + 1) % 3000}()\n" for n in range(3000)) + "def f(): return a0()\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_source_is_not_spoken_of(name):
    assert of(HOSTILE[name]) == ()


class TestTheList:
    @pytest.mark.parametrize(
        ("path", "family"),
        [
            ("torch.nn.functional.multi_head_attention_forward", "attention"),
            ("torch.nn.TransformerEncoderLayer", "attention"),
            ("torch.native_layer_norm", "normalization"),
            ("torch.nn.BatchNorm2d", "normalization"),
            ("torch.nn.RNNCellBase", "recurrence"),
            ("torch.rnn_relu_cell", "recurrence"),
            ("torch.nn.ConvTranspose2d", "convolution"),
            ("torch.nn.functional.unfold", "convolution"),
            ("torch.nn.functional.adaptive_avg_pool2d", "pooling"),
            ("torch.nn.MaxUnpool1d", "pooling"),
            ("torch.nn.functional.dropout2d", "dropout"),
            ("torch.nn.functional.log_softmax", "softmax"),
            ("torch.nn.functional.binary_cross_entropy_with_logits", "losses"),
            ("torch.nn.KLDivLoss", "losses"),
            ("torch.optim.adam.adam", "optimizers"),
            ("torch.nn.utils.clip_grad_norm_", "optimizers"),
            ("torch.nn.init.orthogonal_", "initialization"),
            ("torch.distributions.kl.kl_divergence", "distributions"),
            ("torch.autograd.functional.jacobian", "automatic differentiation"),
            ("torch.func.vjp", "automatic differentiation"),
            ("scipy.special.log_softmax", "softmax"),
            ("scipy.signal.correlate2d", "convolution"),
            ("scipy.optimize.minimize", "optimizers"),
            ("scipy.stats.multivariate_normal", "distributions"),
            ("scipy.stats.ortho_group", "initialization"),
        ],
    )
    def test_holds_functions_that_there_are(self, path, family):
        module, _, name = path.rpartition(".")
        assert hasattr(import_module(module), name)
        assert family_of(path) == family

    @pytest.mark.parametrize(
        "path",
        ["torch.norm", "torch.linalg.norm", "torch.nn.Linear", "torch.nn.functional.linear", "torch.nn.functional.pad",
         "torch.optim.Optimizer", "torch.optim.lr_scheduler", "torch.autograd.Function", "torch.no_grad", "torch.conj",
         "torch.nn.Embedding", "torch.func.vmap", "scipy.linalg.qr", "torch.nn.functional.silu", "torch.fft.fft"],
    )  # fmt: skip
    def test_holds_no_tools(self, path):
        assert family_of(path) == ""

    def test_holds_two_functions_of_numpy(self):
        assert {name for name in dir(np) if family_of(f"numpy.{name}")} == {"convolve", "correlate"}
