"""Calls of the kernel that no coursework makes are refused, and everything that coursework does still works."""

from __future__ import annotations

import platform

import pytest

from grader.worker import syscalls

CALL = """
import ctypes, os
def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, *arguments)
    return "done" if result >= 0 else os.strerror(ctypes.get_errno())
"""
HONEST = """
import concurrent.futures, multiprocessing.shared_memory, os, socket, subprocess, sys, tempfile, threading
import numpy as np
def square(x): return x * x
def in_threads():
    with concurrent.futures.ThreadPoolExecutor(3) as pool: return list(pool.map(square, range(4)))
def in_processes():
    with multiprocessing.get_context("fork").Pool(2) as pool: return pool.map(square, range(4))
def in_a_program():
    return subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout
def through_shared_memory():
    shared = multiprocessing.shared_memory.SharedMemory(create=True, size=80)
    array = np.ndarray(10, buffer=shared.buf)
    array[:] = 1
    total = float(array.sum())
    del array
    shared.close(); shared.unlink()
    return total
def through_files():
    with tempfile.NamedTemporaryFile() as file:
        np.save(file, np.ones(10)); file.flush()
        return float(np.load(file.name).sum() + np.memmap(file.name, mode="r").size * 0)
def through_a_socket():
    here, there = socket.socketpair()
    here.sendall(b"x")
    return there.recv(1).decode()
"""
MACHINE = {"x86_64": 0, "aarch64": 1}.get(platform.machine())


@pytest.mark.skipif(MACHINE is None, reason=f"no table of calls for {platform.machine()}")
class TestRefused:
    @pytest.mark.parametrize("name", sorted(syscalls._CALLS))
    def test_is_what_no_coursework_needs(self, submit, namespace, name):
        student = submit(CALL, level=namespace)
        assert student.call(syscalls._CALLS[name][MACHINE], 0, 0, 0, 0, 0) == "Operation not permitted"

    def test_is_a_new_user_namespace_by_each_way(self, submit, namespace):
        student = submit(CALL, level=namespace)
        newuser_and_sigchld = 0x10000000 | 17
        assert student.call(syscalls._CLONE[MACHINE], newuser_and_sigchld, 0, 0, 0, 0) == "Operation not permitted"
        assert student.call(syscalls._CLONE3[MACHINE], 0, 0) == "Function not implemented"

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="there is one table of calls here")
    def test_is_the_second_table_of_calls(self, submit, namespace):
        student = submit(CALL, level=namespace)
        assert student.call(syscalls._X32 | 39) == "Operation not permitted"  # getpid


@pytest.mark.parametrize(
    ("function", "result"),
    [
        ("in_threads", [0, 1, 4, 9]),
        ("in_processes", [0, 1, 4, 9]),
        ("in_a_program", "42\n"),
        ("through_shared_memory", 10.0),
        ("through_files", 10.0),
        ("through_a_socket", "x"),
    ],
)
def test_honest_code_works(submit, namespace, function, result):
    student = submit(HONEST, level=namespace)
    assert getattr(student, function)() == result
