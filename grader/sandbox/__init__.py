"""The trusted side of the wall: starts the untrusted one, talks to it, ends it.

session.py     one submission: its workers, its time, what was seen of it
student.py     the proxy that a check calls
callbacks.py   functions of a check that student code may call
generators.py  how far it moved a random generator on
code.py        a submission as it is loaded, and the places in it
clock.py       the wall time that it has used
seen.py        what was seen of it during a check
imports.py     what is said of its import
isolation.py   which level of isolation this machine offers, and the view of the file system
memory.py      how much memory a container leaves to a worker, and a check may take
users.py       whether workers can be other users here, and whether what is hidden is closed to them
packages.py    which installed files belong to the packages that an assignment allows
zygote.py      the warm parent of the workers, seen from here
worker.py      one worker: requests, answers, deadlines, its end
errors.py      what can go wrong with a submission, as exceptions
doctor.py      tries what the wall promises, and says so in words; probe.py is what it puts behind the wall
"""
