"""What ``ci/bench.py`` measures: a function a figure, each given an empty folder, rounds, and the size of a class."""
