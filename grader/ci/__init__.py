"""One submission in somebody else's system: find out which, run the checks, leave what it reads.

surroundings.py  which system this is, and what its environment says
student.py       the assignments of a student repository, and their public checks
writing.py       the files that systems read, whole at every moment
released.py      what was handed out: have checks, configuration or workflow been edited?
gradescope.py    Gradescope's machine, with hidden checks too
"""
