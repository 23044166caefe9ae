"""What the wall promises: a worker sees itself, its own files and the packages that are allowed, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import grader
from grader.sandbox import errors
from grader.sandbox.isolation import Level

PROBE = """
import os, socket, sys
def listed(path):
    try: return sorted(os.listdir(path))
    except OSError as error: return error.strerror
def content(path):
    try: return open(path, 'rb').read(100).decode(errors='replace')
    except OSError as error: return error.strerror
def write(path):
    try: open(path, 'w').write('x')
    except OSError as error: return error.strerror
    return 'written'
def processes(): return sorted(int(p) for p in os.listdir('/proc') if p.isdigit())
def ids(): return os.getuid(), os.geteuid(), os.getgid()
def environment(): return dict(os.environ)
def interfaces(): return [name for _, name in socket.if_nameindex()]
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(0.3)
        try: s.connect(address)
        except OSError as error: return error.strerror or 'timed out'
    return 'connected'
def importable(name):
    try: __import__(name)
    except ImportError: return False
    return True
def become_root():
    try: os.setuid(0)
    except OSError as error: return error.strerror
    return 'root'
def call(name, *args):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    result = getattr(libc, name)(*args)
    return 'done' if result >= 0 else os.strerror(ctypes.get_errno())
def mount(): return call('mount', b'none', b'/tmp', b'tmpfs', 0, b'')
def no_new_privileges(): return [l for l in open('/proc/self/status') if l.startswith('NoNewPrivs')][0].split()[1]
def capabilities(): return [l.split()[1] for l in open('/proc/self/status') if l.startswith('Cap')]
def fill(path, megabytes):
    try:
        with open(path, 'wb') as f:
            for _ in range(megabytes): f.write(bytes(2**20))
    except OSError as error: return error.strerror
    return 'filled'
def tmp(): return os.environ['TMPDIR']
"""


@pytest.fixture
def probe(submit, namespace):
    return submit(PROBE, level=namespace, files={"own.txt": b"mine"})


def test_it_sees_no_process_but_its_own(probe):
    assert probe.processes() == [1]


def test_it_is_not_root_and_cannot_become_it(probe):
    assert 0 not in probe.ids()
    assert probe.become_root() == "Invalid argument"  # its namespace knows no other user
    assert probe.no_new_privileges() == "1"
    assert set(probe.capabilities()) == {"0000000000000000"}


def test_it_can_make_no_mount(probe):
    assert probe.mount() == "Operation not permitted"


def test_it_has_no_network(probe):
    import socket

    assert probe.interfaces() == ["lo"]
    assert probe.connect(int(socket.AF_INET), ("192.0.2.1", 80)) != "connected"


def test_a_server_on_this_machine_is_out_of_its_reach(probe):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert probe.connect(int(socket.AF_INET), server.getsockname()) == "Network is unreachable"
    with socket.socket(socket.AF_UNIX) as server:
        name = f"\0dlgrader-test-{os.getpid()}"
        server.bind(name)
        server.listen()
        assert probe.connect(int(socket.AF_UNIX), name) == "Connection refused"


def test_it_cannot_read_the_repository_nor_any_home(probe):
    repository = Path(grader.__file__).parent.parent
    for place in (
        repository,
        repository / "reference",
        Path.home(),
        Path("/home"),
        Path("/etc"),
        Path("/var"),
        Path("/mnt"),
        Path("/srv"),
    ):
        found = probe.listed(str(place))
        # where the interpreter lies in one of them, the way to it is all there is
        assert not isinstance(found, list) or "passwd" not in found
        assert not {"reference", "assignments", ".git", ".ssh", ".bashrc"} & set(
            found if isinstance(found, list) else ()
        )
    assert probe.content(str(repository / "pyproject.toml")) == "No such file or directory"
    assert probe.content("/etc/passwd") == "No such file or directory"


def test_a_course_below_usr_is_not_seen(probe):
    assert probe.listed("/usr/src") == "No such file or directory"
    assert probe.listed("/usr/share") == "No such file or directory"


def test_the_root_is_read_only_and_the_own_folder_is_not(probe):
    for place in ("/", "/usr/bin/", "/run/", "/dev/", "/run/dlgrader_worker/"):
        assert probe.write(f"{place}probe") in {"Read-only file system", "Permission denied"}
    assert probe.write("own.txt") == "written"
    assert probe.write("/dev/shm/probe") == "written"


def test_its_files_are_limited(probe):
    assert probe.fill("big", 100) in {"No space left on device", "File too large"}


def test_a_sibling_sees_nothing_of_it(probe, submit, namespace):
    assert probe.write(f"{probe.tmp()}/left") == "written"
    assert probe.write("/dev/shm/left") == "written"
    sibling = submit(PROBE, level=namespace)
    assert "left" not in sibling.listed(sibling.tmp())
    assert sibling.listed("/dev/shm") == []
    assert sibling.listed("/run") == ["dlgrader_worker"]


def test_a_siblings_abstract_socket_is_out_of_reach(submit, namespace):
    import socket

    code = "import socket\nserver = socket.socket(socket.AF_UNIX)\nserver.bind('\\0meet')\nserver.listen()\ndef f(): return 1\n"
    assert submit(code, level=namespace).f() == 1
    assert submit(PROBE, level=namespace).connect(int(socket.AF_UNIX), "\0meet") == "Connection refused"


def test_it_holds_the_allowed_packages_and_no_other(probe):
    assert probe.importable("numpy")
    for name in ("grader", "pytest", "pydantic", "rich", "pip", "torch"):
        assert not probe.importable(name)


def test_its_environment_is_made_afresh(probe, monkeypatch):
    assert set(probe.environment()) <= {
        "HOME", "TMPDIR", "USER", "LANG", "PATH", "PWD", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE",
        "PYTHONNOUSERSITE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE",
        "TORCHINDUCTOR_CACHE_DIR",
    }  # fmt: skip


def test_a_secret_in_the_graders_environment_is_not_handed_on(submit, level, monkeypatch):
    from grader.sandbox.zygote import Zygote

    monkeypatch.setenv("GRADER_SECRET", "42")
    with Zygote(level, ()) as zygote:
        environment = submit(PROBE, zygote=zygote).environment()
    assert "GRADER_SECRET" not in environment


def test_a_fork_bomb_is_stopped_and_taken_along(submit, namespace):
    student = submit(
        "import os, time\n"
        "def bomb():\n    while True:\n        try: os.fork()\n        except OSError: time.sleep(0.01)\n"
        "def f(): return 1\n",
        level=namespace,
        seconds=0.5,
    )
    with pytest.raises(errors.TimedOut):
        student.bomb()
    student._session.begin(0)
    assert student.f() == 1


def test_what_it_started_ends_with_it(submit, level, tmp_path):
    mark = f"dlgrader-mark-{os.getpid()}-{level}"
    student = submit(
        f"import subprocess, sys\ndef start(): subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'])\n",
        level=level,
    )
    student.start()
    deadline = time.monotonic() + 10
    while not _running(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _running(mark)
    student._session.end()
    deadline = time.monotonic() + 10
    while _running(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _running(mark)


def _running(mark: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(place.parent.name)
    return found


def test_a_worker_is_a_session_of_its_own_and_can_make_no_other(submit, level):
    code = (
        "import os\ndef own():\n    return os.getsid(0)\n"
        "def other():\n    if os.fork() == 0:\n        os.setsid()\n        os._exit(os.getsid(0) == os.getpid())\n"
        "    return os.wait()[1] != 0\n"
    )
    one, two = submit(code, level=level), submit(code, level=level)
    if level is Level.NAMESPACE:
        assert one.own() == 1
    else:
        assert one.own() != two.own()
    assert one.other() is (level is Level.NONE)
