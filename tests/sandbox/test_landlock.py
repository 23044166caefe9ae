"""Landlock's rules, tried in processes of their own: what is allowed works, and all else is refused for good."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grader.worker import landlock

VERSION = landlock.version() if sys.platform == "linux" else 0
pytestmark = pytest.mark.skipif(not VERSION, reason="the kernel has no Landlock")

PRELUDE = """
import ctypes, json, os, signal, socket, subprocess, sys
from pathlib import Path
from grader.worker import landlock
view, own, version, outside = json.loads(sys.argv[1])
view = landlock.View(**{name: tuple(places) for name, places in view.items()})
if version: landlock.version = lambda: version
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # no_new_privs
os.chdir(own)
landlock.restrict(view, own)
def tried(function, *arguments, **options):
    "What it gives, or the name of the refusal."
    try: return function(*arguments, **options)
    except OSError as error: return type(error).__name__
def answer(*found): print(json.dumps(found))
"""


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(landlock.__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


class Place:
    """A folder of the test: what is shown, what is own, and a file that is open to everybody."""

    def __init__(self, folder: Path) -> None:
        self.shown, self.own, self.hidden = folder / "shown", folder / "own", folder / "hidden"
        for each in (self.shown, self.own, self.hidden):
            (each / "below").mkdir(parents=True)
            (each / "below/file").write_text(each.name)
        self.view = {"read": [str(self.shown)], "names": [], "use": []}

    def run(self, code: str, *, version: int = 0, outside: str = "", **view: list[str]) -> list:
        given = json.dumps([{**self.view, **view}, str(self.own), version, outside])
        done = python(PRELUDE + code, given)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_every_version_of_the_interface_shows_what_is_allowed_and_no_more(place, version):
    code = f"""
shown, hidden = Path({str(place.shown)!r}), Path({str(place.hidden)!r})
answer(
    (shown / "below/file").read_text(), [name for name in os.listdir(shown)], tried((shown / "new").write_text, "x"),
    tried((hidden / "below/file").read_text), tried(os.listdir, hidden), tried((hidden / "new").write_text, "x"),
    tried(os.mkdir, hidden / "folder"), tried(os.unlink, hidden / "below/file"),
    Path("below/new").write_text("123"), os.listdir("below") != [], tried(os.mkdir, "folder"),
)"""
    refused = "PermissionError"
    assert place.run(code, version=version) == [
        "shown", ["below"], refused, refused, refused, refused, refused, refused, 3, True, None,
    ]  # fmt: skip
    assert (place.hidden / "below/file").exists()


def test_no_way_around_leads_to_what_is_hidden(place):
    code = f"""
hidden = {str(place.hidden / "below/file")!r}
os.symlink(hidden, "link")
root = os.open("/", os.O_PATH)
answer(
    tried(open, "link"), tried(open, "/proc/self/root" + hidden), tried(open, f"/proc/self/fd/{{root}}" + hidden),
    tried(open, "../hidden/below/file"), tried(os.link, hidden, "hard"), tried(os.rename, hidden, "moved"),
    tried(os.open, hidden[1:], os.O_RDONLY, dir_fd=root), tried(os.truncate, hidden, 0),
)"""
    assert {str(found) for found in place.run(code)} <= {"PermissionError", "OSError"}
    assert (place.hidden / "below/file").read_text() == "hidden"


def test_names_are_listed_where_files_are_not_read(place):
    code = f"hidden = Path({str(place.hidden)!r})\nanswer(os.listdir(hidden), tried((hidden / 'below/file').read_text))"
    assert place.run(code, names=[str(place.hidden)]) == [["below"], "PermissionError"]


def test_a_single_file_is_shown_alone_and_a_device_is_written_to(place):
    (place.hidden / "beside").touch()
    code = f"""
hidden = Path({str(place.hidden)!r})
answer((hidden / "below/file").read_text(), tried((hidden / "beside").read_text),
       Path("/dev/null").write_text("x"), tried(Path("/dev/full").write_text, "x"))"""
    found = place.run(code, read=[str(place.hidden / "below/file")], use=["/dev/null", "/dev/nvidia0"])
    assert found == ["hidden", "PermissionError", 1, "PermissionError"]


def test_what_is_not_there_is_left_out(place):
    found = place.run("answer(1)", read=["/no/such/place", str(place.shown / "below/file/below")], names=["/no"])
    assert found == [1]


def test_a_process_sees_itself_and_no_other(place):
    code = """
answer(Path("/proc/self/comm").read_text() != "", os.listdir("/proc/self/fd") != [], tried(os.listdir, "/proc"),
       tried(Path(f"/proc/{os.getppid()}/cmdline").read_text), tried(Path("/proc/1/comm").read_text))"""
    assert place.run(code) == [True, True, "PermissionError", "PermissionError", "PermissionError"]


def test_what_it_starts_is_shut_in_with_it(place):
    code = f"""
words = [{sys.executable!r}, "-S", "-c", "import sys; print(open(sys.argv[1]).read())"]
run = lambda place: subprocess.run([*words, place], capture_output=True, text=True)
answer(run({str(place.shown / "below/file")!r}).stdout, "PermissionError" in run({str(place.hidden / "below/file")!r}).stderr)"""
    interpreter = [sys.base_prefix, sys.prefix, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", str(place.shown)]
    assert place.run(code, read=interpreter, use=["/dev/null"]) == ["shown\n", True]


@pytest.mark.skipif(VERSION < 2, reason="no version of Landlock before 2 lets a file move between folders")
def test_files_move_about_in_the_own_folder(place):
    code = """
os.rename("below/file", "file"); os.link("file", "below/file"); os.truncate("file", 1)
answer(Path("below/file").read_text())"""
    assert place.run(code) == ["o"]


@pytest.mark.skipif(VERSION < 6, reason="no version of Landlock before 6 has scopes")
class TestScopes:
    def test_no_signal_goes_out_and_the_own_processes_get_theirs(self, place):
        code = """
child = os.fork()
if child == 0: signal.pause()
os.kill(child, signal.SIGKILL)
answer(tried(os.kill, os.getppid(), 0), os.waitpid(child, 0)[1])"""
        assert place.run(code) == ["PermissionError", 9]

    def test_an_abstract_socket_of_others_is_out_of_reach_and_the_own_are_not(self, place):
        code = """
with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as there, socket.socket(socket.AF_UNIX) as here:
    server.bind("\\0own-" + outside); server.listen()
    answer(tried(there.connect, "\\0" + outside), tried(here.connect, "\\0own-" + outside))"""
        name = f"landlock-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"\0{name}")
            server.listen()
            assert place.run(code, outside=name) == ["PermissionError", None]


@pytest.mark.skipif(VERSION < 4, reason="no version of Landlock before 4 knows TCP")
def test_tcp_is_refused(place):
    code = """
with socket.socket() as server, socket.socket() as client:
    answer(tried(server.bind, ("127.0.0.1", 0)), tried(client.connect, ("127.0.0.1", int(outside))))"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert place.run(code, outside=str(server.getsockname()[1])) == ["PermissionError", "PermissionError"]


class TestAnotherKernel:
    @pytest.mark.parametrize("error", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM])
    def test_without_it_goes_on_as_it_was(self, monkeypatch, tmp_path, error):
        calls = []

        def refuse(number, *_arguments):
            calls.append(number)
            raise OSError(error, "no")

        monkeypatch.setattr(landlock, "_call", refuse)
        assert landlock.version() == 0
        landlock.restrict(landlock.View(), tmp_path)
        assert set(calls) == {444}

    def test_with_another_answer_is_an_error(self, monkeypatch):
        def refuse(*_arguments):
            raise OSError(errno.ENOMEM, "no")

        monkeypatch.setattr(landlock, "_call", refuse)
        with pytest.raises(OSError, match="no"):
            landlock.version()

    @pytest.mark.parametrize("refused", [445, 446])
    def test_that_takes_no_rule_is_an_error(self, monkeypatch, tmp_path, refused):
        real = landlock._call

        def call(number, *arguments):
            if number == refused:
                raise OSError(errno.EPERM, "refused")
            return real(number, *arguments)

        monkeypatch.setattr(landlock, "_call", call)
        with pytest.raises(OSError, match="refused"):
            landlock.restrict(landlock.View(), tmp_path)


def test_without_the_promise_of_no_new_privileges_the_kernel_refuses():
    code = """
import os
from grader.worker import landlock
if os.getuid() == 0: os.setresuid(65534, 65534, 65534)
landlock.restrict(landlock.View(), "/")"""
    done = python(code)
    assert done.returncode == 1
    assert "landlock: Operation not permitted" in done.stderr
