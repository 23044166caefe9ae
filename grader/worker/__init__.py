"""The untrusted side of the wall: what runs in the process that holds a submission.

This folder is mounted alone into the sandbox and started by path, so it imports nothing
else of the project: numpy, msgspec and the standard library only. The trusted side imports
:mod:`grader.worker.wire` from it, and nothing more.

    wire.py        the contract: every message and value that may cross
    zygote.py      the warm parent; starts one worker a submission
    confinement.py namespaces, mounts, limits and capabilities of a worker
    serve.py       the worker: loads the submission, answers calls
    source.py      cells to statements, tolerant of the broken ones
    capture.py     what student code prints, cut at the limit
    standins.py    inert stand-ins for plotting packages
"""
