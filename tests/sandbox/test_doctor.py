"""`grader doctor` tries the wall, and says what it found."""

from __future__ import annotations

from grader.sandbox import doctor, isolation, users


def test_on_a_machine_with_namespaces_everything_holds(namespace):
    findings = doctor.examine()
    assert [finding.what for finding in findings if finding.needed and not finding.holds] == []
    assert "isolation level: namespace" in {finding.what for finding in findings}


def test_without_namespaces_it_says_why_and_what_works(monkeypatch):
    monkeypatch.setattr(isolation, "why_not_namespace", lambda: "bubblewrap is missing: apt-get install bubblewrap")
    monkeypatch.setattr(users, "why_not_user", lambda: "only root can")
    *_, level, check = doctor.examine()
    assert not level.holds
    assert level.advice == "bubblewrap is missing: apt-get install bubblewrap. Or: only root can"
    assert (check.what, check.holds) == ("`grader check` works on your own code", True)


def test_a_wall_that_does_not_hold_is_found():
    # the level without a wall is such a one, and the probe that finds nothing there would find nothing anywhere
    found = {finding.what: finding.holds for finding in doctor._try_to_break(isolation.Level.NONE)}
    assert not found["student code: it sees no process but its own"]
    assert not found["student code: it cannot read the grader's folder"]
    assert found["student code: an endless loop is ended from outside"]
