"""One submission behind the wall: everything that it can do instead of returning, and what the next call sees."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from grader.evidence import CheckFailure
from grader.sandbox import errors
from grader.sandbox.zygote import Zygote
from grader.worker import channel as channels

AFTERWARDS = "\ndef f(x): return x + 1\n"


def pid_of_zygote(zygote: Zygote) -> int:
    return zygote._process.pid


class TestEndlessLoops:
    @pytest.mark.parametrize(
        ("body", "line"),
        [
            ("while True:\n        pass", 3),
            ("while True:\n        try:\n            time.sleep(9)\n        except: continue", 5),
            ("sum(range(10**15))", 3),
            ("'a' * 40 and re.match('(a*)*b', 'a' * 40)", 3),
        ],
        ids=["loop", "bare except", "in C code", "in a regular expression"],
    )
    def test_are_ended_from_outside_with_the_students_line(self, submit, level, body, line):
        student = submit(f"import re, time\ndef hang(x):\n    {body}{AFTERWARDS}", level=level, seconds=0.3)
        with pytest.raises(errors.TimedOut, match=r"`hang` did not end within 0.3 s") as fault:
            student.hang(1)
        assert fault.value.place is not None
        assert (fault.value.place.file, fault.value.place.function) == ("work.py", "hang")
        assert line - 1 <= fault.value.place.line <= line + 2
        student._session.begin(0)
        assert student.f(1) == 2

    def test_after_two_the_function_is_not_called_again_and_others_are(self, submit):
        student = submit(f"def hang(x):\n    while True: pass{AFTERWARDS}", seconds=0.3)
        for _ in range(2):
            student._session.begin(0)
            with pytest.raises(errors.TimedOut):
                student.hang(1)
        student._session.begin(0)
        with pytest.raises(errors.Refused, match="`hang` was not called again: it did not end twice before"):
            student.hang(1)
        assert student.f(1) == 2

    def test_at_import_cost_the_time_once(self, submit, monkeypatch):
        made, worker = [], Zygote.worker
        monkeypatch.setattr(Zygote, "worker", lambda *words: made.append(words) or worker(*words))
        student = submit("x = 1\nwhile x:\n    x += 1\ndef f(): return 1", seconds=0.3)
        messages = set()
        for _ in range(10):
            student._session.begin(0)
            with pytest.raises(errors.TimedOut) as fault:
                student.f()
            messages.add(str(fault.value))
        assert (messages, len(made)) == ({"importing your file took more than 0.3 s"}, 1)
        assert student._session.problems() == [f"importing your file took more than 0.3 s ({fault.value.place})"]

    def test_that_call_back_for_ever_end_too(self, submit):
        student = submit("def f(grad):\n    while True: grad(1.0)", seconds=0.3)
        with pytest.raises(errors.TimedOut):
            student.f(lambda w: time.sleep(0.01))

    def test_that_drip_where_they_would_say_so_are_not_listened_to_for_ever(self, submit):
        # a byte 50 times a second, into the pipe of 64 KB that faulthandler writes to: it takes 22 minutes to fill
        student = submit(
            "import os, time\ndef f():\n    while True: os.write(101, b'.'); time.sleep(0.02)", seconds=0.3
        )
        with pytest.raises(errors.TimedOut):
            student.f()

    def test_the_time_of_a_check_is_that_of_all_its_calls(self, submit):
        student = submit("import time\ndef f(): time.sleep(0.2)", seconds=0.5)
        assert student.f() is None
        with pytest.raises(errors.TimedOut):
            [student.f() for _ in range(10)]

    def test_the_time_that_the_check_takes_is_not_the_students(self, submit):
        student = submit("def f(grad): return grad(1.0)", seconds=0.5)
        assert student.f(lambda w: time.sleep(0.4) or 1) == 1
        time.sleep(0.6)
        assert student.f(lambda w: 2) == 2

    def test_a_submission_has_a_budget_in_all(self, submit):
        functions = "".join(f"def f{n}(): time.sleep(9)\n" for n in range(20))
        student = submit(f"import time\n{functions}", seconds=0.15)
        ends = []
        for n in range(20):
            student._session.begin(0)
            with pytest.raises((errors.TimedOut, errors.Refused)) as fault:
                getattr(student, f"f{n}")()
            ends.append(str(fault.value))
        assert ends[0] == "`f0` did not end within 0.15 s"
        assert ends[-1] == "the submission's 1.5 s are used up"
        assert ends.count(ends[-1]) >= 8

    def test_a_process_that_stops_itself_is_ended(self, submit):
        student = submit(
            f"import os, signal\ndef hang(x):\n    os.kill(os.getpid(), signal.SIGSTOP){AFTERWARDS}", seconds=0.3
        )
        with pytest.raises(errors.TimedOut):
            student.hang(1)
        student._session.begin(0)
        with pytest.raises(errors.TimedOut):
            student.hang(np.zeros(10**6))
        student._session.begin(0)
        assert student.f(1) == 2


class TestDeath:
    @pytest.mark.parametrize(
        ("body", "how"),
        [
            ("os._exit(3)", "exit status 3"),
            ("ctypes.string_at(0)", "SIGSEGV"),
            ("threading.Thread(target=lambda: os._exit(4)).start(); time.sleep(5)", "exit status 4"),
        ],
    )
    def test_costs_that_call_alone(self, submit, level, body, how):
        student = submit(f"import ctypes, os, threading, time\ndef die(x):\n    {body}{AFTERWARDS}", level=level)
        with pytest.raises(errors.Died) as fault:
            student.die(1)
        assert (str(fault.value), fault.value.how) == ("`die` ended the process", how)
        assert student.f(1) == 2

    def test_by_a_segmentation_fault_is_told_with_the_line(self, submit):
        student = submit("import ctypes\ndef die():\n    return ctypes.string_at(0)\n")
        with pytest.raises(errors.Died) as fault:
            student.die()
        assert str(fault.value.place) == "work.py, line 3: return ctypes.string_at(0)"

    def test_at_import_is_the_same_for_every_check(self, submit, level):
        student = submit("import os\nos._exit(3)\ndef f(): return 1", level=level)
        for _ in range(2):
            with pytest.raises(errors.Died, match="importing your file ended the process"):
                student.f()

    def test_a_connection_that_is_closed_by_the_student_ends_the_process(self, submit):
        student = submit(f"import os\ndef die(x):\n    os.closerange(3, 200)\n    return x{AFTERWARDS}")
        with pytest.raises(errors.Died):
            student.die(1)
        assert student.f(1) == 2

    def test_makes_handles_useless(self, submit):
        student = submit("import os\nclass A:\n    def m(self): return 1\ndef die(): os._exit(0)\ndef f(a): return 1\n")
        a = student.A()
        with pytest.raises(errors.Died):
            student.die()
        for use in (a.m, lambda: student.f(a), lambda: a.read("m")):
            with pytest.raises(errors.SubmissionFault, match="a value of an earlier call is lost"):
                use()


HOSTILE = """
import sys, time, threading
import numpy as np
ours = sys.modules["_dlgrader_worker.serve"]
wire, forms = ours.wire, ours.forms
worker = next(o for o in __import__("gc").get_objects() if type(o) is ours.Worker)
def send(message): worker._channel.send(message)
def raw(data): worker._channel.socket.sendall(data)
"""


class TestForgery:
    """A worker whose student code speaks the wire itself."""

    @pytest.mark.parametrize(
        "body",
        [
            "send(wire.Ready())",
            "send(wire.Loaded([], [], []))",
            "send(wire.Answer(worker._turn - 1, 7, [], ''))",
            "send(wire.Answer(worker._turn, forms.Array('d', (10**9,), memoryview(b'')), [], ''))",
            "send(wire.Answer(worker._turn, forms.Callback(0, 'f'), [], ''))",
            "raw(b'\\xff\\xff\\xff\\xff')",
            "raw(b'\\x03\\x00\\x00\\x00abc')",
        ],
        ids=["ready", "loaded", "an old answer", "an impossible array", "a callback", "a huge frame", "noise"],
    )
    def test_of_an_answer_is_garbled_and_the_next_call_is_clean(self, submit, body):
        student = submit(f"{HOSTILE}def forge(x):\n    {body}\n    return x{AFTERWARDS}")
        with pytest.raises(errors.Garbled, match=r"`forge` answered with what no function returns|out of turn"):
            student.forge(1)
        assert student.f(1) == 2

    def test_of_two_answers_the_second_is_never_taken_for_the_next(self, submit):
        student = submit(
            f"{HOSTILE}def forge(x):\n    send(wire.Answer(worker._turn, 7, [], ''))\n    return 8{AFTERWARDS}"
        )
        assert student.forge(1) == 7
        with pytest.raises(errors.Garbled, match="an answer came that was not asked for"):
            student.f(1)
        assert student.f(1) == 2

    def test_of_the_first_word_is_no_grader_error(self, submit):
        # a worker that dies before it says that it is ready is the sandbox's fault: no student may claim that
        student = submit(f"import os\nos.write(101, b'worker: mount failed')\nos._exit(0){AFTERWARDS}")
        with pytest.raises(errors.Died):
            student.f(1)

    def test_of_long_texts_is_cut(self, submit):
        long = "'x' * 2 * 10**6"
        student = submit(
            f"{HOSTILE}def forge():\n    send(wire.Raised(worker._turn, {long}, 'ValueError', {long}, [], {long}))\n"
        )
        with pytest.raises(errors.Raised) as fault:
            student.forge()
        assert len(str(fault.value)) < 5000
        assert len(student._session.seen.output) < 4200

    def test_of_a_place_tells_no_text(self, submit):
        frame = "wire.Frame(1, 'the secret 42', 1, 'def secret')"
        student = submit(
            HOSTILE, f"def forge():\n    send(wire.Raised(worker._turn, 'E', 'E', '', [{frame}], ''))", notebook=True
        )
        with pytest.raises(errors.Raised) as fault:
            student.forge()
        place = fault.value.place
        assert place is None or (place.file, place.function, place.code) == ("work.ipynb", "", "")


class TestCallbacks:
    def test_are_called_with_values_and_answer_with_values(self, submit, level):
        student = submit("def f(grad, w): return grad(w, scale=2)\n", level=level)
        assert student.f(lambda w, scale: scale * w, np.ones(2)).tolist() == [2, 2]

    def test_a_wrong_call_is_an_exception_of_the_student(self, submit):
        student = submit("def f(grad): return grad()\n")
        with pytest.raises(errors.Raised, match=r"`f` raised RuntimeError: TypeError: .*missing 1 required positional"):
            student.f(lambda w: w)

    def test_an_object_of_the_students_own_is_refused_to_the_student(self, submit):
        student = submit("def f(grad): return grad(object())\n")
        with pytest.raises(
            errors.Raised, match=r"numbers and arrays can be handed over here, a builtins.object cannot"
        ):
            student.f(lambda w: w)

    def test_a_failure_inside_one_ends_the_check_and_the_next_call_is_clean(self, submit):
        student = submit("def f(grad):\n    try: grad(1)\n    except BaseException: return 0\ndef g(): return 2\n")

        def refuse(w):
            raise CheckFailure("asked twice")

        with pytest.raises(CheckFailure, match="asked twice"):
            student.f(refuse)
        assert student.g() == 2

    def test_what_cannot_cross_is_the_checks_fault(self, submit):
        student = submit("def f(grad): return grad(1)\ndef g(): return 2\n")
        with pytest.raises(
            errors.SandboxError, match="a check gave student code a object, which cannot cross the wall"
        ):
            student.f(lambda w: object())
        assert student.g() == 2

    def test_that_call_the_submission_are_refused_and_the_next_call_is_clean(self, submit):
        student = submit("def f(grad): return grad(1)\ndef g(): return 2\n")
        with pytest.raises(errors.SandboxError, match="may not call the submission while the submission calls it"):
            student.f(lambda w: student.g())
        assert student.g() == 2

    def test_one_that_is_kept_can_be_called_while_the_check_goes_on(self, submit):
        student = submit(
            "class Optimizer:\n    def __init__(self, grad): self.grad = grad\n    def step(self): return self.grad(3)\n"
        )
        assert student.Optimizer(lambda w: 2 * w).step() == 6

    def test_one_of_an_earlier_check_is_refused_and_never_another_one(self, submit):
        student = submit(
            "kept = []\ndef keep(grad): kept.append(grad)\n"
            "def f(grad):\n    try: return kept[0](1)\n    except RuntimeError as error: return str(error)\n"
        )
        student.keep(lambda w: "old")
        student._session.begin(0)
        assert student.f(lambda w: "new") == "a function was called that belongs to an earlier check"

    def test_a_thread_that_goes_on_cannot_call_one_nor_disturb(self, submit, level):
        student = submit(
            "import threading, time\nsaid = []\ngo = threading.Event()\n"
            "def later(grad):\n    def run():\n        go.wait()\n"
            "        try: grad(1)\n        except BaseException as error: said.append(str(error))\n"
            "    thread = threading.Thread(target=run, daemon=True); thread.start()\n"
            "def release():\n    go.set()\n"
            "def f(x): return x\ndef answers():\n    time.sleep(0.05)\n    return said\n",
            level=level,
        )
        called = threading.Event()
        student.later(lambda w: called.set())
        student._session.begin(0)
        student.release()
        assert [student.f(n) for n in range(50)] == list(range(50))
        assert len(student.answers()) == 1
        assert not called.is_set()


class TestOutput:
    def test_is_kept_by_check_and_cut_at_the_limit(self, submit, level):
        student = submit("def f():\n    for _ in range(10): print('x' * 10**6)\n    return 1\n", level=level)
        assert student.f() == 1
        assert student._session.seen.output.startswith("xxx")
        assert student._session.seen.output == "x" * 4096 + "\n[... the rest of the output was cut]"
        student._session.begin(0)
        assert student._session.seen.output == ""

    def test_of_all_calls_of_a_check_together_is_cut(self, submit):
        student = submit("def f(): print('x' * 1000)\n")
        for _ in range(20):
            student.f()
        assert len(student._session.seen.output) < 4200

    def test_of_a_function_that_raises_is_kept(self, submit):
        student = submit("def f():\n    print('got here')\n    1 / 0\n")
        with pytest.raises(errors.Raised):
            student.f()
        assert student._session.seen.output == "got here\n"


class TestTheChecksOwnFaults:
    def test_too_large_an_argument_is_not_blamed_on_the_student(self, submit, monkeypatch):
        student = submit("def f(x): return 1\n")
        assert student.f(0) == 1
        monkeypatch.setattr(channels, "MAX_FRAME", 2**20)
        with pytest.raises(
            errors.SandboxError, match="the arguments that a check gave `f` are too large: a message of 8 MB"
        ):
            student.f(np.zeros(10**6))
        assert student.f(0) == 1

    def test_what_a_callback_answers_neither(self, submit, monkeypatch):
        student = submit("def f(g): return g()\n")
        monkeypatch.setattr(channels, "MAX_FRAME", 2**20)
        with pytest.raises(errors.SandboxError, match="what a check answered `f` is too large"):
            student.f(lambda: np.zeros(10**6))

    def test_an_argument_that_is_no_data_neither(self, submit):
        with pytest.raises(errors.SandboxError, match="a check gave student code a object"):
            submit("def f(x): return 1\n").f(object())

    def test_a_text_that_utf8_cannot_hold_crosses_all_the_same(self, submit):
        assert submit("def f(x): return x\n").f("\udc80") == "\\udc80"


class TestALostSandbox:
    @pytest.fixture
    def lonely(self, level):
        with Zygote(level, ("numpy",)) as zygote:
            zygote.wait_until_warm()
            yield zygote

    def kill(self, zygote: Zygote) -> None:
        os.killpg(pid_of_zygote(zygote), signal.SIGKILL)
        zygote._process.wait()

    def test_during_a_call_is_not_blamed_on_the_student(self, submit, lonely):
        student = submit("import time\ndef f(): time.sleep(60)\ndef g(): return 1\n", zygote=lonely, seconds=20)
        assert student.g() == 1
        threading.Timer(0.2, self.kill, [lonely]).start()
        with pytest.raises(errors.SandboxLost, match="the sandbox ended under a worker"):
            student.f()
        assert student.g() == 1

    def test_while_loading_neither(self, submit, lonely):
        student = submit("import time\ntime.sleep(60)\n", zygote=lonely, seconds=20)
        threading.Timer(0.3, self.kill, [lonely]).start()
        with pytest.raises(errors.SandboxLost):
            student.f()

    def test_between_two_calls_neither(self, submit, lonely):
        student = submit("def g(): return 1\n", zygote=lonely)
        assert student.g() == 1
        self.kill(lonely)
        with pytest.raises(errors.SandboxLost):  # soon: the kernel takes its time to end the worker too
            [student.g() or time.sleep(0.01) for _ in range(1000)]
        assert student.g() == 1

    def test_before_a_worker_is_made_it_is_started_again(self, submit, lonely):
        self.kill(lonely)
        assert submit("def g(): return 1\n", zygote=lonely).g() == 1
