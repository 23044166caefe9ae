"""Modules that stand on one device or in one dtype, and unusual ones that do not, for the tests of parity."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

WIDTH = 4
TABLE = torch.linspace(0, 1, WIDTH)


class Right(nn.Module):
    """A linear map of rows; the others change what comes after it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        return self.after(self.linear(x))

    def after(self, h):
        return torch.tanh(h)


# --- wrong: each in its own way


class MaskNotRegistered(Right):
    def __init__(self) -> None:
        super().__init__()
        self.mask = torch.tensor([True, False, True, True])

    def after(self, h):
        return h.masked_fill(~self.mask, 0.0)


class LayersInAList(Right):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(WIDTH, WIDTH)]

    def after(self, h):
        return self.layers[0](h)


class ScalesInADict(Right):
    def __init__(self) -> None:
        super().__init__()
        self.scales = {"h": nn.Parameter(torch.ones(WIDTH))}

    def after(self, h):
        return h * self.scales["h"]


class MakesAMask(Right):
    def after(self, h):
        return h.masked_fill(torch.ones(WIDTH, dtype=torch.bool), 0.0)


class UsesATableOfTheFile(Right):
    def after(self, h):
        return h * TABLE


class ReturnsFromTheCpu(Right):
    def after(self, h):
        return torch.relu(h.cpu())


class GoesByTheCpu(Right):
    def after(self, h):
        return h.to("cpu").exp().to(h.device)


class ComputesInNumpy(Right):
    def after(self, h):
        return h + torch.as_tensor(np.tanh(h.detach().cpu().numpy()), device=h.device)


class AsksNumpyAtOnce(Right):
    def after(self, h):
        return h * float(np.mean(h.detach().numpy()))


class DividesByAnItem(Right):
    def after(self, h):
        return h / h.abs().max().item()


class ShiftsByAFloat(Right):
    def after(self, h):
        return h * math.exp(-h.mean().item())


class FillsATensorOfTheCpu(Right):
    def after(self, h):
        out = torch.zeros(h.shape, dtype=h.dtype)
        for row in range(len(h)):
            out[row] = h[row]
        return out


class _Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return h * h

    @staticmethod
    def backward(ctx, dout):
        (h,) = ctx.saved_tensors
        two = torch.full(h.shape, 2.0, dtype=h.dtype)
        return dout * two * h


class MakesATensorInBackward(Right):
    def after(self, h):
        return _Squared.apply(h)


class ReturnsAConstant(Right):
    def forward(self, x):
        return torch.zeros(x.shape, dtype=x.dtype)


class WantsAGpu(Right):
    def after(self, h):
        return h.to("cuda:7")


# --- wrong in their dtype


class ReturnsFloat32(Right):
    def after(self, h):
        return h.float()


class NeedsFloat32(Right):
    def forward(self, x):
        return self.linear(x.float())


class StartsInFloat32(Right):
    def after(self, h):
        return self.linear(torch.zeros(h.shape, device=h.device)) + h


class GoesByFloat32(Right):
    def after(self, h):
        return torch.softmax(h.float(), -1).to(h.dtype)


class ComputesFloat32InBfloat16(Right):
    def after(self, h):
        return (h.bfloat16() if h.dtype is torch.float32 else h).exp().to(h.dtype)


class Counts(Right):
    calls = 0

    def after(self, h):
        Counts.calls += 1
        return h * Counts.calls


class UsesNewMemory(Right):
    def after(self, h):
        return h + torch.empty_like(h)


# --- right, and unusual


class IndexesFromTheCpu(Right):
    def after(self, h):
        return h[:, torch.tensor([3, 2, 1, 0])]


class MultipliesByAScalarOfTheCpu(Right):
    def after(self, h):
        return h / torch.sqrt(torch.tensor(float(WIDTH)))


class BufferNotInTheState(Right):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.arange(WIDTH) > 1, persistent=False)

    def after(self, h):
        return h.masked_fill(~self.mask, -1.0)


class MovesItsConstant(Right):
    def after(self, h):
        return h + torch.arange(WIDTH).to(h.device, h.dtype) + TABLE.to(h)


class WritesConstantsIntoASlice(Right):
    def after(self, h):
        h = h.clone()
        h[:, :2] = torch.zeros(len(h), 2)
        return h


class KeepsALog(Right):
    def after(self, h):
        self.largest = h.max().item()
        self.mean = h.detach().cpu().numpy().mean() if h.dtype is not torch.bfloat16 else 0.0
        return h.t().contiguous().t()


class MakesItsTableLate(Right):
    table = None

    def after(self, h):
        if self.table is None:
            self.table = torch.linspace(0, 1, WIDTH, device=h.device, dtype=h.dtype)
        return h * self.table


class PromotesInSoftmax(Right):
    def after(self, h):
        return torch.softmax(h.to(torch.promote_types(h.dtype, torch.float32)), -1).to(h.dtype)


class SetsNegativesToZero(Right):
    def after(self, h):
        h = h.clone()
        h[h < 0] = 0
        return h


class RoundsOff(Right):
    def after(self, h):
        return h + (h.round() - h).detach()


class DropsOut(Right):
    def after(self, h):
        return nn.functional.dropout(h, 0.5, self.training) + 0.1 * torch.randn_like(h)


class NormalizesWithABias(Right):
    """The gradient of the linear map's bias is zero in theory, and rounding alone in practice."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(WIDTH)

    def after(self, h):
        return self.norm(h)


class Recurs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(WIDTH, 3)
        self.heads = nn.MultiheadAttention(WIDTH, 2, batch_first=True)

    def forward(self, x):
        x = x + self.heads(x[None], x[None], x[None], need_weights=False)[0][0]
        state = x.new_zeros(1, 3)
        states = []
        for row in x:
            state = self.cell(row[None], state)
            states.append(state)
        return torch.cat(states)


class FourierTransforms(Right):
    def after(self, h):
        return torch.fft.irfft(torch.fft.rfft(h), n=WIDTH)


# --- undecided


class BranchesOnValues(Right):
    def after(self, h):
        return h if h.sum() > 0 else -h


class BranchesOnAnItem(Right):
    def after(self, h):
        return h if h.max().item() > 0 else -h


class DrawsByWeights(Right):
    def after(self, h):
        return h[torch.multinomial(torch.ones(len(h), device=h.device), len(h), replacement=True)]
