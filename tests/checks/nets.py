"""Small torch modules, right and wrong, for the tests of what checks say about modules."""

from __future__ import annotations

import torch


class Scale(torch.nn.Module):
    """A linear map, batch norm's running mean, and one output."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(inputs, outputs)
        self.register_buffer("mean", torch.zeros(outputs))

    def forward(self, x):
        h = self.linear(x)
        if self.training:
            self.mean.mul_(0.5).add_(0.5 * h.detach().mean(0))
            return h - h.mean(0)
        return h - self.mean

    def shifted(self, x, *, by=0.0, generator=None):
        noise = 0 if generator is None else torch.randn(x.shape, generator=generator)
        return self(x) + by, x + noise


class InAnotherOrder(Scale):
    """The same, computed otherwise."""

    def forward(self, x):
        h = torch.einsum("ni,oi->no", x, self.linear.weight) + self.linear.bias
        if self.training:
            self.mean += (h.detach().sum(0) / len(h) - self.mean) / 2
            return h - h.mean(0, keepdim=True)
        return h - self.mean


class Detached(Scale):
    """No gradient reaches what lies before the output."""

    def forward(self, x):
        return super().forward(x).detach()


class TimesZero(Scale):
    """The bias has no influence, and gets a gradient of zeros; the second input likewise."""

    def forward(self, x, h):
        return x @ self.linear.weight.T + 0 * self.linear.bias + 0 * h


class LeftOut(TimesZero):
    """The same; torch's gradient of what is left out is None."""

    def forward(self, x, h):
        return x @ self.linear.weight.T


class TimesOne(TimesZero):
    """Both have an influence."""

    def forward(self, x, h):
        return x @ self.linear.weight.T + self.linear.bias + h


class WrongInEvaluation(Scale):
    """Uses the batch's mean where the running mean is due."""

    def forward(self, x):
        h = self.linear(x)
        return super().forward(x) if self.training else h - h.mean(0)


class BufferNotRegistered(Scale):
    """Keeps the running mean where no state dict sees it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        del self.mean
        self.mean = torch.zeros(outputs)


class OtherShape(Scale):
    """Its buffer has an axis more."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.register_buffer("mean", torch.zeros(1, outputs))


class More(Scale):
    """Has a parameter that nobody asked for."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.extra = torch.nn.Parameter(torch.ones(1))


class ReturnsText(Scale):
    """Returns what is no tensor."""

    def forward(self, x):
        return "done"


class OnMeta(Scale):
    """Returns a tensor without values."""

    def forward(self, x):
        return super().forward(x).to("meta")


class WrongShape(Scale):
    """Sums over the batch."""

    def forward(self, x):
        return super().forward(x).sum(0)


class ReturnsNothing(Scale):
    """Forgets its last line."""

    def forward(self, x):
        super().forward(x)


class ReturnsTwo(Scale):
    """Returns what it computed on the way, too."""

    def forward(self, x):
        h = super().forward(x)
        return h, 2 * h


class NotContiguous(Scale):
    """Returns a transposed view of a transposed copy, which asks for gradients and has holes in memory."""

    def forward(self, x):
        h = super().forward(x)
        return torch.stack([h, h], -1)[..., 0].t().clone().t()


class NoModule:
    """Lacks its base class."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.shape = inputs, outputs
