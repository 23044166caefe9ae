"""Each rule that makes mutants, on one line of code."""

from __future__ import annotations

import pytest

from grader.mutants import make, mutants

HEAD = "import numpy as np\nimport torch\n\n\ndef f(a, b, c, n, x, self):\n    "

# A rule, a line of code, and all that the rule makes of it.
RULES = """
operator   a + b             => a - b
operator   a - b             => a + b
operator   a * b / c         => a / b / c; a * b * c
operator   a // n % 2        => a * n % 2; a // n // 2
operator   a @ b             => a * b
operator   a**n              => a*n
operator   (a > 0) & ~b      => (a > 0) | ~b
operator   a + 0 * (b / 1)   => a - 0 * (b / 1); a + 0 / (b / 1)
operator   x *= a            => x /= a
operator   self.x -= a       => self.x += a
order      a - b             => b - a
order      a + b - c         => c - (a + b)
order      a / b             => b / a
order      a * b @ c         => c @ (a * b)
order      (a - b) ** 2      =>
order      abs(a - b)        =>
order      (a - b).abs()     =>
order      (a - b) ** 3      => (b - a) ** 3
order      a - a             =>
exponent   1 - b**n          => 1 - b**(n + 1); 1 - b**(n - 1)
exponent   b ** (n)          => b ** (n + 1); b ** (n - 1)
sign       f(-a)             => f(a)
sign       f(~a)             => f(a)
sign       np.cos(-a)        =>
sign       h = np.exp(a)     => h = -np.exp(a)
sign       h: int = a @ b    => h: int = -(a @ b)
sign       h = -a * b        => h = a * b
sign       h = 2 * a         =>
sign       h = a - b         =>
sign       return a, f(b)    => return a, -f(b)
sign       return f(b)       =>
sign       self.l = Layer(a) =>
sign       a, b = f(c)       =>
term       a + b - c         => b - c; a - c; a + b
term       x - (a - b)       => -(a - b); x; x - (-b); x - (a)
term       f(0 + a)          => f(0)
factor     a * b / c         => b / c; a / c; a * b
factor     a / b             => 1 / b; a
factor     1 / a             => 1
factor     a * (b * c) * 1   => (b * c) * 1; a * 1; a * (c) * 1; a * (b) * 1
constant   f(2)              => f(-2); f(1); f(3); f(4)
constant   f(0)              => f(-1); f(1)
constant   f(0.5)            => f(-0.5); f(1.0); f(1.5)
constant   f(-1)             => f(-2); f(0); f(1)
constant   2 ** a            => (-2) ** a; 1 ** a; 3 ** a; 4 ** a
constant   1 + 2 * a         => -1 + 2 * a; 2 + 2 * a; 1 + -2 * a; 1 + 3 * a; 1 + 4 * a
constant   f(1e-8)           => f(0.0); f(0.001)
constant   f(1e308, 'text')  => f(-1e+308, 'text')
constant   f(True, None)     => f(False, None)
constant   zip(a, strict=True) =>
constant   a[2] + a.sum(axis=1) + a[:, 1:3] + a.mean(-1) =>
comparison a < b             => a <= b; a >= b
comparison a > b             => a <= b; a >= b
comparison 0 < a <= 1        => 0 <= a <= 1; 0 >= a <= 1; 0 < a < 1; 0 < a > 1
comparison a == b            => a != b
comparison a is not b        => a is b
comparison a not in b        => a in b
condition  a and b and c     => b and c; a and c; a or b and c; a and b; a and b or c
condition  (a) or b          => b; (a); (a) and b
condition  a if b else c     => a if not b else c
condition  a if b < c else c =>
condition  a if not b else c => a if b else c
axis       np.sum(a, axis=0) => np.sum(a, axis=-1); np.sum(a, axis=1); np.sum(a, axis=None); np.sum(a, axis=0, keepdims=True)
axis       a.max(axis=1, keepdims=True) => a.max(axis=0, keepdims=True); a.max(axis=None, keepdims=True); a.max(axis=1, keepdims=False)
axis       a.softmax(dim=-1) => a.softmax(dim=-2); a.softmax(dim=0)
axis       a.sum(dim=-2)     => a.sum(dim=-1); a.sum(dim=0); a.sum(dim=None); a.sum(dim=-2, keepdim=True)
axis       a.sum(axis=(0, 2)) => a.sum(axis=0); a.sum(axis=2); a.sum(axis=None); a.sum(axis=(0, 2), keepdims=True)
axis       a.argmax(2)       => a.argmax(1); a.argmax(None)
axis       np.concatenate(a, 1) => np.concatenate(a, 0)
axis       max(a, 0)         =>
transpose  a.T @ b           => a @ b; a.T @ b.T
transpose  (a + b).T         => (a + b)
transpose  np.dot(a + b, c)  => np.dot((a + b).T, c); np.dot(a + b, c.T)
transpose  a.transpose(0, 2, 1) => a
transpose  np.swapaxes(a + b, 1, 2) * 2 => (a + b) * 2
transpose  np.einsum('ij,jk->ik', a, b) => np.einsum('ji,jk->ik', a, b); np.einsum('ij,kj->ik', a, b); np.einsum('ij,jk->ki', a, b)
index      a[0] + b[n]       => a[-1] + b[n]; a[1] + b[n]
index      a[-1]             => a[-2]; a[0]
index      [a[i] for i in range(n)] => [a[i + 1] for i in range(n)]; [a[i - 1] for i in range(n)]
index      a[:, None]        => a[None, :]
slice      a[1:n]            => a[0:n]; a[2:n]; a[1:n + 1]; a[1:n - 1]
slice      a[:-1]            => a[1:-1]; a[:-2]; a[:0]
slice      a[n:]             => a[n + 1:]; a[n - 1:]; a[n:-1]
slice      a[:]              =>
slice      a[::2]            => a[::1]; a[::3]
slice      a[::-1]           => a
slice      a[:, ::-1]        => a[:, :]
loop       list(reversed(a)) => list(a)
loop       a.flip(0)         => a
loop       range(n)          => range(1, n); range(n + 1); range(n - 1)
loop       range(1, n - 1)   => range(0, n - 1); range(2, n - 1)
loop       range(a - b)      => range(1, a - b); range(a - b + 1); range(a - b - 1)
loop       enumerate(a)      => enumerate(a, 1)
loop       enumerate(a, 1)   => enumerate(a, 0); enumerate(a, 2)
loop       [f(i) for i in a + b] => [f(i) for i in list(a + b)[1:]]; [f(i) for i in list(a + b)[:-1]]
loop       [f(i) for i in count(1)] =>
function   a.sum()           => a.mean()
function   np.maximum(a, b)  => np.minimum(a, b)
function   max(a, b)         => min(a, b)
function   sum(a)            =>
function   np.exp(a + b) * c => (a + b) * c
function   (a + b).sqrt()    => (a + b)
function   np.zeros(n)       => np.ones(n)
function   a.argmax()        => a.argmin()
function   torch.sigmoid(a)  => a; torch.tanh(a)
function   a.var()           => a.std(); a.var(ddof=1)
function   a.std(dim=0,)     => a.var(dim=0,); a.std(dim=0, correction=0)
function   a.std(ddof=1)     => a.var(ddof=1)
argument   f(a, b, c)        => f(b, a, c); f(a, c, b)
argument   f((a + b), c)     => f((c), a + b)
argument   np.where(a, b, c) => np.where(a, c, b)
argument   np.clip(a, b, c)  => np.clip(a, c, b)
argument   a.clip(b, c)      => a.clip(c, b)
argument   np.maximum(a, b) + f(a, a) + f(*a, b) + np.swapaxes(a, 1, 2) + a.transpose(-2, -1) + np.cat(a, 0) =>
tuple      return a, (b, c)  => return (b, c), a; return a, (c, b)
tuple      a, b = f(c)       => b, a = f(c)
tuple      a, b = b, c       => a, b = c, b
tuple      a in (b, c)       =>
copy       a.copy()          => a
copy       np.copy(a + b) * c => (a + b) * c
copy       (a + b).detach().clone() => (a + b).clone(); (a + b).detach()
statement  f(a)              => pass
statement  x += a            => pass
statement  self.x = a        => pass
statement  a[0] = b          => pass
statement  x = x / 2         => pass
statement  h = x             =>
statement  a, h = f(a)       =>
assignment x += a            => x = a
assignment x = a             => x += a
assignment self.x = a        => self.x += a
assignment h = a             =>
"""


def read(row: str):
    left, wanted = row.split("=>")
    rule, code = left.strip().split(maxsplit=1)
    return pytest.param(rule, code, [one.strip() for one in wanted.split(";") if one.strip()], id=f"{rule}: {code}")


def made_of(line: str, rule: str) -> list[str]:
    """What becomes of the one line of a function, by one rule; the rest must stay as it is."""
    changed = []
    for mutant in mutants(f"{HEAD}{line}\n", ["f"]):
        if mutant.rule == rule:
            assert mutant.source.startswith(HEAD)
            changed.append(mutant.source.removeprefix(HEAD).removesuffix("\n"))
    return changed


@pytest.mark.parametrize(("rule", "line", "wanted"), [read(row) for row in RULES.strip().splitlines()])
def test_a_rule_makes_these_mutants_and_no_others(rule, line, wanted):
    assert made_of(line, rule) == wanted


def test_every_rule_is_in_the_table():
    assert {row.split()[0] for row in RULES.strip().splitlines()} == {name for name, _, _ in make.RULES}
