"""From a path to what is graded: find the submissions, choose the file, turn it into cells.

    model.py      what is found and what is read, as plain records; the one exception
    names.py      what file names say: students, the markers of learning management systems, ids
    trees.py      folders and zips as one thing: files that are listed and read, never unpacked
    folders.py    a folder as a tree
    archives.py   a zip as a tree
    opening.py    from a path to its tree
    exported.py   who handed in what, as Gradescope's exports say it
    notes.py      late, by a group, one of several: what is said besides
    layouts.py    who handed in what: every way in which a class's work arrives
    commits.py    which commit of a clone was graded, and when it was made
    choice.py     which file of a submission counts
    code.py       bytes of a script or notebook to cells of source
    reading.py    one submission, with the files beside it, and its digest

This package belongs to the trusted process: it never executes, imports or compiles what a
student wrote. It knows nothing of checks or points.
"""

from __future__ import annotations

from grader.submissions.layouts import find, find_own
from grader.submissions.model import Found, Layout, Submission, Unreadable
from grader.submissions.reading import about, original, read

__all__ = ["Found", "Layout", "Submission", "Unreadable", "about", "find", "find_own", "original", "read"]
