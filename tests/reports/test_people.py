"""Who is who, in lists that write the same people differently."""

from __future__ import annotations

import pytest

from grader.reports.people import Roster, keys_of, match, roster_of, with_roster


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Smith", "Smith, Anna"),
        ("smithanna", "Anna Smith"),
        ("José Núñez", "nunez jose"),
        ("Søren Łukasz Groß", "Gross, Soren Lukasz"),
        ("a.smith@example.org", "A.Smith@example.org"),
    ],
)
def test_one_person_has_a_key_in_common(one, other):
    assert keys_of([one]) & keys_of([other])


def test_blanks_have_no_keys():
    assert keys_of(["", "  ", ",", "-"]) == frozenset()


def test_a_key_of_one_person_alone_decides_between_two_of_one_name():
    found = match([keys_of(["Anna Smith", "7"])], [keys_of(["Anna Smith", "6"]), keys_of(["Anna Smith", "7"])])
    assert (found.pairs, found.ambiguous, found.left) == ({0: 1}, (), (0,))


def test_of_two_with_one_name_nobody_is_chosen():
    found = match([keys_of(["Anna Smith"])], [keys_of(["Anna Smith", "6"]), keys_of(["Anna Smith", "7"])])
    assert (found.pairs, found.ambiguous, found.left) == ({}, (0,), (0, 1))


def test_two_who_fit_one_line_get_nothing():
    found = match([keys_of(["anna"]), keys_of(["Anna"])], [keys_of(["anna"])])
    assert (found.pairs, found.ambiguous, found.left) == ({}, (0, 1), (0,))


def test_who_fits_nobody_is_unknown():
    assert match([keys_of(["anna"])], [keys_of(["bob"])]).unknown == (0,)


class TestRoster:
    def test_lines_about_one_person_become_one_and_blank_ones_vanish(self):
        rows = [
            {"identifier": "7", "github_username": "octo", "name": "Anna Smith"},
            {"identifier": "", "github_username": "", "name": ""},
            {"identifier": "7", "email": "anna@example.org"},
            {"identifier": "8", "name": "Anna Smith"},
        ]
        first, second = roster_of(rows).people
        assert (first.name, second.name) == ("Anna Smith", "Anna Smith")
        assert {"octo", "7", "annaexampleorg"} <= first.keys

    def test_it_joins_a_login_to_a_name(self):
        roster = roster_of([{"github_username": "octo", "name": "Anna Smith"}, {"github_username": "bo"}])
        [keys] = with_roster([keys_of(["octo"])], roster)
        assert match([keys], [keys_of(["Smith, Anna"])]).pairs == {0: 0}

    def test_missing_columns_are_no_matter(self):
        assert [person.keys for person in roster_of([{"email": "a@b"}, {"email": None}]).people] == [frozenset({"ab"})]

    def test_a_group_has_the_people_of_its_lines(self):
        rows = [
            {"github_username": "octo", "name": "Anna Smith", "group": "Team A"},
            {"github_username": "bo", "group": "team-a"},
            {"github_username": "carl", "group": ""},
            {"github_username": "octo", "email": "anna@example.org", "group": "team a"},
            {"group": "Team B"},
        ]
        roster = roster_of(rows)
        assert [person.name for person in roster.members(keys_of(["team-a"]))] == ["Anna Smith", "bo"]
        assert "annaexampleorg" in roster.members(keys_of(["team-a"]))[0].keys
        assert roster.members(keys_of(["team-b"])) == roster.members(keys_of(["octo"])) == ()
        assert Roster().members(keys_of(["team-a"])) == ()

    def test_between_two_groups_none_is_chosen(self):
        roster = roster_of([{"name": "Anna", "group": "red"}, {"name": "Bob", "group": "blue"}])
        assert roster.members(keys_of(["red", "blue"])) == ()
