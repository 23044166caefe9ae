"""The trusted side of the wall: starts the untrusted one, talks to it, ends it.

isolation.py   which level of isolation this machine offers, and the view of the file system
packages.py    which installed files belong to the packages that an assignment allows
zygote.py      the warm parent of the workers, seen from here
worker.py      one worker: requests, answers, deadlines, its end
student.py     the proxy that a check calls
errors.py      what can go wrong with a submission, as exceptions
doctor.py      tries what the wall promises, and says so in words
"""
