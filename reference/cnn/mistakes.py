"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses: windows that overlap, padding of 0, axes, means and eps at the wrong
place. Each is a patch of the solution; checks are proved with them, and a submission that behaves like one gets its
hint.
"""

from __future__ import annotations

from grader import mistake

CONVOLUTION = [
    mistake(
        "convolve1d",
        right="y[shift : shift + n] += weight * x",
        wrong="y[len(w) - 1 - shift : len(w) - 1 - shift + n] += weight * x",
        hint="Flip the kernel: without it, this is the cross-correlation.",
    ),
    mistake(
        "convolve1d",
        right="y[shift : shift + n] += weight * x",
        wrong="y[shift : shift + n] = weight * x",
        hint="Add (+=) what different entries send to the same place, do not assign it.",
    ),
    mistake(
        "convolve1d",
        right="return y",
        wrong="return y[(len(w) - 1) // 2 : (len(w) - 1) // 2 + n]",
        hint="Return all n + m - 1 entries, and not only as many as the signal has.",
    ),
    mistake(
        "convolve1d",
        right="return y",
        wrong="return y[min(n, len(w)) - 1 : max(n, len(w))]",
        hint="Return all n + m - 1 entries: signal and kernel are zero outside, and need not overlap whole.",
    ),
    mistake(
        "convolve1d",
        right="return y",
        wrong="return np.fft.ifft(np.fft.fft(x, max(n, len(w))) * np.fft.fft(w, max(n, len(w)))).real",
        hint="Fill both arrays up with zeros to n + m - 1 before the Fourier transform, or else the ends wrap round.",
    ),
    mistake(
        "convolve1d",
        right="return y",
        wrong="return np.fft.ifft(np.fft.fft(x, len(y)) * np.fft.fft(w, len(y)))",
        hint="Take the real part after the inverse Fourier transform.",
    ),
    mistake(
        "toeplitz",
        right="return T",
        wrong="return T.T",
        hint="The matrix acts from the left, T @ x: it is (n + m - 1, n), and the kernel stands in its columns.",
    ),
    mistake(
        "toeplitz",
        right="T[t : t + m, t] = w",
        wrong="T[t : t + m, t] = w[::-1]",
        hint="The columns hold the kernel as it is; what is flipped are the rows.",
    ),
    mistake(
        "toeplitz",
        right="return T",
        wrong="return T[:n]",
        hint="The matrix has n + m - 1 rows, one for each output, also those at which the kernel runs past the signal.",
    ),
    mistake(
        "toeplitz",
        right="T[t : t + m, t] = w",
        wrong="T[:, t] = np.roll(np.append(w[0], np.append(np.zeros(n - 1), w[:0:-1])), t)",
        hint="The diagonals hold the kernel from the main one downwards; above it there are zeros.",
    ),
    mistake(
        "toeplitz",
        right="T[t : t + m, t] = w",
        wrong="T[t : t + min(m, n), t] = w[:n]",
        hint="Every entry of the kernel has its diagonal, also where the kernel is longer than the signal.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return U[:, 0], Vt[0]",
        hint="The singular value is missing: the outer product of two unit vectors is too small or too large.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return sigma[0] * U[:, 0], sigma[0] * Vt[0]",
        hint="The singular value is in both factors: put it into one of them, or its root into each.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return sigma[0] * U[:, 0], Vt[:, 0]",
        hint="The row is the first row of what numpy's svd returns last: that is V transposed already.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return sigma[0] * U[0], Vt[0]",
        hint="The singular vectors of the left side are the columns of U, not its rows.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return kernel[:, 0], kernel[0]",
        hint="The first column and the first row are both scaled: their product is off by the factor kernel[0, 0].",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return kernel[:, 0], kernel[0] / kernel[0, 0]",
        hint="First column and row give the kernel back only where its rank is 1: take the largest singular value.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="i, j = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)\n"
        "    return kernel[:, j], kernel[i] / kernel[i, j]",
        hint="One column and one row give the kernel back only where its rank is 1: take the largest singular value.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="row = np.linspace(1.0, 2.0, kernel.shape[1])\n"
        "    for _ in range(10):\n"
        "        row = kernel.T @ (kernel @ row)\n"
        "        row = row / np.linalg.norm(row)\n"
        "    return kernel @ row, row",
        hint="Ten steps of power iteration are too few where the two largest singular values are close: take the svd.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="row = kernel[0]\n"
        "    for _ in range(1000):\n"
        "        row = kernel.T @ (kernel @ row)\n"
        "        row = row / (np.linalg.norm(row) + 1e-300)\n"
        "    return kernel @ row, row",
        hint="Power iteration must not begin with the first row, which may be 0: take the svd.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return sigma[-1] * U[:, len(sigma) - 1], Vt[len(sigma) - 1]",
        hint="numpy sorts singular values in falling order: the largest one is the first.",
    ),
    mistake(
        "separable",
        right="return sigma[0] * U[:, 0], Vt[0]",
        wrong="return Vt[0], sigma[0] * U[:, 0]",
        hint="Return the column first, then the row.",
    ),
    mistake(
        "receptive_field",
        right="apart *= stride",
        wrong="apart *= 1",
        hint="Strides are left out: behind a stride of 2, neighbouring inputs lie two pixels apart.",
    ),
    mistake(
        "receptive_field",
        right="field += (kernel - 1) * dilation * apart",
        wrong="field += (kernel - 1) * dilation * apart * stride",
        hint="A stride spreads the layers after it, not its own layer.",
    ),
    mistake(
        "receptive_field",
        right="field += (kernel - 1) * dilation * apart",
        wrong="field += (kernel - 1) * apart",
        hint="Dilation is left out: a kernel of k reaches over (k - 1) dilation + 1 of its inputs.",
    ),
    mistake(
        "receptive_field",
        right="field += (kernel - 1) * dilation * apart",
        wrong="field += kernel * dilation * apart",
        hint="A kernel of k adds k - 1 steps, not k.",
    ),
    mistake(
        "receptive_field",
        right="field, apart = 1, 1",
        wrong="field, apart = 0, 1",
        hint="Begin with one pixel: without a layer an output is its own pixel.",
    ),
    mistake(
        "receptive_field",
        right="field, apart = 1, 1",
        wrong="field, apart = min(len(layers), 1), 1",
        hint="Without any layer the field is 1: an output is its own pixel.",
    ),
    mistake(
        "receptive_field",
        right="apart *= stride",
        wrong="apart += stride - 1",
        hint="Strides multiply, they do not add: two strides of 2 put neighbours four pixels apart.",
    ),
    mistake(
        "receptive_field",
        right="apart *= stride",
        wrong="apart = stride",
        hint="All strides before a layer count, and not the last one alone.",
    ),
    mistake(
        "receptive_field",
        right="in layers:",
        wrong="in layers[::-1]:",
        hint="The layers are listed from the image on: the first one has no stride before it.",
    ),
]


def sloppy_forward(windows: str, y: str = "y") -> str:
    """Return a forward of the layer with other windows or another last step, whose backward is right."""
    return f"""def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    columns = im2col(x, w.shape[2:], stride, padding, dilation)
    sides = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), sides, sides))
    {windows}
    y = np.einsum("ncijst,fcst->nfij", windows, w) + b[:, None, None]
    y = {y}
    return y, (columns, w, x.shape, y.shape, stride, padding, dilation)
"""


IM2COL = [
    mistake(
        "im2col",
        right="windows.transpose(0, 2, 3, 1, 4, 5)",
        wrong="windows.transpose(0, 2, 3, 4, 5, 1)",
        hint="In a row of the matrix the channel changes slowest, not fastest: as in w[f].ravel().",
    ),
    mistake(
        "im2col",
        right="windows.transpose(0, 2, 3, 1, 4, 5)",
        wrong="windows",
        hint="Move the axis of the channels behind those of the output pixels first: reshape alone mixes windows up.",
    ),
    mistake(
        "im2col",
        right="reshape(N * H_out * W_out, C * kh * kw)",
        wrong="reshape(N * H_out * W_out, C * kh * kw).T",
        hint="Windows are the rows of the matrix, not its columns.",
    ),
    mistake(
        "im2col",
        right="windows.transpose(0, 2, 3, 1, 4, 5)",
        wrong="windows.transpose(2, 3, 0, 1, 4, 5)",
        hint="The image changes slowest from row to row: all windows of the first image come first.",
    ),
    mistake(
        "im2col",
        right="windows.transpose(0, 2, 3, 1, 4, 5)",
        wrong="windows.transpose(0, 2, 3, 1, 5, 4)",
        hint="Rows and columns of the window are mixed up: in a row of the matrix the window's column changes fastest.",
    ),
    mistake(
        "im2col",
        right="windows.transpose(0, 2, 3, 1, 4, 5)",
        wrong="windows.transpose(0, 3, 2, 1, 4, 5)",
        hint="Rows and columns of the output are mixed up: the column of the output pixel changes fastest.",
    ),
    mistake(
        "im2col",
        right="((0, 0), (0, 0), sides, sides))",
        wrong='((0, 0), (0, 0), sides, sides), mode="edge")',
        hint="Pad with zeros, and not with the pixels of the border.",
    ),
    mistake(
        "im2col",
        right="sides = (padding, padding)",
        wrong="sides = (2 * padding, 0)",
        hint="Put as many zeros on every side: here all of them are above and at the left.",
    ),
]

CONV2D = [
    mistake(
        "conv2d_forward",
        right="w.reshape(F, -1).T + b",
        wrong="w[:, :, ::-1, ::-1].reshape(F, -1).T + b",
        hint="Do not flip the kernel: the layer that libraries call convolution is the cross-correlation.",
    ),
    mistake(
        "conv2d_forward",
        right="w.reshape(F, -1).T + b",
        wrong="w.reshape(F, -1).T",
        hint="Add the bias of its filter to every output pixel.",
    ),
    mistake(
        "conv2d_forward",
        right=".T + b",
        wrong=".T + C * b",
        hint="Add the bias once to each output, after the sum over the channels, and not once for each channel.",
    ),
    mistake(
        "conv2d_forward",
        right="w.reshape(F, -1).T",
        wrong="w.reshape(-1, F)",
        hint="Flatten each filter into a row, (F, C kh kw), and transpose: reshape to (C kh kw, F) mixes filters up.",
    ),
    mistake(
        "conv2d_forward",
        right="y = _as_images(rows, (len(x), F, H_out, W_out))",
        wrong="y = rows.reshape(len(x), F, H_out, W_out)",
        hint="The rows of the product hold the filters last: reshape to (N, H_out, W_out, F), then transpose.",
    ),
    mistake(
        "conv2d_forward",
        right="y = _as_images(rows, (len(x), F, H_out, W_out))",
        wrong="y = rows.reshape(len(x), H_out, W_out, F)",
        hint="Return images with the channels first, (N, F, H_out, W_out): transpose the last axis to the front.",
    ),
    mistake(
        "conv2d_forward",
        right="F, C, kh, kw = w.shape",
        wrong="F, C, kh, kw = w.shape\n    stride = 1",
        hint="The stride is ignored: move the window by stride pixels.",
    ),
    mistake(
        "conv2d_forward",
        right="F, C, kh, kw = w.shape",
        wrong="F, C, kh, kw = w.shape\n    padding = 0",
        hint="The padding is ignored: put that many zeros on every side of the images.",
    ),
    mistake(
        "conv2d_forward",
        right="F, C, kh, kw = w.shape",
        wrong="F, C, kh, kw = w.shape\n    padding = 1",
        hint="The padding is fixed at 1: take the argument.",
    ),
    mistake(
        "conv2d_forward",
        right="F, C, kh, kw = w.shape",
        wrong="F, C, kh, kw = w.shape\n    dilation = 1",
        hint="The dilation is ignored: neighbours in the kernel look at pixels that are dilation apart.",
    ),
    mistake(
        "conv2d_forward",
        right="spans = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1",
        wrong="spans = kh, kw",
        hint="The size of the output forgets the dilation: a kernel spans (k - 1) dilation + 1 pixels.",
    ),
    mistake(
        "conv2d_forward",
        right="(length + 2 * padding - span)",
        wrong="(length + padding - span)",
        hint="The size of the output counts the padding on both sides, twice.",
    ),
    mistake(
        "conv2d_forward",
        right="zip(x.shape[2:], spans, strict=True)",
        wrong="zip((x.shape[2], x.shape[2]), spans, strict=True)",
        hint="Height and width of the images differ: compute the size of the output along each axis.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward("windows = _windows(padded, w.shape[2:], 1, dilation)[:, :, ::stride]"),
        hint="The stride is used along the rows only: the window moves by stride along both axes.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward(
            "kh, kw = w.shape[2:]\n"
            "    windows = _windows(padded, ((kh - 1) * dilation + 1, (kw - 1) * dilation + 1), stride)\n"
            "    windows = windows[..., ::dilation, :kw]"
        ),
        hint="The dilation is used along the rows only: the kernel has holes along both axes.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward(
            "windows = _windows(padded[..., padding : padding + x.shape[3]], w.shape[2:], stride, dilation)"
        ),
        hint="The padding is put above and below only: it goes on all four sides.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward(
            "windows = _windows(padded[:, :, : padded.shape[2] - (padding > 0)], w.shape[2:], stride, dilation)"
        ),
        hint="The padding is one row short at the bottom: put as many zeros below the images as above.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward(
            "windows = _windows(padded, w.shape[2:], stride, dilation)",
            "y[:, :, : max(1, y.shape[2] - 1), : max(1, y.shape[3] - 1)]",
        ),
        hint="The last window is left out along both axes: the size of the output is floor(...) + 1.",
    ),
    mistake(
        "conv2d_forward",
        whole=sloppy_forward(
            "padded = np.pad(padded, ((0, 0), (0, 0), (0, stride - 1), (0, stride - 1)))\n"
            "    windows = _windows(padded, w.shape[2:], stride, dilation)"
        ),
        hint="The size of the output rounds down: a window that does not fit whole does not count.",
    ),
    mistake(
        "conv2d_backward",
        right="db = rows.sum(axis=0)",
        wrong="db = rows.sum(axis=0) / N",
        hint="Do not divide the bias gradient by N: the mean belongs to the loss, and comes with dy.",
    ),
    mistake(
        "conv2d_backward",
        right="db = rows.sum(axis=0)",
        wrong="db = dy.sum(axis=0)",
        hint="A bias reaches every pixel: sum its gradient over images, rows and columns.",
    ),
    mistake(
        "conv2d_backward",
        right="db = rows.sum(axis=0)",
        wrong="db = rows.sum(axis=0, keepdims=True).T",
        hint="Return db with the shape of b, (F,).",
    ),
    mistake(
        "conv2d_backward",
        right="dw = (rows.T @ columns).reshape(w.shape)",
        wrong="dw = (rows.T @ columns).reshape(w.shape) / N",
        hint="Do not divide the kernel's gradient by N: the mean belongs to the loss, and comes with dy.",
    ),
    mistake(
        "conv2d_backward",
        right="dw = (rows.T @ columns).reshape(w.shape)",
        wrong="last = len(rows) // N\n    dw = (rows[-last:].T @ columns[-last:]).reshape(w.shape)",
        hint="Add up the kernel's gradients of all images: dw is overwritten, and the last one alone counts.",
    ),
    mistake(
        "conv2d_backward",
        right="dw = (rows.T @ columns).reshape(w.shape)",
        wrong="dw = (rows.T @ columns).reshape(w.shape)[:, :, ::-1, ::-1]",
        hint="The kernel's gradient is flipped: forward does not flip the kernel, and backward does not either.",
    ),
    mistake(
        "conv2d_backward",
        right="dcolumns = rows @ w.reshape(F, -1)",
        wrong="dcolumns = rows @ w[:, :, ::-1, ::-1].reshape(F, -1)",
        hint="Each window gets back the kernel as it is; it is flipped only where dx is made by sliding it over dy.",
    ),
    mistake(
        "conv2d_backward",
        right="dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        wrong="dx = dpadded[:, :, padding:-padding, padding:-padding]",
        hint="Cut the padding off with padding : padding + H: with padding 0, the slice [0:-0] is empty.",
    ),
    mistake(
        "conv2d_backward",
        right="dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        wrong="dx = dpadded",
        hint="Cut the padding off: dx has the shape of x.",
    ),
    mistake(
        "conv2d_backward",
        right="dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        wrong="dx = dpadded[:, :, :H, :W]",
        hint="Cut the padding off on both sides: the images begin at pixel (padding, padding).",
    ),
    mistake(
        "conv2d_backward",
        right="dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        wrong="dx = dpadded[:, :, 1 : 1 + H, 1 : 1 + W]",
        hint="Cut off as much as was padded: here it is always 1.",
    ),
    mistake(
        "conv2d_backward",
        right="    dx = dpadded",
        wrong="    reach = [(n - 1) * stride + (k - 1) * dilation + 1 for n, k in zip(dy.shape[2:], (kh, kw))]\n"
        "    dpadded = dpadded[:, :, : reach[0], : reach[1]]\n"
        "    dx = dpadded",
        hint="Make dx as large as x, not as what the windows reach: pixels that no window sees have the gradient 0.",
    ),
    mistake(
        "conv2d_backward",
        right="stride, dilation)",
        wrong="1, dilation)",
        hint="The way back forgets the stride: output pixel (i, j) belongs to the window at (i stride, j stride).",
    ),
    mistake(
        "conv2d_backward",
        right="stride, dilation)",
        wrong="stride, 1)",
        hint="The way back forgets the dilation: the kernel has the same holes as in forward.",
    ),
    mistake(
        "conv2d_backward",
        right="rows = _in_rows(dy)",
        wrong="rows = _in_rows(np.ones_like(dy))",
        hint="The gradients ignore the upstream gradient dy.",
    ),
    mistake(
        "conv2d_backward",
        right="rows = _in_rows(dy)",
        wrong="rows = dy.reshape(-1, F)",
        hint="Transpose dy to (N, H_out, W_out, F) before you make rows of it: reshape does not move axes.",
    ),
    mistake(
        "conv2d_backward",
        right="return dx, dw, db",
        wrong="return dw, dx, db",
        hint="Return the gradients in the order of the arguments of forward: dx, dw, db.",
    ),
    mistake(
        "conv2d_backward",
        right="    dx = dpadded",
        wrong="    dpadded /= np.maximum(_add_windows(np.ones_like(dwindows), dpadded.shape, stride, dilation), 1)\n"
        "    dx = dpadded",
        hint="Add what the windows send back to a pixel, do not take their mean.",
    ),
    mistake(
        "conv2d_backward",
        right="    dx = dpadded",
        wrong="    dpadded *= 0\n"
        "    for i, j in np.ndindex(dy.shape[2:]):\n"
        "        seen = dpadded[:, :, i * stride :, j * stride :][:, :, ::dilation, ::dilation][:, :, :kh, :kw]\n"
        "        seen[...] = dwindows[:, :, i, j]\n"
        "    dx = dpadded",
        hint="Add (+=) what the windows send back to a pixel: they overlap, and the last must not replace the others.",
    ),
    mistake(
        "conv2d_forward",
        right="    return y, (columns, w, x.shape, y.shape, stride, padding, dilation)",
        wrong="    last = globals().setdefault('_last', [])\n"
        "    last[:] = columns, w, x.shape, y.shape, stride, padding, dilation\n"
        "    return y, last",
        hint="Make a new cache in each call: what backward needs must not be overwritten by the next forward.",
    ),
]


def assigning(kind: str, share: str, take: str) -> str:
    """Return a backward of pooling that assigns where windows overlap."""
    return f"""def {kind}_pool_backward(dy, cache):
    {take}
    dx = np.zeros(shape)
    for i, j in np.ndindex(dy.shape[2:]):
        dx[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] = {share}
    return dx
"""


POOLING = [
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1)",
        wrong="return np.maximum(places.max(axis=-1), 0)",
        hint="Begin the search for the maximum with -inf, not with 0: a window may hold negative numbers only.",
    ),
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1)",
        wrong="return np.abs(places).max(axis=-1)",
        hint="Take the largest number, not the largest absolute value.",
    ),
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1)",
        wrong="return places.mean(axis=-1)",
        hint="Take the maximum of each window, not its mean.",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window[::-1], stride)",
        hint="Rows and columns of the window are mixed up: it is (kh, kw), as the images are (H, W).",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, (window[0], window[0]), stride)",
        hint="The window need not be square: kh and kw are two numbers.",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, 1)",
        hint="The stride is ignored: move the window by stride pixels.",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, max(window))",
        hint="Move the window by stride, not by its own length.",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, 1)[:, :, ::stride]",
        hint="The stride is used along the rows only: the window moves by stride along both axes.",
    ),
    mistake(
        "max_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(np.pad(x, ((0, 0), (0, 0), (0, stride - 1), (0, stride - 1)), mode='edge'), window, stride)",
        hint="The size of the output rounds down: a window that does not fit whole does not count.",
    ),
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1)",
        wrong="return places.max(axis=-1).transpose(0, 2, 3, 1)",
        hint="Return images with the channels first, (N, C, H_out, W_out).",
    ),
    mistake(
        "max_pool_forward",
        right=".reshape(windows.shape)",
        wrong=".reshape(*windows.shape[:4], *window[::-1]).swapaxes(4, 5)",
        hint="The place of the maximum is taken apart the wrong way: argmax is row * kw + column.",
    ),
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1), (won, x.shape, stride)",
        wrong="last = globals().setdefault('_last', [])\n"
        "    last[:] = won, x.shape, stride\n"
        "    return places.max(axis=-1), last",
        hint="Make a new cache in each call: what backward needs must not be overwritten by the next forward.",
    ),
    mistake(
        "max_pool_forward",
        right="return places.max(axis=-1)",
        wrong="return np.maximum(places.max(axis=-1), -100)",
        hint="Begin the search for the maximum with -inf: a window may hold numbers that are lower still.",
    ),
    mistake(
        "max_pool_backward",
        whole=assigning(
            "max",
            "won[:, :, i, j] * dy[:, :, i, j, None, None]",
            "won, shape, stride = cache\n    kh, kw = won.shape[4:]",
        ),
        hint="Add (+=) the gradients of windows that overlap: the last window overwrites what the others sent.",
    ),
    mistake(
        "max_pool_backward",
        right="    return _add_windows(won * dy[..., None, None], shape, stride)",
        wrong="    x = np.zeros(shape)\n"
        "    for n, c, i, j in np.ndindex(dy.shape):\n"
        "        s, t = np.argwhere(won[n, c, i, j])[0]\n"
        "        x[n, c, i * stride + s, j * stride + t] = dy[n, c, i, j]\n"
        "    return x",
        hint="Add (+=) the gradients of windows that overlap: a pixel may be the largest of several.",
    ),
    mistake(
        "max_pool_backward",
        right="won * dy[..., None, None]",
        wrong="np.ones_like(won) * dy[..., None, None]",
        hint="Pass the gradient to the largest pixel of the window, not to all of them.",
    ),
    mistake(
        "max_pool_backward",
        right="won * dy[..., None, None]",
        wrong="np.ones_like(won) * dy[..., None, None] / won[0, 0, 0, 0].size",
        hint="Pass the whole gradient to the largest pixel of the window: shared out, it is that of the mean.",
    ),
    mistake(
        "max_pool_backward",
        right="won * dy[..., None, None]",
        wrong="won * np.ones_like(dy)[..., None, None]",
        hint="The gradient ignores the upstream gradient dy.",
    ),
    mistake(
        "max_pool_backward",
        right="shape, stride)",
        wrong="shape, 1)",
        hint="The way back forgets the stride: output pixel (i, j) belongs to the window at (i stride, j stride).",
    ),
    mistake(
        "avg_pool_forward",
        right="windows.mean(axis=(4, 5))",
        wrong="windows.sum(axis=(4, 5))",
        hint="Divide the sum of a window by its number of pixels, kh kw.",
    ),
    mistake(
        "avg_pool_forward",
        right="windows.mean(axis=(4, 5))",
        wrong="windows.sum(axis=(4, 5)) / window[0] ** 2",
        hint="The number of pixels in a window is kh kw: windows need not be square.",
    ),
    mistake(
        "avg_pool_forward",
        right="windows.mean(axis=(4, 5))",
        wrong="windows.max(axis=(4, 5))",
        hint="Take the mean of each window, not its maximum.",
    ),
    mistake(
        "avg_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window[::-1], stride)",
        hint="Rows and columns of the window are mixed up: it is (kh, kw), as the images are (H, W).",
    ),
    mistake(
        "avg_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, 1)",
        hint="The stride is ignored: move the window by stride pixels.",
    ),
    mistake(
        "avg_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, max(window))",
        hint="Move the window by stride, not by its own length.",
    ),
    mistake(
        "avg_pool_forward",
        right="_windows(x, window, stride)",
        wrong="_windows(x, window, 1)[:, :, ::stride]",
        hint="The stride is used along the rows only: the window moves by stride along both axes.",
    ),
    mistake(
        "avg_pool_backward",
        whole=assigning("avg", "dy[:, :, i, j, None, None] / (kh * kw)", "(*_, kh, kw), shape, stride = cache"),
        hint="Add (+=) the gradients of windows that overlap: the last window overwrites what the others sent.",
    ),
    mistake(
        "avg_pool_backward",
        right="dy[..., None, None] / (kh * kw)",
        wrong="dy[..., None, None]",
        hint="Divide the gradient among the pixels of a window: each gets 1 / (kh kw) of it.",
    ),
    mistake(
        "avg_pool_backward",
        right="dy[..., None, None] / (kh * kw)",
        wrong="dy[..., None, None] / kh**2",
        hint="The number of pixels in a window is kh kw: windows need not be square.",
    ),
    mistake(
        "avg_pool_backward",
        right="dy[..., None, None] / (kh * kw)",
        wrong="dy[..., None, None] / stride**2",
        hint="Divide by the pixels of the window, kh kw, and not by the square of the stride.",
    ),
    mistake(
        "avg_pool_backward",
        right="    return _add_windows(shares, shape, stride)",
        wrong="    cover = _add_windows(np.ones(windows_shape), shape, stride)\n"
        "    return _add_windows(shares, shape, stride) / np.maximum(cover, 1)",
        hint="Add what the windows send back to a pixel, do not take their mean.",
    ),
    mistake(
        "avg_pool_backward",
        right="dy[..., None, None] / (kh * kw)",
        wrong="np.ones_like(dy)[..., None, None] / (kh * kw)",
        hint="The gradient ignores the upstream gradient dy.",
    ),
    mistake(
        "avg_pool_backward",
        right="shape, stride)",
        wrong="shape, 1)",
        hint="The way back forgets the stride: output pixel (i, j) belongs to the window at (i stride, j stride).",
    ),
]

BATCH_NORM = [
    mistake(
        "batch_norm_forward",
        right="np.sqrt(var + eps)",
        wrong="np.sqrt((var * N / (N - 1) if train else var) + eps)",
        hint="Normalise with the variance divided by N; the one divided by N - 1 is for the running average alone.",
    ),
    mistake(
        "batch_norm_forward",
        right="(1 - rho) * var * N / (N - 1)",
        wrong="(1 - rho) * var",
        hint="The running variance takes the unbiased variance of the batch, divided by N - 1.",
    ),
    mistake(
        "batch_norm_forward",
        right="    shrink = ",
        wrong="    mean, var = running_mean, running_var\n    shrink = ",
        hint="In training, normalise with mean and variance of the batch; the running averages are for evaluation.",
    ),
    mistake(
        "batch_norm_forward",
        right="        mean, var = running_mean, running_var",
        wrong="        mean, var = x.mean(axis=0), x.var(axis=0)",
        hint="In evaluation, normalise with the running averages, not with the batch.",
    ),
    mistake(
        "batch_norm_forward",
        right="        mean, var = running_mean, running_var",
        wrong="        mean, var = running_mean, running_var\n"
        "        running_mean = rho * running_mean + (1 - rho) * x.mean(axis=0)\n"
        "        running_var = rho * running_var + (1 - rho) * x.var(axis=0)",
        hint="In evaluation, leave the running averages as they are.",
    ),
    mistake(
        "batch_norm_forward",
        right="    N = len(x)\n",
        wrong="    N = len(x)\n    rho = 1 - rho\n",
        hint="rho and 1 - rho are swapped: rho is what stays of the running average (torch's momentum is 1 - rho).",
    ),
    mistake(
        "batch_norm_forward",
        right="    N = len(x)\n",
        wrong="    N = len(x)\n    rho = 1.0\n",
        hint="Update the running averages in training, and return the new ones.",
    ),
    mistake(
        "batch_norm_forward",
        right="    N = len(x)\n",
        wrong="    N = len(x)\n    rho = rho or 0.9\n",
        hint="rho = 0 is a number like others, and not a missing one: here it becomes 0.9.",
    ),
    mistake(
        "batch_norm_forward",
        right="(1 - rho) * var * N / (N - 1)",
        wrong="(1 - rho) * np.sqrt(var * N / (N - 1))",
        hint="The running variance holds variances, not standard deviations.",
    ),
    mistake(
        "batch_norm_forward",
        right="np.sqrt(var + eps)",
        wrong="np.sqrt(var)",
        hint="eps is missing: add it to the variance, inside of the root.",
    ),
    mistake(
        "batch_norm_forward",
        right="np.sqrt(var + eps)",
        wrong="(np.sqrt(var) + eps)",
        hint="Add eps to the variance, inside of the root, not to the standard deviation.",
    ),
    mistake(
        "batch_norm_forward",
        right="np.sqrt(var + eps)",
        wrong="(var + eps)",
        hint="Divide by the standard deviation: the root of the variance is missing.",
    ),
    mistake(
        "batch_norm_forward",
        right="mean, var = x.mean(axis=0), x.var(axis=0)",
        wrong="mean, var = np.full(x.shape[1], x.mean()), np.full(x.shape[1], x.var())",
        hint="Every feature has a mean and a variance of its own: take them over axis 0 only.",
    ),
    mistake(
        "batch_norm_forward",
        right="return a * x_hat + b",
        wrong="return b * x_hat + a",
        hint="Scale and shift are swapped: a multiplies, b is added.",
    ),
    mistake(
        "batch_norm_forward",
        right="return a * x_hat + b",
        wrong="return x_hat",
        hint="Scale and shift are missing: y = a x_hat + b.",
    ),
    mistake(
        "batch_norm_forward",
        right="(x_hat, a * shrink), running_mean, running_var",
        wrong="(x_hat, a * shrink), running_var, running_mean",
        hint="Return the running mean before the running variance.",
    ),
    mistake(
        "batch_norm_forward",
        right="(x_hat, a * shrink)",
        wrong="(x_hat, shrink)",
        hint="The scale a is missing in dx: the gradient by x_hat is a dy.",
    ),
    mistake(
        "batch_norm_forward",
        right="(x_hat, a * shrink)",
        wrong="(x - mean, a * shrink)",
        hint="The gradients by a and x need the normalised x_hat, not x less its mean.",
    ),
    mistake(
        "batch_norm_forward",
        right="    return a * x_hat + b, (x_hat, a * shrink)",
        wrong="    last = globals().setdefault('_last', [])\n"
        "    last[:] = x_hat, a * shrink\n"
        "    return a * x_hat + b, last",
        hint="Make a new cache in each call: what backward needs must not be overwritten by the next forward.",
    ),
    mistake(
        "batch_norm_backward",
        right="(dy - db / N - x_hat * da / N)",
        wrong="dy",
        hint="Mean and variance of the batch depend on x too: the gradient flows through both.",
    ),
    mistake(
        "batch_norm_backward",
        right="(dy - db / N - x_hat * da / N)",
        wrong="(dy - x_hat * da / N)",
        hint="The gradient through the mean of the batch is missing in dx.",
    ),
    mistake(
        "batch_norm_backward",
        right="(dy - db / N - x_hat * da / N)",
        wrong="(dy - db / N)",
        hint="The gradient through the variance of the batch is missing in dx.",
    ),
    mistake(
        "batch_norm_backward",
        right="(dy - db / N - x_hat * da / N)",
        wrong="(dy - db / N + x_hat * da / N)",
        hint="The gradient through the variance of the batch has the wrong sign.",
    ),
    mistake(
        "batch_norm_backward",
        right="(dy - db / N - x_hat * da / N)",
        wrong="(N * dy - db - x_hat * da)",
        hint="The factor 1 / N is missing in dx.",
    ),
    mistake(
        "batch_norm_backward",
        right="x_hat * da / N)",
        wrong="x_hat * da / (N - 1))",
        hint="The gradient through the variance divides by N, as the variance does.",
    ),
    mistake(
        "batch_norm_backward",
        right="da = (dy * x_hat).sum(axis=0)",
        wrong="da = dy.sum(axis=0)",
        hint="The gradient by a is the sum of dy times x_hat.",
    ),
    mistake(
        "batch_norm_backward",
        right="return dx, da, db",
        wrong="return dx, da / N, db / N",
        hint="Sum the gradients by a and b over the batch: the mean belongs to the loss, and comes with dy.",
    ),
    mistake(
        "batch_norm_backward",
        right="return dx, da, db",
        wrong="return dx, db, da",
        hint="Return the gradients in the order of the arguments of forward: dx, da, db.",
    ),
    mistake(
        "batch_norm_backward",
        right="    N = len(dy)",
        wrong="    N = len(dy)\n    dy = np.ones_like(dy)",
        hint="The gradients ignore the upstream gradient dy.",
    ),
    mistake(
        "batch_norm2d_forward",
        whole="""def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    rows = x.reshape(-1, x.shape[1])
    y, cache, mean, var = batch_norm_forward(rows, a, b, running_mean, running_var, train=train, rho=rho, eps=eps)
    return y.reshape(x.shape), (cache, x.shape), mean, var
""",
        hint="Move the channels to the end before you make rows of the pixels: reshape does not transpose.",
    ),
    mistake(
        "batch_norm2d_forward",
        whole="""def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    y, cache, mean, var = batch_norm_forward(
        _in_rows(x), a, b, running_mean, running_var, train=train, rho=rho, eps=eps
    )
    if train:
        a, b, means, variances = (one[:, None, None] for one in (a, b, running_mean, running_var))
        y = a * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + b
        return y, (cache, x.shape), mean, var
    return _as_images(y, x.shape), (cache, x.shape), mean, var
""",
        hint="Take mean and variance of a channel over images, rows and columns, axes 0, 2 and 3, not images only.",
    ),
    mistake(
        "batch_norm2d_forward",
        whole="""def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    y, cache, mean, var = batch_norm_forward(
        _in_rows(x), a, b, running_mean, running_var, train=train, rho=rho, eps=eps
    )
    if train:
        centred = x - x.mean(axis=(2, 3), keepdims=True)
        y = a[:, None, None] * centred / np.sqrt(x.var(axis=(2, 3), keepdims=True) + eps) + b[:, None, None]
        return y, (cache, x.shape), mean, var
    return _as_images(y, x.shape), (cache, x.shape), mean, var
""",
        hint="Take mean and variance over all images of the batch too, axes 0, 2 and 3: this is instance norm.",
    ),
    mistake(
        "batch_norm2d_forward",
        right="    return _as_images(y, x.shape)",
        wrong="    n, m = max(len(x), 2), x[:, 0].size\n"
        "    if train:\n"
        "        running_var = running_var + (1 - rho) * x.var(axis=(0, 2, 3)) * (n / (n - 1) - m / (m - 1))\n"
        "    return _as_images(y, x.shape)",
        hint="The unbiased variance of a channel divides by N H W - 1, not by N - 1.",
    ),
    mistake(
        "batch_norm2d_forward",
        right="train=train, rho=rho, eps=eps",
        wrong="train=train",
        hint="Pass rho and eps on: here the defaults are used, whatever the arguments.",
    ),
    mistake(
        "batch_norm2d_forward",
        right="return _as_images(y, x.shape)",
        wrong="return y.reshape(x.shape)",
        hint="Move the channels back to axis 1: reshape does not transpose.",
    ),
    mistake(
        "batch_norm2d_backward",
        right="_as_images(dx, shape)",
        wrong="dx.reshape(shape)",
        hint="Move the channels of dx back to axis 1: reshape does not transpose.",
    ),
    mistake(
        "batch_norm2d_backward",
        right="batch_norm_backward(_in_rows(dy), rows)",
        wrong="batch_norm_backward(dy.reshape(-1, dy.shape[1]), rows)",
        hint="Move the channels of dy to the end before you make rows of the pixels: reshape does not transpose.",
    ),
    mistake(
        "batch_norm2d_backward",
        right="shape), da, db",
        wrong="shape), da / len(dy), db / len(dy)",
        hint="Sum the gradients by a and b over images and pixels: the mean belongs to the loss, and comes with dy.",
    ),
    mistake(
        "batch_norm2d_backward",
        whole="""def batch_norm2d_backward(dy, cache):
    (x_hat, slope), shape = cache
    rows, N = _in_rows(dy), len(dy)
    da, db = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    return _as_images(slope * (rows - db / N - x_hat * da / N), shape), da, db
""",
        hint="The means of the gradient go over all N H W numbers of a channel: divide by N H W, and not by N.",
    ),
]

LAYER_NORM = [
    mistake(
        "layer_norm_forward",
        whole="""def layer_norm_forward(x, a, b, eps=1e-5):
    shrink = 1 / np.sqrt(x.var(axis=0, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=0, keepdims=True)) * shrink
    return a * x_hat + b, (x_hat, shrink, a)
""",
        hint="Layer norm takes mean and variance over the features of each sample, axis 1: this is batch norm.",
    ),
    mistake(
        "layer_norm_forward",
        right="x.var(axis=1, keepdims=True)",
        wrong="x.var(axis=1, keepdims=True, ddof=1)",
        hint="Divide the variance by p, not by p - 1 (torch.std and pandas divide by p - 1).",
    ),
    mistake(
        "layer_norm_forward",
        right="np.sqrt(x.var(axis=1, keepdims=True) + eps)",
        wrong="np.sqrt(x.var(axis=1, keepdims=True))",
        hint="eps is missing: add it to the variance, inside of the root.",
    ),
    mistake(
        "layer_norm_forward",
        right="np.sqrt(x.var(axis=1, keepdims=True) + eps)",
        wrong="(x.std(axis=1, keepdims=True) + eps)",
        hint="Add eps to the variance, inside of the root, not to the standard deviation.",
    ),
    mistake(
        "layer_norm_forward",
        right="np.sqrt(x.var(axis=1, keepdims=True) + eps)",
        wrong="(x.var(axis=1, keepdims=True) + eps)",
        hint="Divide by the standard deviation: the root of the variance is missing.",
    ),
    mistake(
        "layer_norm_forward",
        right="return a * x_hat + b",
        wrong="return x_hat",
        hint="Scale and shift are missing: y = a x_hat + b.",
    ),
    mistake(
        "layer_norm_forward",
        right="return a * x_hat + b",
        wrong="return a * (x_hat + b)",
        hint="Shift after scaling: y = a x_hat + b.",
    ),
    mistake(
        "layer_norm_forward",
        right="    return a * x_hat + b, (x_hat, shrink, a)",
        wrong="    last = globals().setdefault('_last', [])\n"
        "    last[:] = x_hat, shrink, a\n"
        "    return a * x_hat + b, last",
        hint="Make a new cache in each call: what backward needs must not be overwritten by the next forward.",
    ),
    mistake(
        "layer_norm_backward",
        right="dx = shrink * (g - mean - x_hat * along)",
        wrong="dx = a * shrink * (dy - dy.mean(axis=1, keepdims=True)"
        " - x_hat * (dy * x_hat).mean(axis=1, keepdims=True))",
        hint="Multiply dy by a before you take the means: a differs between the features, over which the means go.",
    ),
    mistake(
        "layer_norm_backward",
        right="g = dy * a",
        wrong="g = dy",
        hint="The scale a is missing in dx: the gradient by x_hat is a dy.",
    ),
    mistake(
        "layer_norm_backward",
        right="(g - mean - x_hat * along)",
        wrong="g",
        hint="Mean and variance of a sample depend on x too: the gradient flows through both.",
    ),
    mistake(
        "layer_norm_backward",
        right="(g - mean - x_hat * along)",
        wrong="(g - mean)",
        hint="The gradient through the variance is missing in dx.",
    ),
    mistake(
        "layer_norm_backward",
        right="(g - mean - x_hat * along)",
        wrong="(g - x_hat * along)",
        hint="The gradient through the mean is missing in dx.",
    ),
    mistake(
        "layer_norm_backward",
        right="g.mean(axis=1, keepdims=True), (g * x_hat).mean(axis=1, keepdims=True)",
        wrong="g.mean(axis=0, keepdims=True), (g * x_hat).mean(axis=0, keepdims=True)",
        hint="The means of the gradient go over the features of each sample, axis 1: over the batch it is batch norm.",
    ),
    mistake(
        "layer_norm_backward",
        right="return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)",
        wrong="return dx, dy * x_hat, dy",
        hint="The gradients by a and b have the shape (p,): sum over the batch, which they all serve.",
    ),
    mistake(
        "layer_norm_backward",
        right="return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)",
        wrong="return dx, (dy * x_hat).sum(axis=1), dy.sum(axis=1)",
        hint="Sum the gradients by a and b over the batch, axis 0: they are (p,).",
    ),
    mistake(
        "layer_norm_backward",
        right="return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)",
        wrong="return dx, (g * x_hat).sum(axis=0), dy.sum(axis=0)",
        hint="The gradient by a is the sum of dy times x_hat, without another factor a.",
    ),
    mistake(
        "layer_norm_backward",
        right="return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)",
        wrong="return dx, (dy * x_hat).mean(axis=0), dy.mean(axis=0)",
        hint="Sum the gradients by a and b over the batch: the mean belongs to the loss, and comes with dy.",
    ),
]

DROPOUT = [
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="(rng.random(x.shape) < p) / (1 - p)",
        hint="Keep and drop are swapped: p is the probability of dropping, so keep where the number is at least p.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="(rng.random(x.shape) < p) / max(p, 1e-300)",
        hint="p is the probability of dropping an entry, not of keeping it: swap p and 1 - p.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="(rng.random(x.shape) >= p) / 1.0",
        hint="Divide what is kept by 1 - p, so that the mean stays (inverted dropout).",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="(rng.random(x.shape) >= p) * (1 - p)",
        hint="Divide what is kept by 1 - p, do not multiply.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="(rng.random(x.shape) >= p) / (p if p else 1.0)",
        hint="Divide what is kept by 1 - p, the share of what is kept, and not by p.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="rng.normal(size=x.shape)",
        hint="Compare uniform numbers with p: of normal ones, another share lies below p.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="np.broadcast_to(rng.random(x.shape[1:]), x.shape)",
        hint="Draw a mask for each sample: one for the whole batch makes the samples depend on each other.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p)",
        wrong="np.broadcast_to(rng.binomial(1, 1 - p, size=x.shape[1:]), x.shape)",
        hint="Draw a mask for each sample: one for the whole batch makes the samples depend on each other.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="np.broadcast_to(rng.random(x.shape if x.ndim < 4 else (*x.shape[:2], 1, 1)), x.shape)",
        hint="Draw a number for each pixel: here whole channels are dropped together.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p)",
        wrong="(rng.permutation(x.size).reshape(x.shape) >= round(p * x.size))",
        hint="Draw each entry independently: here the same number of entries is dropped in every call.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p)",
        wrong="(rng.integers(0, 10, size=x.shape) >= 10 * p)",
        hint="Compare uniform numbers with p: whole numbers below 10 give it in tenths only.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p)",
        wrong="globals().setdefault(f'_mask{p, x.shape}', (rng.random(x.shape) >= p) / (1 - p))",
        hint="Draw a mask in every call, and keep none from an earlier one.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="np.broadcast_to(rng.random((*x.shape[:-1], 1)), x.shape)",
        hint="Draw a number for each entry: here whole rows are dropped together.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="np.random.random(x.shape)",
        hint="Draw from rng, not from np.random.",
    ),
    mistake(
        "dropout_forward",
        right="rng.random(x.shape)",
        wrong="np.random.default_rng(0).random(x.shape)",
        hint="Draw from rng: a generator that is seeded anew gives the same mask every time.",
    ),
    mistake(
        "dropout_forward",
        right="else np.ones(x.shape)",
        wrong="else np.full(x.shape, 1 - p)",
        hint="In evaluation, return x as it is: the factor is in training already (inverted dropout).",
    ),
    mistake(
        "dropout_forward",
        right=" if train else np.ones(x.shape)",
        wrong="",
        hint="In evaluation, drop nothing.",
    ),
    mistake(
        "dropout_forward",
        right="(rng.random(x.shape) >= p) / (1 - p) if train else",
        wrong="drawn if (drawn := (rng.random(x.shape) >= p) / (1 - p)) is not None and train else",
        hint="In evaluation, draw nothing from rng.",
    ),
    mistake(
        "dropout_forward",
        right="return x * mask, mask",
        wrong="return x * mask, (rng.random(x.shape) >= p) / (1 - p) if train else mask",
        hint="Backward uses the mask of forward: keep it in the cache, and draw no other.",
    ),
    mistake(
        "dropout_forward",
        right="return x * mask, mask",
        wrong="kept = globals().setdefault('_mask', np.zeros(10**6))[: x.size].reshape(x.shape)\n"
        "    kept[...] = mask\n"
        "    return x * mask, kept",
        hint="Make a new cache in each call: what backward needs must not be overwritten by the next forward.",
    ),
    mistake(
        "dropout_forward",
        right="return x * mask, mask",
        wrong="return x * mask, (x * mask != 0) / (1 - p) if train else mask",
        hint="Keep the mask itself for backward: where x is 0, the output does not show what was dropped.",
    ),
    mistake(
        "dropout_backward",
        right="dy * mask",
        wrong="dy * (mask != 0)",
        hint="The factor 1 / (1 - p) is missing in the gradient: what is kept was divided by 1 - p in forward.",
    ),
    mistake(
        "dropout_backward",
        right="dy * mask",
        wrong="dy",
        hint="Multiply the upstream gradient by the mask: what was dropped gets no gradient.",
    ),
    mistake(
        "dropout_backward",
        right="dy * mask",
        wrong="mask",
        hint="The gradient ignores the upstream gradient dy.",
    ),
]

LAYERS = "self.pool(torch.relu(self.norm(self.conv(x))))"

DETACHED = """h = self.conv(x)
        mean, var = h.detach().mean((0, 2, 3)), h.detach().var((0, 2, 3), correction=0)
        if self.training:
            self.norm(h.detach())
        else:
            mean, var = self.norm.running_mean, self.norm.running_var
        h = (h - mean[:, None, None]) * torch.rsqrt(var + self.norm.eps)[:, None, None]
        h = h * self.norm.weight[:, None, None] + self.norm.bias[:, None, None]
"""
"""Batch norm by hand, without the gradient through mean and variance."""

CONV_BLOCK = [
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(self.norm(torch.relu(self.conv(x))))",
        hint="ReLU comes after batch norm, not before it.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="torch.relu(self.norm(self.pool(self.conv(x))))",
        hint="Batch norm comes before pooling: it sees all pixels.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(self.norm(self.conv(x)))",
        hint="ReLU is missing between batch norm and pooling.",
    ),
    mistake(
        "ConvBlock.forward",
        right="torch.relu(",
        wrong="torch.nn.functional.relu6(",
        hint="Use ReLU: here the output is cut off at 6 (ReLU6).",
    ),
    mistake(
        "ConvBlock.forward",
        right="torch.relu(",
        wrong="torch.nn.functional.leaky_relu(",
        hint="Use ReLU: here a hundredth of what is below 0 passes (leaky ReLU).",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.relu(self.conv(x)))",
        hint="Batch norm is made and not used: apply it between convolution and ReLU.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="torch.relu(self.norm(self.conv(x)))",
        hint="Pooling is missing at the end.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.relu(self.norm(self.conv(x)))).float()",
        hint="Leave the dtype to the caller: the output is forced to float32.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.relu(self.norm(self.conv(x.float()))))",
        hint="Leave the dtype to the caller: the input is forced to float32, and parameters in float64 do not take it.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.relu(self.norm(self.conv(x).detach())))",
        hint="Leave detach out: no gradient reaches the convolution.",
    ),
    mistake(
        "ConvBlock.forward",
        right=f"out: torch.Tensor = {LAYERS}",
        wrong=f"{DETACHED}        out = self.pool(torch.relu(h))",
        hint="Mean and variance of the batch depend on x too: leave detach and no_grad out where they normalise.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="torch.from_numpy(self.pool(torch.relu(self.norm(self.conv(x)))).detach().cpu().numpy())",
        hint="Stay in torch: on the way through numpy the gradient is lost.",
    ),
    mistake(
        "ConvBlock.forward",
        right="        out: torch.Tensor",
        wrong="        self.norm.train()\n        out: torch.Tensor",
        hint="Leave the mode to train() and eval(): here batch norm always uses the batch, in evaluation too.",
    ),
    mistake(
        "ConvBlock.forward",
        right="        out: torch.Tensor",
        wrong="        self.norm.eval()\n        out: torch.Tensor",
        hint="In training, batch norm uses mean and variance of the batch, and updates the running averages: here it "
        "never does.",
    ),
    mistake(
        "ConvBlock.forward",
        right="        return out",
        wrong="        if self.training:\n"
        "            with torch.no_grad():\n"
        "                h = self.conv(x)\n"
        "                excess = h.var((0, 2, 3)) - h.var((0, 2, 3), correction=0)\n"
        "                self.norm.running_var.data -= self.norm.momentum * excess\n"
        "        return out",
        hint="The running variance takes the unbiased variance of the batch, divided by N H W - 1.",
    ),
    mistake(
        "ConvBlock.forward",
        right="        return out",
        wrong="        if self.training:\n            self.norm.num_batches_tracked -= 1\n        return out",
        hint="Count the batches of training: num_batches_tracked goes up by one with each.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.maximum(h := self.norm(self.conv(x)), torch.zeros(h.shape, dtype=h.dtype)))",
        hint="Make the zeros of ReLU where the data are: torch.zeros without a device makes them on the CPU.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong='self.pool(torch.relu(self.norm(self.conv(x.to("cuda" if torch.cuda.is_available() else "cpu")))))',
        hint="Leave the device to the caller: the input is moved to a device of your choice.",
    ),
    mistake(
        "ConvBlock.forward",
        right=LAYERS,
        wrong="self.pool(torch.relu(self.norm(self.conv(x)).float()).to(x.dtype))",
        hint="Leave the dtype to the caller: on the way through float32 digits are lost, whatever dtype comes back.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="padding=kernel // 2, bias=bias)",
        wrong="padding=kernel // 2)",
        hint="Pass the flag bias on to the convolution.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="padding=kernel // 2, bias=bias)",
        wrong="padding=kernel // 2, bias=False)",
        hint="The convolution has a bias unless it is told otherwise: pass the flag on.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="padding=kernel // 2, ",
        wrong="",
        hint="Pad kernel // 2 zeros on every side, so that the convolution keeps the size of the image.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="padding=kernel // 2",
        wrong="padding=1",
        hint="The padding is fixed at 1: it is kernel // 2.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="kernel, padding=kernel // 2",
        wrong="3, padding=1",
        hint="Pass the size of the kernel on: here it is always 3.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="eps=eps, momentum",
        wrong="momentum",
        hint="Pass eps on to batch norm.",
    ),
    mistake(
        "ConvBlock.__init__",
        right=", momentum=momentum",
        wrong="",
        hint="Pass momentum on to batch norm.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="momentum=momentum)",
        wrong="momentum=1 - momentum)",
        hint="momentum is that of torch, the share of the new batch: do not subtract it from 1.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="momentum=momentum)",
        wrong="momentum=momentum, affine=False)",
        hint="Batch norm has a scale and a shift that are learned, norm.weight and norm.bias: leave affine on.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="momentum=momentum)",
        wrong="momentum=momentum, track_running_stats=False)",
        hint="Batch norm keeps running averages for evaluation: leave track_running_stats on.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="torch.nn.BatchNorm2d(filters, eps=eps, momentum=momentum)",
        wrong="torch.nn.InstanceNorm2d(filters, eps=eps, momentum=momentum, affine=True, track_running_stats=True)",
        hint="Use batch norm: instance norm takes mean and variance of each image alone.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="self.pool = torch.nn.MaxPool2d(pool)",
        wrong="self.pool = torch.nn.MaxPool2d(pool)\n"
        '        del self.norm._buffers["running_mean"], self.norm._buffers["running_var"]\n'
        "        self.norm.running_mean, self.norm.running_var = torch.zeros(filters), torch.ones(filters)",
        hint="Register the running averages with register_buffer: plain tensors are not in the state dict, and do not "
        "move to another device.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="self.pool = torch.nn.MaxPool2d(pool)",
        wrong="self.pool = torch.nn.MaxPool2d(pool)\n"
        "        self.layers = [self.conv, self.norm]\n"
        "        del self.conv, self.norm",
        hint="Assign the layers to self.conv and self.norm: in a plain list they are not registered.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="self.norm = torch.nn.BatchNorm2d",
        wrong="self.bn = torch.nn.BatchNorm2d",
        hint="Call the batch norm self.norm, so that the state dict has the names of the handout.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="torch.nn.MaxPool2d(pool)",
        wrong="torch.nn.MaxPool2d(pool, stride=1)",
        hint="Pooling windows lie side by side: the stride is pool, not 1.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="torch.nn.MaxPool2d(pool)",
        wrong="torch.nn.MaxPool2d(2)",
        hint="Pass pool on: here the window is always 2.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="torch.nn.MaxPool2d(pool)",
        wrong="torch.nn.AvgPool2d(pool)",
        hint="Take the maximum of each window, not the mean.",
    ),
    mistake(
        "ConvBlock.__init__",
        right="torch.nn.MaxPool2d(pool)",
        wrong="torch.nn.MaxPool2d(pool, ceil_mode=True)",
        hint="Leave out the rest at the border: the size of the output rounds down.",
    ),
]
