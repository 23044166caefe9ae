"""What ``ci/bench.py`` measures: a function a figure, each given an empty folder, rounds, and the size of a class."""

import os

# before numpy comes: the grader computes on one thread too, and its threads would wait for other processes here
os.environ.setdefault("OMP_NUM_THREADS", "1")
