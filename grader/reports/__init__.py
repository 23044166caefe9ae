"""Reports: one module a format, each a pure function of :mod:`grader.results` or of :mod:`grader.audited`.

Nothing is decided here, and nothing is imported here either: a report loads its libraries
when it is asked for, so that a run that writes one format pays for no other.

==================  =======================================  ==================================
module              what it makes                            who reads it
==================  =======================================  ==================================
``terminal``        tables and the report of one check run   the person who typed the command
``html``            class page, student page, feedback page  instructor, and (feedback) student
``feedback``        feedback as Markdown                     student, where HTML cannot be shown
``grades``          ``grades.csv``                           instructor, learning platforms
``whole``           ``results.json`` and its JSON Schema     other programs
``junit``           JUnit XML                                every CI
``actions``         annotations and summary of a step        student, on GitHub
``classroom``       the form of the Classroom actions        their reporter
``classroom50``     ``result.json``                          Classroom 50
``gradescope``      ``results.json`` of one submission       Gradescope
``platforms``       an export of Canvas or Moodle, filled    the learning platform
``notebook``        the own notebook with feedback in it     student
``audit``           the verdict of an audit, and what needs  the author who typed the command
                    attention
``audit_page``      all of an audit, as a page               author
==================  =======================================  ==================================

``redact`` decides alone what a student may see; ``text`` makes foreign text harmless;
``words`` says in sentences what an outcome means, ``plain`` all that is to say of a check,
``remark`` the feedback in a few sentences; ``rows`` and ``summary`` hold the little that a page
about a whole class needs, ``audit_summary`` what both reports of an audit say; ``shares`` splits
points among checks; ``columns`` fits the class table into a terminal; ``cells`` changes single cells
of a CSV file, and ``people`` finds out who is who. ``pages`` and ``screen`` hold what all pages and
all printed reports have in common.
"""
