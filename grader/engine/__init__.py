"""The engine: from submissions to results.

local.py       the student's run
checks.py      one pytest session that collected the checks of an assignment, run again and again
outcomes.py    from what a check met to its outcome and words
bench.py       one check on one submission: run, run again when the machine failed, judged
grade.py       grade(): one submission, all checks; every command calls it
warm.py        the zygote, started before anything else is imported
batch.py       many submissions, committed one by one
plain.py       trusted code in the place of a submission, for authors and tests
pytest_plugin.py  checks under plain pytest, in an editor
pool.py        the batch on several processes
processes.py   how such processes start, and end with the one that started them
gradebook.py   results on disk
runs.py        what one check met, kept so that its neighbours can be graded again without it
digests.py     when a stored result may be used again
"""
