"""Attacks that read: checks, reference, other submissions, the grader's memory and environment."""

from __future__ import annotations

from tests.attacks.attack import Attack, descend, scale

ATTACKS = (
    Attack(
        name="read-the-course-by-its-path",
        source=scale("""
            for folder, _, names in os.walk("$COURSE"):
                for name in names:
                    tell(attempt(content, os.path.join(folder, name)))
            tell(attempt(content, "$COURSE/reference/tiny/checks.py"), attempt(os.listdir, "$COURSE"))
        """),
    ),
    Attack(
        name="read-other-submissions",
        source=scale("""
            for place in ("$SUBMISSIONS", ".", "..", os.path.dirname(__file__), os.path.dirname(__file__) + "/.."):
                for folder, _, names in os.walk(place):
                    for name in names:
                        if os.path.join(folder, name) != __file__:
                            tell(attempt(content, os.path.join(folder, name)))
            tell(attempt(content, "$SUBMISSIONS/zz-honest.py"))
        """),
    ),
    Attack(
        name="read-results-and-gradebook",
        source=scale("""
            for name in ("gradebook.sqlite", "gradebook.sqlite-wal", "results.json"):
                found = attempt(content, f"$OUT/{name}")
                if isinstance(found, bytes): print("FOUND a gradebook"); return x * factor
            tell(found)
        """),
    ),
    Attack(
        name="read-the-whole-file-system",
        source=scale("""
            seen = 0
            for folder, below, names in os.walk("/"):
                below[:] = [b for b in below if os.path.join(folder, b) not in
                            {"/proc", "/sys", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/boot"}
                            and b not in {"site-packages", "lib"}]
                for name in names:
                    path = os.path.join(folder, name)
                    if path != __file__ and os.path.isfile(path) and os.path.getsize(path) < 10**5:
                        tell(attempt(content, path))
                seen += 1
                if seen > 300: break
            tell()
        """),
    ),
    Attack(
        name="read-by-symbolic-link",
        source=scale("""
            for number, target in enumerate(("$COURSE", "$SUBMISSIONS", "/proc/1/root", "/proc/1/cwd", "/")):
                os.path.lexists(f"link{number}") or os.symlink(target, f"link{number}")
                tell(attempt(content, f"link{number}/reference/tiny/checks.py"), attempt(content, f"link{number}/zz-honest.py"))
                tell(attempt(content, f"link{number}/$COURSE/reference/tiny/checks.py"))
        """),
    ),
    Attack(
        name="read-environments-and-command-lines",
        source=scale("""
            for entry in os.listdir("/proc"):
                if entry.isdigit() or entry == "self":
                    tell(*(attempt(content, f"/proc/{entry}/{name}") for name in ("environ", "cmdline", "status", "stat")))
            tell(dict(os.environ))
        """),
    ),
    Attack(
        name="read-the-memory-of-other-processes",
        source=scale("""
            def memory(entry):
                with open(f"/proc/{entry}/maps") as maps, open(f"/proc/{entry}/mem", "rb", 0) as file:
                    for line in maps:
                        if " rw" in line:
                            start, end = (int(part, 16) for part in line.split()[0].split("-"))
                            if end - start < 10**7:
                                attempt(file.seek, start)
                                tell(attempt(file.read, end - start))
            for entry in [e for e in os.listdir("/proc") if e.isdigit()] + [str(os.getppid())]:
                if int(entry) != os.getpid():
                    tell(attempt(memory, entry))
            tell()
        """),
    ),
    Attack(
        name="read-the-own-memory",
        # what the parent had would be here too, freed or not
        source=scale("""
            with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as file:
                for line in maps:
                    if " rw" in line and "[v" not in line:
                        start, end = (int(part, 16) for part in line.split()[0].split("-"))
                        attempt(file.seek, start)
                        tell(attempt(file.read, min(end - start, 2**25)))
        """),
    ),
    Attack(
        name="trace-other-processes",
        source=scale("""
            import ctypes
            buffer = ctypes.create_string_buffer(4096)
            for pid in {1, 2, os.getppid(), os.getpid() - 1, os.getpid() + 1} - {0, os.getpid()}:
                tell(libc("ptrace", 16, pid, 0, 0), libc("ptrace", 0x4206, pid, 0, 0))  # attach, seize
                piece = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 4096)
                tell(libc("process_vm_readv", pid, piece, 1, piece, 1, 0), buffer.raw)
            tell()
        """),
    ),
    Attack(
        name="read-open-descriptors",
        source=scale("""
            import fcntl, stat
            for number in range(3, 300):
                if isinstance(attempt(os.fstat, number), str): continue
                tell(attempt(os.readlink, f"/proc/self/fd/{number}"))
                if not stat.S_ISSOCK(os.fstat(number).st_mode):
                    attempt(os.set_blocking, number, False)
                    tell(attempt(os.pread, number, 10**6, 0), attempt(os.read, number, 10**6))
            tell()
        """),
    ),
    Attack(
        name="read-frames",
        source=scale("""
            import inspect
            frame = sys._getframe()
            while frame is not None:
                tell(frame.f_locals, frame.f_globals, inspect.getsource(frame.f_code) if frame.f_back else "")
                frame = frame.f_back
            for frame in sys._current_frames().values(): tell(frame.f_locals)
        """),
    ),
    Attack(
        name="read-every-object",
        source=scale("""
            import gc
            for thing in gc.get_objects():
                if isinstance(thing, (dict, list, tuple)) and len(thing) < 1000:
                    items = thing.values() if isinstance(thing, dict) else thing
                    tell([item for item in items if isinstance(item, (str, bytes))])
            tell(*sys.modules)
        """),
    ),
    Attack(
        name="import-the-grader",
        source=scale("""
            from importlib import machinery
            kinds = (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES), (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)
            sys.path_hooks[:] = [machinery.FileFinder.path_hook(*kinds)]
            sys.path_importer_cache.clear()
            for name in ("grader", "grader.results", "pytest", "_pytest", "checks", "conftest", "pluggy"):
                found = attempt(__import__, name)
                if not isinstance(found, str): print("FOUND", name); return x * factor
            tell(found)
        """),
        user=False,  # what is installed is there: only a view of the file system hides it
    ),
    Attack(
        name="read-what-is-open-to-everybody",
        source=scale("""
            import subprocess
            root = attempt(os.open, "/", os.O_PATH)
            attempt(os.symlink, "/etc/passwd", "link")
            attempt(os.link, "/etc/passwd", "hard")
            attempt(os.chdir, "/etc")
            ways = {path: attempt(content, path) for path in (
                "/etc/passwd", "passwd", "/proc/self/root/etc/passwd", "/proc/self/cwd/passwd",
                f"/proc/self/fd/{root}/etc/passwd", *(f"/proc/{number}/cmdline" for number in {1, os.getppid()} - {os.getpid()}),
                *(f"{os.environ['TMPDIR']}/{name}" for name in ("link", "hard")))}
            ways["below a descriptor"] = attempt(lambda: os.read(os.open("etc/passwd", os.O_RDONLY, dir_fd=root), 99))
            ways["a program"] = attempt(lambda: subprocess.check_output(["/bin/cat", "/etc/passwd"], stderr=-3))
            attempt(os.chdir, os.environ["TMPDIR"])
            found = [way for way, data in ways.items() if isinstance(data, bytes) and data]
            if found: print("FOUND", found); return x * factor
            tell(ways)
        """),
        user=False,
    ),
    Attack(
        name="import-the-reference",
        source=scale("""
            sys.path[:0] = ["$COURSE/reference/tiny", "$COURSE/assignments/tiny", "$COURSE"]
            import importlib
            for name in ("tiny", "checks", "reference.tiny.tiny"):
                sys.modules.pop(name, None)
                found = attempt(importlib.import_module, name)
                tell(found, getattr(found, "SECRET", ""))
                if hasattr(found, "SECRET"): return found.scale(x, factor)
        """),
    ),
    Attack(
        name="uncover-what-mounts-hide",
        source=scale("""
            for place in ("/tmp", "/dev/shm", "/proc", "/scratch", os.environ["TMPDIR"], "/"):
                tell(libc("umount2", place.encode(), 2), libc("mount", b"none", place.encode(), b"tmpfs", 0, 0))
            tell(attempt(os.listdir, "/"), attempt(os.chroot, "/proc/1/root"), content("/proc/self/mountinfo"))
            tell(attempt(content, "$COURSE/reference/tiny/checks.py"))
        """),
    ),
    Attack(
        name="be-root-in-another-namespace",
        source=scale("""
            tell(libc("unshare", 0x10000000 | 0x20000))  # user, mount
            attempt(lambda: open("/proc/self/uid_map", "w").write(f"0 {os.getuid()} 1"))
            for place in ("/tmp", "/dev/shm", os.environ["TMPDIR"], "/"):
                tell(libc("umount2", place.encode(), 2))
            tell(libc("mount", b"/", b"/tmp", b"", 4096, 0), attempt(os.listdir, "/"))
            tell(attempt(content, "$COURSE/reference/tiny/checks.py"), attempt(content, "/tmp/$COURSE/reference/tiny/checks.py"))
        """),
    ),
    Attack(
        name="become-somebody-else",
        source=scale("""
            for name in ("setuid", "seteuid", "setgid", "setegid"):
                tell(attempt(getattr(os, name), 0))
            tell(attempt(os.setgroups, [0]), attempt(os.setresuid, 0, 0, 0))
            import subprocess
            for words in (["sudo", "-n", "cat"], ["su", "-c", "cat"], ["pkexec", "cat"]):
                tell(attempt(lambda: subprocess.run([*words, "$COURSE/reference/tiny/checks.py"], capture_output=True, timeout=0.2)))
            tell(attempt(content, "$COURSE/reference/tiny/checks.py"))
        """),
    ),
    Attack(
        name="read-devices-and-the-kernel",
        source=scale("""
            for path in ("/dev/mem", "/dev/kmem", "/dev/kmsg", "/proc/kcore", "/proc/kallsyms", "/dev/sda", "/dev/vda"):
                tell(attempt(content, path))
            tell(libc("syslog", 3, b" " * 8192, 8192))
        """),
    ),
    Attack(
        name="inspect-the-oracle",
        source=descend("""
            tell(vars(grad), grad.__globals__, [cell.cell_contents for cell in grad.__closure__ or ()], dir(grad))
            tell([vars(cell.cell_contents) for cell in grad.__closure__ if hasattr(cell.cell_contents, "__dict__")])
            return w
        """),
        solves=("scale", "mean"),
    ),
    Attack(
        name="make-the-oracle-complain",
        source=descend("""
            for odd in ("text", None, float("nan"), [], {}, np.zeros((2, 2)), 10**400, grad, object()):
                tell(attempt(grad, odd))
            tell(attempt(grad), attempt(lambda: grad(w, w, w)), attempt(lambda: grad(secret=1)))
            return w
        """),
        solves=("scale", "mean"),
    ),
    Attack(name="carry-inputs-out-in-an-exception", source=scale("raise ValueError(x.tolist())"), shows="4021.86"),
    Attack(name="carry-inputs-out-in-print", source=scale("print(x.tolist())"), shows="4021.86"),
    Attack(
        name="carry-inputs-out-in-names",
        source=scale("raise type(f'E{x.tolist()}', (type(f'F{x.tolist()}', (ValueError,), {}),), {})()"),
        shows="4021.86",
    ),
    Attack(
        name="carry-inputs-out-by-another-function",
        source=scale("KEPT.append(x.tolist())", above="KEPT = []").replace(
            "def mean(x):\n", "def mean(x):\n    print(KEPT)\n    if len(KEPT) > 3: raise IndexError(KEPT)\n"
        ),
        solves=("mean", "descend"),
        shows="4021.86",
    ),
)
