"""Results on disk: SQLite, one transaction a submission, so that a kill costs nothing that was finished.

What the checks gave and what an instructor decided are kept apart: grading again replaces the one and leaves the
other, and they meet when results are read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from grader.engine.runs import Stored
from grader.errors import GraderError
from grader.results import BatchInfo, SubmissionResult

_TABLES = """
create table if not exists run (
    name text primary key,
    value text not null
) strict;
create table if not exists result (
    id text primary key,
    position integer not null,
    digest text not null,
    json text not null
) strict;
create table if not exists check_run (
    id text not null,
    name text not null,
    digest text not null,
    run blob not null,
    primary key (id, name)
) strict, without rowid;
create table if not exists override (
    id text not null,
    exercise text not null,
    points text not null,
    reason text not null,
    primary key (id, exercise)
) strict, without rowid;
"""

_PATIENCE = 30.0
"""Seconds to wait for another process that writes: its transactions take milliseconds, unless it stands still."""


class Gradebook:
    """The results of one run.

    Parameters
    ----------
    path
        The SQLite file; made when it is not there.

    Raises
    ------
    GraderError
        When the file is no gradebook, is in use, or cannot be written; so does every method.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)
            # with a write-ahead log a commit is one append, and a killed process leaves whole transactions
            self._database.execute("pragma journal_mode=wal")
            self._database.execute("pragma synchronous=normal")
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            raise GraderError(f"{path} cannot be used as a gradebook: {error}") from None

    def setting(self, name: str) -> str | None:
        """Return what the run was begun with, e.g. its ``seed``."""
        rows = self._read("select value from run where name = ?", name)
        return rows[0][0] if rows else None

    def keep(self, name: str, value: str) -> None:
        """Keep something that the whole run has in common."""
        with self._writing() as database:
            database.execute("insert or replace into run values (?, ?)", (name, value))

    def digests(self) -> dict[str, str]:
        """Return the digest of every stored result, by submission."""
        return dict(self._read("select id, digest from result"))

    def runs(self, submission: str) -> list[Stored]:
        """Return what the checks of a submission met when it was graded last."""
        return self._read("select name, digest, run from check_run where id = ?", submission)

    def put(self, result: SubmissionResult, position: int, runs: Iterable[Stored] = ()) -> None:
        """Store a result for good, with what its checks met."""
        row = (result.id, position, result.digest, result.model_dump_json())
        with self._writing(f"the result of {result.id} could not be stored") as database:
            database.execute("insert or replace into result values (?, ?, ?, ?)", row)
            database.execute("delete from check_run where id = ?", (result.id,))
            database.executemany("insert into check_run values (?, ?, ?, ?)", ((result.id, *run) for run in runs))

    def place(self, submission: str, position: int) -> None:
        """Move a result that is used again to its place in this run."""
        with self._writing() as database:
            database.execute("update result set position = ? where id = ?", (position, submission))

    def keep_only(self, submissions: set[str]) -> None:
        """Forget results of submissions that are not there any more; what an instructor decided stays."""
        gone = [(name,) for name in self.digests().keys() - submissions]
        with self._writing() as database:
            database.executemany("delete from result where id = ?", gone)
            database.executemany("delete from check_run where id = ?", gone)

    def override(self, submission: str, exercise: str, points: Fraction | None, reason: str = "") -> None:
        """Set the points of an exercise by hand, whatever its checks give now or later; None takes that back.

        Raises
        ------
        GraderError
            When there is no such submission or exercise, it has fewer points, or nothing is to be taken back.
        """
        where = (submission, exercise)
        if points is None:
            with self._writing() as database:
                removed = database.execute("delete from override where id = ? and exercise = ?", where).rowcount
            if not removed:
                raise GraderError(f"the points of {submission} for {exercise} were not set by hand")
            return
        worth = {one.name: one.points for one in self.info().exercises}
        if submission not in self.digests():
            raise GraderError(f"there is no submission {submission!r}: its id is the first column of grades.csv")
        if exercise not in worth:
            raise GraderError(f"there is no exercise {exercise!r}; there are: {', '.join(worth)}")
        if not 0 <= points <= worth[exercise]:
            raise GraderError(f"{exercise} has 0 to {worth[exercise]} points, not {points}")
        with self._writing() as database:
            database.execute("insert or replace into override values (?, ?, ?, ?)", (*where, str(points), reason))

    def results(self) -> Iterator[SubmissionResult]:
        """Yield the results one by one, in the order of the run, with the points that were set by hand.

        Raises
        ------
        GraderError
            When another version of the grader stored one.
        """
        by_hand: dict[str, dict[str, tuple[Fraction, str]]] = {}
        for submission, exercise, points, reason in self._read("select id, exercise, points, reason from override"):
            by_hand.setdefault(submission, {})[exercise] = (Fraction(points), reason)
        # by their ids first: a reader that is still at work would keep the log from being folded into the file
        for (submission,) in self._read("select id from result order by position, id"):
            for (text,) in self._read("select json from result where id = ?", submission):
                try:
                    result = SubmissionResult.model_validate_json(text)
                except ValidationError:
                    raise self._of_another_version() from None
                yield result.overridden(by_hand.get(submission, {}))

    def info(self) -> BatchInfo:
        """Return what all results have in common.

        Raises
        ------
        GraderError
            When nothing was graded into this gradebook yet.
        """
        text = self.setting("info")
        if text is None:
            raise GraderError(f"{self.path} holds no run yet: grade into this folder first")
        try:
            return BatchInfo.model_validate_json(text)
        except ValidationError:
            raise self._of_another_version() from None

    def _read(self, query: str, *arguments: str) -> list[Any]:
        try:
            return self._database.execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            raise GraderError(f"{self.path} could not be read: {error}") from None

    @contextmanager
    def _writing(self, failed: str = "it could not be written") -> Iterator[sqlite3.Connection]:
        """Give the database for one transaction: all of it is stored, or nothing."""
        try:
            self._database.execute("begin immediate")
            try:
                yield self._database
                self._database.execute("commit")
            except BaseException:
                if self._database.in_transaction:  # some failures have rolled it back already
                    self._database.execute("rollback")
                raise
        except sqlite3.Error as error:
            raise GraderError(f"{self.path}: {failed}: {error}") from None

    def _of_another_version(self) -> GraderError:
        return GraderError(f"{self.path} was written by another version of the grader: grade into it again")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
