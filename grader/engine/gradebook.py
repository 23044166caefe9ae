"""Results on disk: SQLite, one transaction a submission, so that a kill costs nothing that was finished."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import ValidationError

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
"""


class Gradebook:
    """The results of one run.

    Parameters
    ----------
    path
        The SQLite file; made when it is not there.

    Raises
    ------
    GraderError
        When the file is no gradebook, or is in use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=30)
            # with a write-ahead log a commit is one append, and a killed process leaves whole transactions
            self._database.execute("pragma journal_mode=wal")
            self._database.execute("pragma synchronous=normal")
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            raise GraderError(f"{path} cannot be used as a gradebook: {error}") from None

    def setting(self, name: str) -> str | None:
        """Return what the run was begun with, e.g. its ``seed``."""
        row = self._database.execute("select value from run where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def keep(self, name: str, value: str) -> None:
        """Keep something that the whole run has in common."""
        self._database.execute("insert or replace into run values (?, ?)", (name, value))

    def digests(self) -> dict[str, str]:
        """Return the digest of every stored result, by submission."""
        return dict(self._database.execute("select id, digest from result"))

    def put(self, result: SubmissionResult, position: int) -> None:
        """Store a result for good."""
        row = (result.id, position, result.digest, result.model_dump_json())
        try:
            self._database.execute("insert or replace into result values (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise GraderError(f"{self._path}: the result of {result.id} could not be stored: {error}") from None

    def place(self, submission: str, position: int) -> None:
        """Move a result that is used again to its place in this run."""
        self._database.execute("update result set position = ? where id = ?", (position, submission))

    def keep_only(self, submissions: set[str]) -> None:
        """Forget results of submissions that are not there any more."""
        for gone in self.digests().keys() - submissions:
            self._database.execute("delete from result where id = ?", (gone,))

    def results(self) -> Iterator[SubmissionResult]:
        """Yield the results one by one, in the order of the run.

        Raises
        ------
        GraderError
            When another version of the grader stored one.
        """
        for (text,) in self._database.execute("select json from result order by position, id"):
            try:
                yield SubmissionResult.model_validate_json(text)
            except ValidationError:
                raise self._of_another_version() from None

    def info(self) -> BatchInfo:
        """Return what all results have in common.

        Raises
        ------
        GraderError
            When nothing was graded into this gradebook yet.
        """
        text = self.setting("info")
        if text is None:
            raise GraderError(f"{self._path} holds no run yet: grade into this folder first")
        try:
            return BatchInfo.model_validate_json(text)
        except ValidationError:
            raise self._of_another_version() from None

    def _of_another_version(self) -> GraderError:
        return GraderError(f"{self._path} was written by another version of the grader: grade into it again")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
