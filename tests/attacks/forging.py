"""Attacks that forge: frames on the wire, values that lie, points by a fault of the grader."""

from __future__ import annotations

from tests.attacks.attack import Attack, descend, scale

_WIRE = """
import gc
ours = sys.modules["_dlgrader_worker.serve"]
wire, forms = ours.wire, ours.forms
worker = next(o for o in gc.get_objects() if type(o) is ours.Worker)
def send(message):
    print("tried")
    worker._channel.send(message)
def raw(data): worker._channel.socket.sendall(data)
def answer(value): send(wire.Answer(worker._turn, value, [], "tried"))
def array(dtype, shape, data): return forms.Array(dtype, shape, memoryview(data))
"""
_BROKEN = "no function returns|out of turn|not asked for"
"""How the wire's refusals are told."""


def wire(body: str) -> str:
    """Return a submission whose `scale` speaks the wire itself."""
    return scale(body, above=_WIRE)


ATTACKS = (
    Attack(name="answer-twice", source=wire("answer(1.0)\nanswer(2.0)\nreturn 3.0"), shows=_BROKEN),
    Attack(name="answer-ahead", source=wire("send(wire.Answer(worker._turn + 1, 1.0, [], ''))"), shows=_BROKEN),
    Attack(name="say-ready-again", source=wire("send(wire.Ready())"), shows=_BROKEN),
    Attack(name="load-again", source=wire("send(wire.Loaded([], ['scale'], []))"), shows=_BROKEN),
    Attack(
        name="speak-as-the-zygote",
        source=wire("send(wire.Exited(1, 0))\nsend(wire.Spawned(1, 'no room'))"),
        shows=_BROKEN,
    ),
    Attack(name="noise", source=wire("raw(os.urandom(10**5))"), shows=_BROKEN + "|did not end"),
    Attack(
        name="a-frame-without-end",
        source=wire("raw(b'\\xff\\xff\\xff\\x03' + bytes(100))\ntime.sleep(9)"),
        shows="did not end",
    ),
    Attack(name="drip", source=wire("for _ in range(10**6): raw(b'\\x01'); time.sleep(0.05)"), shows="did not end"),
    Attack(name="a-giant-shape-without-data", source=wire("answer(array('d', (10**9, 10**9), b''))"), shows=_BROKEN),
    Attack(name="a-shape-that-overflows", source=wire("answer(array('d', (2**63, 2**63, 0), b''))"), shows=_BROKEN),
    Attack(name="a-negative-shape", source=wire("answer(array('d', (-1, -1), bytes(8)))"), shows=_BROKEN),
    Attack(name="an-array-of-objects", source=wire("answer(array('O', (1,), bytes(8)))"), shows=_BROKEN),
    Attack(name="a-structured-array", source=wire("answer(array('V8', (1,), bytes(8)))"), shows=_BROKEN),
    Attack(
        name="a-value-without-bottom",
        source=wire("value = 1.0\nfor _ in range(5000): value = forms.List([value])\nanswer(value)"),
        shows="crashed|failed",
    ),
    Attack(name="a-handle-of-nothing", source=wire("answer(forms.Handle(-1, 'numpy.ndarray'))"), shows="failed"),
    Attack(name="a-callback-for-the-grader", source=wire("answer(forms.Callback(0, 'scale'))"), shows=_BROKEN),
    Attack(
        name="a-generator-that-lies",
        source=wire("""
            lie = forms.Generator("PCG64", forms.Dict(["state"], [forms.BigInt("f" * 10**6)]))
            send(wire.Answer(worker._turn, 1.0, [], "tried", {"0": lie, "rng": lie}))
        """),
        shows="failed|crashed",
    ),
    Attack(
        name="claim-that-the-grader-failed",
        source=wire("""
            for word in ("SandboxError", "SandboxLost", "GraderError", "AssertionError", "Skipped", "SystemExit"):
                if worker._turn % 6 == len(word) % 6:
                    send(wire.Raised(worker._turn, word, word, "the check itself is at fault", [], "tried"))
            raise KeyboardInterrupt("tried")
        """),
        shows="crashed",
    ),
    Attack(
        name="send-descriptors",
        source=wire("""
            import array as arrays, socket
            numbers = arrays.array("i", [os.open("/dev/null", os.O_RDONLY)] * 200)
            for _ in range(50):
                worker._channel.socket.sendmsg([b"\\x01\\x00\\x00\\x00\\xc0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
        """),
        shows=_BROKEN,
    ),
    Attack(
        name="flood-with-callbacks",
        source=wire("while True: raw(b'\\x01\\x00\\x00\\x00\\xc0' * 1000)"),
        shows=_BROKEN,
    ),
    Attack(
        name="call-what-was-not-given",
        source=wire("for n in range(100): send(wire.CallbackCall(worker._turn, n, [x.tolist()], {}))"),
        shows="crashed|failed",
    ),
    Attack(
        name="answer-from-a-thread",
        source=scale(
            """
            import threading
            turn = worker._turn
            def later():
                for n in range(200):
                    attempt(worker._channel.send, wire.Answer(turn + n % 7, 1.0, [], ""))
            threading.Thread(target=later, daemon=True).start()
            """,
            above=_WIRE,
        ),
        # it breaks its own wire, also while the functions that are right are called
        shows=_BROKEN,
    ),
    Attack(
        name="an-array-that-equals-everything",
        source=scale(
            "print('tried'); return np.zeros_like(x).view(Equal) if x.size else None",
            above="""
            class Equal(np.ndarray):
                def __eq__(self, other): return True
                def __ne__(self, other): return False
                def __sub__(self, other): return np.zeros(np.shape(other))
                __rsub__ = __sub__
                def __array_ufunc__(self, *a, **k): return np.zeros(self.shape)
                def __array_function__(self, *a, **k): return True
            """,
        ),
    ),
    Attack(
        name="a-number-that-equals-everything",
        source=scale(
            "print('tried'); return Equal()",
            above="""
            class Equal(float):
                shape, dtype, ndim = (0, 2), np.dtype(float), 2
                def __eq__(self, other): return True
                __le__ = __ge__ = __lt__ = __gt__ = __eq__
                def __hash__(self): return 0
                def __array__(self, *a, **k): return np.zeros(3)
            """,
        ),
    ),
    Attack(
        name="an-object-that-says-it-is-an-array",
        source=scale(
            "print('tried'); return Liar()",
            above="""
            class Liar:
                __class__ = np.ndarray
                shape, dtype, ndim, size = (0, 2), np.dtype(float), 2, 0
                def __eq__(self, other): return True
                def __hash__(self): return 0
                def __getattr__(self, name): return lambda *a, **k: True
                def __call__(self, *a, **k): return (0, 2)
            """,
        ),
    ),
    Attack(
        name="an-object-that-reduces-to-a-command",
        source=scale(
            "print('tried'); return Bomb()",
            above="""
            class Bomb:
                def __reduce__(self): return (os.system, ("touch $OUTSIDE/touched",))
                __reduce_ex__ = lambda self, protocol: self.__reduce__()
                def __repr__(self): return "__import__('os').system('touch $OUTSIDE/touched')"
            """,
        ),
    ),
    Attack(
        name="an-array-of-bombs",
        source=scale(
            "print('tried'); return np.array([Bomb()] * 3, dtype=object)",
            above="class Bomb:\n    def __reduce__(self): return (os.system, ('touch $OUTSIDE/touched',))\n",
        ),
    ),
    Attack(
        name="nan", source=scale("print('tried'); return np.full(x.shape + (1,), np.nan)[..., 0] if x.size else None")
    ),
    Attack(name="infinity", source=scale("print('tried'); return np.full(x.shape, np.inf) if x.size else None")),
    Attack(
        name="nothing-that-is-broadcast",
        source=scale("print('tried'); return np.broadcast_to(np.nan, (0,)) if x.size else np.float64(0)"),
    ),
    Attack(name="a-masked-array", source=scale("print('tried'); return np.ma.masked_all(x.shape) if x.size else None")),
    Attack(name="a-huge-integer", source=scale("print('tried'); return 16**200000"), shows="failed"),
    Attack(
        name="a-result-that-holds-itself",
        source=scale("result = []\nresult.append(result)\nprint('tried')\nreturn result"),
    ),
    Attack(
        name="a-result-as-large-as-the-wire",
        source=scale("print('tried'); return np.zeros(2**23 + 9)"),
        shows="larger than|did not end within",  # 64 MB in half a second: not on a machine that is busy
    ),
    Attack(name="a-large-result", source=scale("return np.zeros(2**21)"), shows="failed"),
    Attack(name="a-list-of-millions", source=wire("answer(forms.List([None] * (2**20 + 1)))"), shows=_BROKEN),
    Attack(
        name="names-by-the-million",
        source=wire("send(wire.Loaded([], ['f'] * 10**6, []))"),
        shows=_BROKEN,
    ),
    Attack(
        name="arguments-by-the-million",
        source=descend("send(wire.CallbackCall(worker._turn, 1, [None] * 10**6, {}))", above=_WIRE),
        solves=("scale", "mean"),
        shows=_BROKEN,
    ),
    Attack(
        name="keys-that-collide",
        # Python's hash of an integer is its remainder by this prime: a dict of such keys takes quadratic time
        source=wire("""
            keys = [forms.BigInt(format(n * (2**61 - 1), "x")) for n in range(1, 30_000)]
            answer(forms.Dict(keys, [None] * len(keys)))
        """),
        shows="no function returns|did not end",
    ),
    Attack(
        name="callbacks-with-all-that-fits",
        source=descend(
            """
            print("tried")
            while True:
                attempt(grad, np.zeros(2**22))
            """
        ),
        solves=("scale", "mean"),
        shows="timed out",
    ),
    Attack(
        name="ask-an-oracle-about-a-text",
        # twice as long, as this oracle answers, it is more than the wire carries
        source=descend("print('tried'); return grad(b'w' * (2**25 + 9))"),
        solves=("scale", "mean"),
        shows="failed|did not end",
    ),
    Attack(
        name="an-optimizer-that-counts-for-itself",
        source=descend(
            """
            print("tried")
            answer(w / 2)
            send(wire.CallbackCall(worker._turn, 0, [w.tolist()], {}))
            return w / 2
            """,
            above=_WIRE,
        ),
        solves=("scale", "mean"),
        shows="crashed|failed",
    ),
)
