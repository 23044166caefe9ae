"""The view of a worker at the level `user`: by Landlock, without it, and where the kernel does not take its rules."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

from grader.worker import landlock
from tests.sandbox import readable, test_syscalls
from tests.sandbox.readable import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="needs root")
needs_landlock = pytest.mark.skipif(sys.platform != "linux" or not landlock.version(), reason="there is no Landlock")

SOURCE = """
import os, subprocess, sys
def tried(function, *arguments):
    try: return function(*arguments)
    except Exception as error: return type(error).__name__
def written(place):
    with open(place, "w") as file: file.write("x")
    return "written"
def content(place):
    with open(place, "rb") as file: return len(file.read(9))
def own(): return [tried(written, "new"), tried(content, "own.txt"), sorted(os.listdir("."))]
def opened_to_others(): return tried(os.chmod, ".", 0o777)
def shared(): return [tried(written, f"{place}/LEFT") for place in ("/tmp", "/var/tmp", "/dev/shm")]
def open_to_all(): return [tried(content, place) for place in ("/etc/passwd", "OPENED", "/proc/self/root/etc/passwd")]
def processes(): return [tried(os.listdir, "/proc"), tried(content, f"/proc/{os.getppid()}/cmdline")]
def itself(): return content("/proc/self/status")
def imported(): return [tried(__import__, name) and tried(__import__, name) for name in ("pytest", "grader", "torch")]
def read_packages():
    import numpy
    packages = os.path.dirname(os.path.dirname(numpy.__file__))
    return [tried(content, f"{packages}/pytest/__init__.py"), tried(content, f"{packages}/numpy/__init__.py")]
def numerics():
    import numpy as np, numpy.polynomial, sqlite3, xml.etree.ElementTree
    np.save("array", np.eye(3) @ np.ones((3, 2)))
    return [float(np.load("array.npy").sum()), float(np.linalg.norm(np.fft.fft(np.ones(4)))), np.random.default_rng(0).random() < 1]
def looked_for():
    import mimetypes, zoneinfo
    try: zoneinfo.ZoneInfo("Europe/Zurich")
    except zoneinfo.ZoneInfoNotFoundError: pass
    return mimetypes.guess_type("a.png")[0]
def child(): return subprocess.run([sys.executable, "-c", "import numpy; print(6 * 7)"], capture_output=True, text=True).stdout
def torch_module():
    import torch
    layers = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(32, 3))
    optimizer = torch.optim.Adam(layers.parameters())
    layers(torch.ones(2, 1, 6, 6)).sum().backward()
    optimizer.step()
    torch.save(layers.state_dict(), "state.pt")
    return sorted(torch.load("state.pt"))
"""
LOCKED = "PermissionError"
LEFT = f"dlgrader-{uuid.uuid4().hex}"
"""Name of a file that no other run of these tests makes at the same moment."""
HONEST = (
    test_syscalls.HONEST
    + """
def in_processes_with_a_pipe():
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=lambda: there.send(square(3)))
    process.start()
    return here.recv()
"""
)


def ask(*functions: str, source: str = SOURCE, packages: str = "", refused: str = "") -> dict:
    """What these functions answer at the level `user`; the kernel gives these errors."""
    with tempfile.TemporaryDirectory() as opened:
        Path(opened).chmod(0o755)
        (Path(opened) / "file").write_text("text")
        (Path(opened) / "file").chmod(0o644)
        source = source.replace("OPENED", f"{opened}/file").replace("LEFT", LEFT)
        done = readable.run("tests/sandbox/at_user.py", source, packages, refused, *functions)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers() -> dict:
    return ask(
        "own", "opened_to_others", "shared", "open_to_all", "processes", "itself", "imported", "read_packages",
        "numerics", "looked_for", "child",
    )  # fmt: skip


@needs_landlock
class TestWithLandlock:
    def test_the_own_folder_is_its_own_and_cannot_be_opened_to_others(self, answers):
        assert answers["own"] == ["written", 4, ["new", "own.txt"]]
        assert answers["opened_to_others"] == LOCKED

    def test_no_folder_that_is_everybodys_takes_a_file(self, answers):
        assert answers["shared"] == [LOCKED] * 3

    def test_a_file_that_is_open_to_everybody_is_not_read(self, answers):
        assert answers["open_to_all"] == [LOCKED] * 3

    def test_other_processes_are_not_seen(self, answers):
        assert answers["processes"] == [LOCKED] * 2
        assert answers["itself"] == 9

    def test_a_package_that_is_not_allowed_is_neither_imported_nor_read(self, answers):
        assert answers["imported"] == ["ModuleNotFoundError"] * 3
        assert answers["read_packages"] == [LOCKED, 9]

    def test_numpy_pythons_library_and_programs_work(self, answers):
        assert answers["numerics"] == [6.0, 4.0, True]
        assert answers["looked_for"] == "image/png"
        assert answers["child"] == "42\n"

    def test_threads_processes_files_and_sockets_work(self):
        functions = ("in_threads", "in_processes_with_a_pipe", "in_a_program", "through_files", "through_a_socket")
        assert list(ask(*functions, source=HONEST).values()) == [[0, 1, 4, 9], 9, "42\n", 10.0, "x"]

    def test_what_lies_in_the_machines_shared_memory_does_not(self):
        # there two workers could meet; multiprocessing keeps its locks, and so its pools, in that folder
        for answer in ask("in_processes", "through_shared_memory", source=HONEST).values():
            assert "PermissionError: [Errno 13] Permission denied" in answer

    def test_torch_works(self):
        pytest.importorskip("torch")
        assert ask("torch_module", packages="torch")["torch_module"] == ["0.bias", "0.weight", "2.bias", "2.weight"]

    @pytest.mark.parametrize("call", [445, 446])
    def test_a_kernel_that_does_not_take_the_rules_gets_no_student_code(self, call):
        answer = ask("itself", refused=f"{call}={errno.EPERM}")["itself"]
        assert answer.startswith("SandboxLost: a worker could not be shut in: ")
        assert "landlock: Operation not permitted" in answer


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_kernel_without_it_leaves_the_level_as_it_was(error):
    answers = ask("own", "opened_to_others", "shared", "open_to_all", "imported", "numerics", refused=f"444={error}")
    assert answers == {
        "own": ["written", 4, ["new", "own.txt"]],
        "opened_to_others": LOCKED,
        "shared": ["written"] * 3,
        "open_to_all": [9, 4, 9],
        "imported": ["ModuleNotFoundError"] * 3,
        "numerics": [6.0, 4.0, True],
    }
    left = [Path(folder, LEFT) for folder in ("/tmp", "/var/tmp", "/dev/shm")]
    assert [file for file in left if file.exists()] == []  # swept when the worker ended


def test_an_assignment_with_torch_is_graded(tmp_path):
    pytest.importorskip("torch")
    course = tmp_path / "course"
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / "rnn", course / part / "rnn", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "work").mkdir()
    shutil.copy(ROOT / "reference/rnn/rnn.py", tmp_path / "work/anna.py")
    words = ["--course", course, "--assignment", "rnn", "--isolation", "user"]
    done = readable.run("-m", "grader", "grade", *map(str, [tmp_path / "work", "--out", tmp_path / "out", *words]))
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = json.loads((tmp_path / "out/results.json").read_text())["submissions"]
    assert result["outcome"] == "passed", done.stdout
