"""The untrusted side of the wall: what runs in the process that holds a submission.

This folder is mounted alone into the sandbox and started by path, so it imports nothing
else of the project: numpy, msgspec and the standard library only. The trusted side imports
what both sides need to understand each other, and nothing more: :mod:`wire`, :mod:`forms`,
:mod:`channel`, :mod:`values`; :mod:`users`, to clean up after a zygote that was killed; and :mod:`tools`,
which it uses on trusted code.

- ``wire.py``: the contract, every message that may cross
- ``forms.py``: the forms of values in it
- ``values.py``: Python values to those forms and back
- ``channel.py``: frames over a socket
- ``zygote.py``: the warm parent; starts one worker a submission
- ``confinement.py``: namespaces, mounts, limits and capabilities of a worker
- ``syscalls.py``: the kernel's calls that are refused to it
- ``users.py``: a user for each worker, where namespaces are forbidden
- ``watch.py``: the memory of a worker and all that it started, seen from the zygote
- ``serve.py``: the worker, which answers calls
- ``loading.py``: makes a module of the submission
- ``source.py``: cells to statements, tolerant of the broken ones
- ``callbacks.py``: functions of the trusted process
- ``tracebacks.py``: what was raised, and in which line
- ``capture.py``: what student code prints, cut at the limit
- ``tools/``: what the grader runs beside student code, e.g. a torch module forward and backward
- ``standins.py``: inert stand-ins for plotting packages
"""
