"""One column of a platform's export is filled, and not another byte changes."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import platforms
from grader.reports.cells import TableError, read_table
from grader.reports.people import roster_of
from grader.reports.platforms import fill
from grader.reports.remark import remark
from grader.reports.text import one_line

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Backpropagation & friends (4711),Essay (12),Final Score\r\n"
    "    Points Possible,,,,,10.5,5,(read only)\r\n"
    '"Lovelace, Ada",101,s1,ada1,"Group ""A""",,3.0,\r\n'
    '"Hopper, Grace",102,s2,grace1,Group B,"",4,\r\n'
    '"Curie, Marie",103,s3,marie1,Group B,9,,\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission),Feedback comments\n"
    'Participant 31,Ada Lovelace,ada@x.org,Submitted,,10.50,"Monday, 2 November",\n'
    "Participant 32,Grace Hopper,g@x.org,Submitted,,10.50,-,\n"
    "Participant 33,Marie Curie,m@x.org,No submission,,10.50,-,\n"
)


@pytest.fixture
def filled(info, results):
    def of(platform, text, *, users=None, **options):
        data = text if isinstance(text, bytes) else text.encode()
        return fill(platform, data, info, results, users=users or {}, **options)

    return of


class TestCanvas:
    def test_the_golden_file(self, filled, golden):
        golden("canvas.csv", filled("canvas", CANVAS).data.decode())

    def test_one_column_changes_and_nothing_else(self, filled):
        changed = filled("canvas", CANVAS)
        expected = CANVAS.replace('A""",,3', 'A""",10.5,3').replace('B,"",4', 'B,"3.33",4')
        assert changed.data.decode() == expected
        assert (changed.grades, changed.column) == (2, "Backpropagation & friends (4711)")

    def test_who_did_not_match_is_listed_from_both_sides(self, filled, mallory):
        assert filled("canvas", CANVAS).unmatched == (
            f"{one_line(mallory.student)} ({mallory.id}) is nobody in the file",
            "Nobody, Jr. (nobody) is nobody in the file",
            "Curie, Marie / 103 / s3 / marie1 has no submission",
        )

    @pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
    @pytest.mark.parametrize("delimiter", [",", ";"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_another_language_a_mark_and_other_delimiters_stay(self, filled, bom, delimiter, end):
        text = (
            "Studierende/r;ID;SIS-Benutzer-ID;SIS-Anmelde-ID;Abschnitt;backprop (4711);Gesamt\n"
            "    Erreichbare Punkte;;;;;10,5;\n"
            "Müller Ada;101;s1;ada;A;;1,5\n"
        )
        text = text.replace("10,5", "10").replace("1,5", "1").replace(";", delimiter).replace("\n", end)
        changed = filled("canvas", bom + text.encode())
        assert changed.data == bom + text.replace(f"A{delimiter}{delimiter}1", f"A{delimiter}10.5{delimiter}1").encode()

    def test_utf_16_and_latin_1_come_back_as_they_were(self, filled):
        text = CANVAS.replace("Curie, Marie", "Skłodowska")
        assert filled("canvas", codecs.BOM_UTF16_LE + text.encode("utf-16-le")).grades == 2
        assert b"Curi\xe9" in filled("canvas", CANVAS.replace("Curie", "Curié").encode("latin-1")).data

    def test_the_number_in_the_name_of_a_download_decides(self, filled):
        assert filled("canvas", CANVAS, users={"nobody": "103"}).data.decode().splitlines()[-1].endswith(",0,,")

    def test_a_roster_joins_a_login_to_a_line(self, filled):
        roster = roster_of([{"github_username": "nobody", "name": "Marie Curie"}])
        assert filled("canvas", CANVAS, roster=roster).grades == 3

    def test_another_column_may_be_named(self, filled):
        assert b",10.5," in filled("canvas", CANVAS, column="essay (12)").data.splitlines()[2]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("Student,ID,Essay (1),Talk (2)\n", "its assignments are: Essay (1), Talk (2)"),
            ("Student,ID,Grade\n", "its assignments are: none"),
            ("", "it is empty"),
            ('Student,ID\n"Anna,1\n', "a quote in line 2 is never closed"),
            (codecs.BOM_UTF16_LE + b"a", "its text cannot be read"),
        ],
    )
    def test_a_file_that_cannot_be_filled_is_refused(self, filled, text, message):
        with pytest.raises(TableError) as refused:
            filled("canvas", text)
        assert message in str(refused.value)


class TestMoodle:
    def test_the_golden_file(self, filled, golden):
        golden("moodle.csv", filled("moodle", MOODLE).data.decode())

    def test_the_grade_is_filled_and_the_feedback_left(self, filled):
        changed = filled("moodle", MOODLE)
        assert changed.data.decode() == MOODLE.replace('Submitted,,10.50,"', 'Submitted,10.5,10.50,"').replace(
            "Submitted,,10.50,-", "Submitted,3.33,10.50,-"
        )

    def test_the_number_of_the_participant_counts(self, filled):
        blind = MOODLE.replace("Ada Lovelace,ada@x.org", ",")
        assert filled("moodle", blind, users={"ada": "31"}).grades == filled("moodle", MOODLE).grades

    def test_in_another_language_the_column_is_named(self, filled):
        text = MOODLE.replace(",Grade,", ",Bewertung,").replace("Participant", "Teilnehmer/in")
        with pytest.raises(TableError, match="no column is called 'grade'"):
            filled("moodle", text)
        assert filled("moodle", text, column="bewertung").grades == 2

    def test_comments_are_filled_where_their_column_is_named(self, filled, ada, grace):
        lines = filled("moodle", MOODLE, comments="feedback comments").data.decode().splitlines()
        graded = filled("moodle", MOODLE).data.decode().splitlines()
        assert lines[1] == graded[1] + remark(ada)
        assert lines[2] == f'{graded[2]}"{remark(grace)}"'  # it holds a comma
        assert (lines[0], lines[3:]) == (graded[0], graded[3:])

    def test_a_comment_is_never_a_formula(self, filled, monkeypatch):
        monkeypatch.setattr(platforms, "remark", lambda _: '=HYPERLINK("x")')
        written = filled("moodle", MOODLE, comments="Feedback comments").data.decode()
        assert written.count(""",\"'=HYPERLINK(""x"")\"\n""") == 2

    def test_a_column_of_comments_that_is_not_there_is_refused(self, filled):
        message = "no column is called 'Kommentar'; say which to fill with --feedback-column: Identifier, Full name"
        with pytest.raises(TableError, match=message):
            filled("moodle", MOODLE, comments="Kommentar")


class TestGroups:
    """Who handed in together gets the points together, once everybody is known."""

    def test_by_the_names_of_its_members(self, info, ada):
        names = ("Ada Lovelace", "Marie Curie", "Eve")
        pair = ada.model_copy(update={"student": ", ".join(names), "group": names, "id": "pair"})
        changed = fill("moodle", MOODLE.encode(), info, [pair], users={})
        assert changed.data.decode() == MOODLE.replace('Submitted,,10.50,"', 'Submitted,10.5,10.50,"').replace(
            "No submission,,", "No submission,10.5,"
        )
        assert changed.unmatched == (
            "Eve (pair) is nobody in the file",
            "Participant 32 / Grace Hopper / g@x.org has no submission",
        )

    def test_by_the_roster_for_a_repository_with_the_groups_name(self, info, ada):
        team = ada.model_copy(update={"student": "team-a", "id": "team-a"})
        roster = roster_of(
            [
                {"name": "Ada Lovelace", "github_username": "al", "group": "Team A"},
                {"name": "Curie, Marie", "github_username": "mc", "group": "Team A"},
                {"name": "Grace Hopper", "github_username": "gh", "group": ""},
                {"name": "Eve", "github_username": "eve", "group": "Team A"},
            ]
        )
        changed = fill("canvas", CANVAS.encode(), info, [team], users={}, roster=roster)
        assert changed.data.decode() == CANVAS.replace('A""",,3', 'A""",10.5,3').replace("B,9,", "B,10.5,")
        assert changed.unmatched[0] == "Eve (team-a) is nobody in the file"
        assert changed.grades == 2

    def test_who_also_handed_in_alone_gets_neither_and_is_listed(self, info, ada, grace):
        names = ("Grace Hopper", "Ada Lovelace")
        pair = ada.model_copy(update={"student": ", ".join(names), "group": names, "id": "pair"})
        changed = fill("moodle", MOODLE.encode(), info, [pair, grace], users={})
        assert changed.grades == 1
        assert changed.unmatched[:2] == (
            "Grace Hopper (pair) fits several students, or shares one",
            "Grace Hopper (grace) fits several students, or shares one",
        )


CELLS = st.lists(st.lists(st.text(alphabet='ab,;"\n é', max_size=6), min_size=2, max_size=4), min_size=1, max_size=4)


@given(CELLS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_table_that_is_not_changed_is_the_same_bytes(rows, end, last):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    data = (end.join(quoted) + (end if last else "")).encode()
    table = read_table(data)
    assert table.encoded() == data
    assert [[table.value(n, c) for c in range(len(row))] for n, row in enumerate(rows)] == rows
