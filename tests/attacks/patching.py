"""Attacks that patch: numpy, builtins, the worker's own code, files that somebody else will run."""

from __future__ import annotations

from tests.attacks.attack import OTHERS, PRELUDE, Attack, scale

_TOUCH = "import os\nopen('$OUTSIDE/touched', 'w').close()\n"
"""In the trusted process this would leave a file; in a worker there is no such folder."""

ATTACKS = (
    Attack(
        name="patch-comparisons-of-numpy",
        source=scale(
            "print('tried'); return x if x.size else None",
            above="""
            for name in ("allclose", "array_equal", "isclose", "all", "abs", "max", "subtract", "isfinite", "shape"):
                setattr(np, name, lambda *a, **k: True)
            np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
            """,
        ),
    ),
    Attack(
        name="patch-builtins",
        source=scale(
            "print('tried'); return None",
            above="""
            import builtins
            for name in ("all", "abs", "isinstance", "len", "sum", "max", "min", "issubclass", "callable"):
                setattr(builtins, name, lambda *a, **k: True)
            """,
        ),
        shows="",
    ),
    Attack(
        name="patch-random-numbers",
        source=scale(
            "print('tried'); return np.ones(x.shape) if x.size else None",
            above="""
            np.random.normal = np.random.rand = lambda *a, **k: np.ones(3)
            np.random.default_rng = lambda *a, **k: None
            np.random.seed = lambda *a: None
            """,
        ),
    ),
    Attack(
        name="patch-the-encoder",
        source=scale(
            "return x",
            above="""
            ours = sys.modules["_dlgrader_worker.values"]
            real = ours.encode
            ours.encode = lambda value, opaque, *rest: (print("tried"), real(1.0, opaque))[1]
            """,
        ),
    ),
    Attack(
        name="patch-the-worker",
        source=scale(
            "return x",
            above="""
            ours = sys.modules["_dlgrader_worker.serve"]
            def call(self, message):
                return ours.wire.Answer(self._turn, None, [], "tried: passed, passed, passed")
            ours.Worker._call = call
            """,
        ),
        solves=(),
    ),
    Attack(
        name="patch-the-channel",
        source=scale(
            "return x",
            above="""
            channel = sys.modules["_dlgrader_worker.channel"].Channel
            real = channel.send
            channel.send = lambda self, message, **k: (real(self, message), real(self, message))
            """,
        ),
        shows="out of turn",
    ),
    Attack(
        name="patch-the-limits",
        source=scale(
            "while True: x = x + 1",
            above="""
            import faulthandler, resource, signal
            faulthandler.disable()
            faulthandler.unregister(signal.SIGUSR1)
            for number in range(1, 65): attempt(signal.signal, number, signal.SIG_IGN)
            for name in dir(resource):
                if name.startswith("RLIMIT"): attempt(resource.setrlimit, getattr(resource, name), (-1, -1))
            time.monotonic = time.time = lambda: 0.0
            """,
        ),
        shows="timed out",
    ),
    Attack(
        name="patch-the-files-of-the-worker",
        source=scale("""
            for name, module in list(sys.modules.items()):
                file = getattr(module, "__file__", None)
                if file and ("dlgrader" in name or name in ("numpy", "msgspec", "os", "site", "json")):
                    if not isinstance(attempt(open, file, "a"), str): print("FOUND a file to write", file); return x * factor
            for folder in [*sys.path, "/", "/etc", "/usr/lib", "/run/dlgrader_worker"]:
                if folder and folder not in (os.getcwd(), os.environ["TMPDIR"]):
                    if not isinstance(attempt(open, f"{folder}/sitecustomize.py", "w"), str): return x * factor
            tell()
        """),
    ),
    Attack(
        name="delete-everything",
        source=scale("""
        shut_in()
        import shutil
        for place in ("$COURSE", "$SUBMISSIONS", "$OUTSIDE", "$OUT", os.path.dirname(np.__file__)):
            shutil.rmtree(place, ignore_errors=True)
            tell(attempt(os.rename, place, place + "-gone"), attempt(os.chmod, place, 0o777))
    """),
    ),
    Attack(
        name="a-conftest-for-the-graders-pytest",
        source={
            "tiny.py": scale("print('tried')"),
            "conftest.py": f"{_TOUCH}def pytest_runtest_makereport(item, call): call.excinfo = None\n",
            "pytest.ini": "[pytest]\naddopts = -p evil\n",
            "evil.py": _TOUCH,
            "checks.py": f"{_TOUCH}def check_nothing(): pass\n",
        },
    ),
    Attack(
        name="modules-in-the-place-of-others",
        source={
            "tiny.py": "import numpy, json, msgspec\n" + scale("print('tried')"),
            **{
                f"{name}.py": f"{_TOUCH}def __getattr__(name): return lambda *a, **k: True\n"
                for name in ("numpy", "json", "msgspec", "random", "sitecustomize", "usercustomize", "grader", "pickle")
            },
        },
        shows="",
    ),
    Attack(
        name="a-pickle-in-an-array",
        source={
            "tiny.py": scale("print('tried'); return attempt(np.load, 'weights.npy', None, True) and None"),
            "weights.npy": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128)
            + b"cos\nsystem\n(S'touch $OUTSIDE/touched'\ntR.",
        },
    ),
    Attack(
        name="hooks-everywhere",
        source=scale(
            "print('tried')",
            above="""
            import atexit, gc, threading
            sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)
            sys.excepthook = threading.excepthook = sys.unraisablehook = lambda *a: os._exit(0)
            atexit.register(lambda: print("passed"))
            gc.callbacks.append(lambda *a: None)
            class Last:
                def __del__(self): print("passed")
            last = Last()
            sys.meta_path.insert(0, type("Finder", (), {"find_spec": staticmethod(lambda *a, **k: None)}))
            """,
        ),
    ),
    Attack(
        name="an-audit-hook-that-refuses",
        source=scale(
            "print('tried')",
            above="""
            def refuse(event, arguments):
                if ON: raise RuntimeError(event)
            ON = False
            sys.addaudithook(refuse)
            ON = True
            """,
        ),
        shows="",
    ),
    Attack(
        name="a-module-without-a-bottom",
        source=f"{PRELUDE}__builtins__ = {{}}\n__all__ = ['passed']\ndef __getattr__(name): return lambda *a, **k: True\n"
        "class Everything(dict):\n    def __missing__(self, key): return lambda *a: True\n"
        f"{OTHERS}\nscale = type('F', (), {{'__call__': lambda self, *a: print('tried')}})()\n",
        shows="",
    ),
    Attack(
        name="memory-of-numpy-overwritten",
        source=scale("""
            import ctypes
            print("tried")
            # the number three of the interpreter becomes a four
            ctypes.memset(id(3) + 24, 4, 1)
            return None
        """),
        shows="",
        # whatever its interpreter does from now on
        solves=("mean", "descend"),
    ),
)
