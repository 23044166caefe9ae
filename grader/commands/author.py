"""What an author of assignments runs. Each command returns its exit status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.shared import NOT_ALL_PASSED, OK, progress
from grader.course import Course, find_course
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console


def new(console: Console, name: str, *, course: Path | None) -> int:
    """Write a new assignment, here or in ``course``, and say what each file is for."""
    from grader import new as making

    made = making.create(course or making.course_around(Path.cwd()), name)
    for line in making.summary(made, here=Path.cwd(), course=course):
        console.print(line, soft_wrap=True, markup=False)
    return OK


def audit(console: Console, name: str, *, seeds: int, mutants: bool, jobs: int, out: Path, course: Path | None) -> int:
    """Measure the checks of an assignment, and write what was found."""
    from grader.engine.audit import audit as measure
    from grader.reports.audit import audit_report
    from grader.reports.audit_page import audit_page

    assignment = (Course(course) if course else find_course(Path())).assignment(name)
    _write(out, {})  # minutes of work are not to end with what could be known before
    with progress(console, "auditing") as (bar, task):

        def on_progress(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        found = measure(assignment, seeds=seeds, with_mutants=mutants, jobs=jobs, on_progress=on_progress)
    page = out / f"{assignment.name}.html"
    _write(out, {page: audit_page(found), page.with_suffix(".json"): found.model_dump_json(indent=2) + "\n"})
    console.print(audit_report(found))
    console.print(f"\nReport: {page}", soft_wrap=True)
    return OK if found.passed else NOT_ALL_PASSED


def levels(console: Console, name: str, *, seeds: int, jobs: int, out: Path, course: Path | None) -> int:
    """Grade right answers by the stochastic checks alone, under many seeds; what an earlier run found is kept."""
    from grader.engine.audit import levels as measure
    from grader.reports.audit import levels_report

    assignment = (Course(course) if course else find_course(Path())).assignment(name)
    file = out / f"{assignment.name}.levels.jsonl"
    with progress(console, "grading right answers") as (bar, task):

        def on_progress(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        try:
            found = measure(assignment, seeds=seeds, jobs=jobs, file=file, on_progress=on_progress)
        except OSError as error:
            raise GraderError(f"{file} cannot be written: {error.strerror}") from None
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{file} keeps what was found: type the same command again to go on") from None
    console.print(levels_report(found))
    console.print(f"\nKept in: {file}", soft_wrap=True)
    return OK if found.passed else NOT_ALL_PASSED


def _write(out: Path, texts: dict[Path, str]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GraderError(f"{out} cannot be written: {error.strerror}") from None


def release(console: Console, out: Path | None, *, only: str, to: str, course: Path | None) -> int:
    """Generate what students receive, and write a repository or an archive of it when ``out`` is given."""
    from grader import handout
    from grader import release as releasing

    root = course or find_course(Path()).root
    names = [only] if only else Course(root).names
    try:
        changed = [path for name in names for path in releasing.write(root, name)]
        for path in changed:
            console.print(f"generated {path.resolve().relative_to(root.resolve())}", soft_wrap=True)
        if out is not None:
            handout.write(_handout(root, names, to), out)
            console.print(f"released {', '.join(names)} to {out}", soft_wrap=True)
        else:
            now = "stubs and notebooks are up to date now" if changed else "stubs and notebooks were up to date"
            console.print(f"{now}; --out DIR writes what students receive: {', '.join(names)}", soft_wrap=True)
    except releasing.ReleaseError as error:
        raise GraderError(str(error)) from None
    except OSError as error:
        raise GraderError(f"{out} cannot be written: {error.strerror}") from None
    return OK


def _handout(root: Path, names: list[str], to: str) -> dict[str, bytes]:
    from grader import handout

    match to:
        case "students":
            return handout.student_repository(root, names)
        case "classroom50":
            return handout.classroom50_bundle(root, names)
        case "gradescope":
            archives: dict[str, bytes] = {}
            for name in names:
                archives |= handout.gradescope_archive(root, name)
            return archives
        case _:
            raise GraderError(f"there is no release to {to!r}; there are: students, classroom50, gradescope")
