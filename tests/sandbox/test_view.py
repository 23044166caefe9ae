"""One list of what a worker sees, for mounts and for Landlock's rules."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from grader.sandbox import isolation, packages, view
from grader.sandbox.isolation import Level


def is_shown(path: Path, seen) -> bool:
    return any(path.is_relative_to(Path(place).resolve()) for place in seen.read)


@pytest.fixture
def seen():
    return view.by_landlock(packages.installed_paths(("numpy",)), isolation.WORKER_FOLDER)


def test_a_place_without_what_is_covered_is_all_else_in_it(tmp_path):
    for name in ("lib/json/a.py", "lib/site-packages/pytest/a.py", "lib/os.py", "other/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "lib/astray").symlink_to(tmp_path / "lib/site-packages")
    covered = [tmp_path / "lib/site-packages"]
    parts = {str(path.relative_to(tmp_path)) for path in view._around(tmp_path, covered)}
    assert parts == {"lib/json", "lib/os.py", "other"}
    assert list(view._around(tmp_path / "other", covered)) == [tmp_path / "other"]
    assert list(view._around(covered[0], covered)) == []


def test_the_library_the_interpreter_and_the_allowed_packages_are_shown(seen):
    import json

    import msgspec
    import numpy as np

    for path in (json.__file__, np.__file__, msgspec.__file__, sys.executable, isolation.WORKER_FOLDER):
        assert is_shown(Path(path).resolve(), seen), path


def test_other_packages_the_grader_and_the_repository_are_not(seen):
    import rich

    for path in (pytest.__file__, rich.__file__, isolation.__file__, __file__, "/etc/passwd", "/tmp", "/dev/shm"):
        assert not is_shown(Path(path).resolve(), seen), path


def test_no_folder_of_packages_is_shown_whole_and_their_names_can_be_listed(seen):
    for folder in view.package_folders():
        assert not is_shown(folder.resolve() / "any", seen)
    assert str(Path(pytest.__file__).parent.parent) in seen.names
    assert sysconfig.get_paths()["stdlib"] in seen.names


def test_it_shows_what_bubblewrap_mounts(seen, namespace):
    words = isolation.zygote_command(Level.NAMESPACE, control=5, allowed=("numpy",))
    view_of_bubblewrap = words[len(words) - words[::-1].index("--unshare-all") :]
    covered = [folder.resolve() for folder in view.package_folders()]
    mounted = {view_of_bubblewrap[n + 2] for n, word in enumerate(view_of_bubblewrap) if word == "--ro-bind"}
    places = {Path(place).resolve() for place in mounted - {str(isolation._INSIDE)}}
    parts = [part for place in places for part in view._around(place, covered)]
    assert len(parts) > len(packages.installed_paths(("numpy",)))
    assert [part for part in parts if not is_shown(part, seen)] == []


def test_the_devices_of_a_card_are_used_and_what_its_driver_reads_is_read():
    card, driver = Path("/dev/nvidia0"), Path("/usr/local/nvidia/lib64")
    with_card = view.by_landlock([], isolation.WORKER_FOLDER, more=[driver], devices=[card])
    without = view.by_landlock([], isolation.WORKER_FOLDER)
    assert set(with_card.use) - set(without.use) == {str(card)}
    assert set(with_card.read) - set(without.read) == {str(driver), *view._PROC_OF_A_GPU}
    assert "/dev/null" in without.use
    assert with_card.names == without.names
