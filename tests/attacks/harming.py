"""Attacks that harm: processes, memory, disk, signals, and loops that will not end."""

from __future__ import annotations

from tests.attacks.attack import OTHERS, PRELUDE, Attack, scale

ATTACKS = (
    Attack(
        name="fork-bomb",
        source=scale("""
        shut_in(); mark()
        while True:
            if isinstance(attempt(os.fork), str): time.sleep(0.01)
    """),
        shows="timed out",
    ),
    Attack(
        name="children-that-stay",
        source=scale("""
        shut_in(); mark()
        for _ in range(3):
            if attempt(os.fork) == 0:
                os.setsid()
                if attempt(os.fork) == 0:
                    time.sleep(600)
                os._exit(0)
        tell()
    """),
    ),
    Attack(
        name="children-that-answer",
        source=scale("""
        shut_in(); mark()
        os.fork()
        return print("tried")
    """),
    ),
    Attack(
        name="programs-that-stay",
        source=scale("""
        shut_in()
        import subprocess
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "$MARK"], start_new_session=True)
        tell()
    """),
    ),
    Attack(
        name="threads-that-stay",
        source=scale("""
        import threading
        for _ in range(8): attempt(threading.Thread(target=lambda: [sum(range(10**5)) for _ in iter(int, 1)], daemon=True).start)
        tell()
    """),
        shows="tried|timed out",
    ),
    Attack(
        name="as-many-threads-as-there-can-be",
        source=scale("""
        import threading
        while not isinstance(attempt(threading.Thread(target=time.sleep, args=(60,), daemon=True).start), str): pass
        tell()
    """),
        shows="",
    ),
    Attack(name="an-array-of-a-hundred-gigabytes", source=scale("return np.ones(10**11 // 8)"), shows="out of memory"),
    Attack(
        name="memory-bit-by-bit",
        source=scale(
            """
        shut_in()
        while True: KEPT.append(np.empty(2**24))
    """,
            above="KEPT = []",
        ),
        shows="out of memory|crashed",
    ),
    Attack(
        name="memory-in-many-processes",
        source=scale("""
        shut_in(); mark()
        for _ in range(10): os.fork()
        kept = bytearray(b"x" * 2**27)
        time.sleep(60)
    """),
        shows="out of memory|timed out|crashed",
    ),
    Attack(
        name="memory-that-is-shared",
        source=scale("""
        shut_in(); mark()
        import mmap
        for _ in range(12):
            shared = attempt(mmap.mmap, -1, 2**27)
            for at in range(0, 2**27, 2**20): shared[at:at + 2**20] = b"x" * 2**20
            if os.fork() == 0: time.sleep(60)
        time.sleep(60)
    """),
        shows="out of memory|crashed|timed out",
    ),
    Attack(
        name="memory-that-is-a-file",
        source=scale("""
        shut_in()
        kept = []
        for number in range(200):
            file = os.memfd_create(f"m{number}")
            while os.write(file, bytes(2**20)): pass
    """),
        shows="out of memory|crashed|timed out",
    ),
    Attack(
        name="fill-shared-memory",
        source=scale("""
        shut_in()
        for folder in ("/dev/shm", os.environ["TMPDIR"]):
            for number in range(100):
                with open(f"{folder}/$MARK{number}", "wb") as file:
                    for _ in range(100): file.write(bytes(2**20))
        tell()
    """),
        shows="No space left|File too large|out of memory",
    ),
    Attack(
        name="a-file-without-end",
        source=scale("""
        shut_in()
        with open("endless", "wb") as file:
            while True: file.write(bytes(2**20))
    """),
        shows="No space left|File too large",
    ),
    Attack(
        name="files-without-number",
        source=scale("""
        shut_in()
        for number in range(10**7): open(f"empty{number}", "w").close()
    """),
        shows="No space left|timed out|out of memory",
    ),
    Attack(
        name="descriptors-without-number",
        source=scale("""
        while not isinstance(found := attempt(os.open, "/dev/null", os.O_RDONLY), str): pass
        return found
    """),
        shows="failed",
    ),
    Attack(
        name="signals-to-everybody",
        source=scale("""
        shut_in()
        import signal
        for pid in (1, 2, os.getppid(), os.getpid() - 1, os.getpid() + 1):
            if pid > 0 and pid != os.getpid():
                for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP): attempt(os.kill, pid, number)
        attempt(os.killpg, os.getpgid(0) if os.getppid() else 0, 0)
        attempt(os.kill, -1, signal.SIGSTOP); attempt(os.kill, -1, signal.SIGKILL)
        tell()
    """),
        shows="tried|crashed",
    ),
    Attack(name="exit-at-once", source=scale("os._exit(0)"), shows="exit status 0"),
    Attack(name="exit-at-import", source=f"{PRELUDE}os._exit(0)\n{OTHERS}", solves=(), shows="ended the process"),
    Attack(name="exit-by-exception", source=scale("raise SystemExit(0)"), shows="SystemExit"),
    Attack(name="segmentation-fault", source=scale("import ctypes; ctypes.string_at(0)"), shows="SIGSEGV"),
    Attack(name="abort", source=scale("os.abort()"), shows="SIGABRT|SIGSEGV"),
    Attack(
        name="recursion-past-the-stack",
        source=scale("""
        sys.setrecursionlimit(10**9)
        def down(n): return eval("down(n + 1)", {"down": down, "n": n})
        down(0)
    """),
        shows="crashed|out of memory|timed out",
    ),
    Attack(
        name="swallow-every-exception",
        source=scale("""
        while True:
            try:
                while True: pass
            except BaseException: continue
            finally: continue
    """),
        shows="timed out",
    ),
    Attack(name="a-loop-in-c", source=scale("return sum(range(10**15))"), shows="timed out"),
    Attack(
        name="a-regular-expression-without-end", source=scale("return re.match('(a*)*b', 'a' * 40)"), shows="timed out"
    ),
    Attack(
        name="a-deadlock",
        source=scale("import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"),
        shows="timed out",
    ),
    Attack(name="stop-itself", source=scale("os.kill(os.getpid(), 19)"), shows="timed out|failed"),
    Attack(name="output-without-end", source=scale("while True: sys.stdout.write('x' * 10**6)"), shows="timed out"),
    Attack(
        name="output-beside-the-streams",
        source=scale("""
        for number in range(3, 200):
            try: os.set_blocking(number, False); os.write(number, b"worker: passed" * 10**4)
            except OSError: pass
    """),
        shows="crashed|failed",
    ),
    Attack(
        name="change-the-machine",
        source=scale("""
        shut_in()
        import resource, socket
        tell(attempt(socket.sethostname, "$MARK"), attempt(os.nice, -20), attempt(time.clock_settime, 0, 0.0))
        tell(libc("swapoff", b"/swap"), attempt(os.mknod, "disk", 0o60666, os.makedev(8, 0)), libc("acct", b"log"))
        for name in dir(resource):
            if name.startswith("RLIMIT"):
                limit = getattr(resource, name)
                hard = resource.getrlimit(limit)[1]
                if hard != -1 and not isinstance(attempt(resource.setrlimit, limit, (hard + 1, hard + 1)), str):
                    print("FOUND a limit to raise", name); return x * factor
    """),
    ),
)
