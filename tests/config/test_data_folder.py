"""Which data folders are used: those that other users can't access."""

import os
import stat
from pathlib import Path

import pytest

from taskbell.config import files
from taskbell.config.env import UnusableEnvironment
from taskbell.config.files import prepare_data_folder

ME, SOMEBODY = os.getuid(), os.getuid() + 1


def status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((stat.S_IFDIR | mode, 1, 1, 1, owner, 10001, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o705, 0o701, 0o710, 0o722, 0o777, 0o1777, 0o2755])
def test_a_folder_that_others_can_access_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(UnusableEnvironment, match="TASKBELL_DATA") as refusal:
        prepare_data_folder(folder)
    assert f"'chmod -R go= '{folder}''" in str(refusal.value), "quoted for a shell, because it has a space"
    assert stat.S_IMODE(folder.stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o700, 0o500, 0o2770])
def test_a_folder_of_our_own_is_used(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    prepare_data_folder(tmp_path)


def test_a_new_folder_is_closed_whatever_the_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        prepare_data_folder(tmp_path / "data")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("mode", "owner", "is_open"),
    [
        (0o2777, SOMEBODY, False),  # an empty directory of Kubernetes with fsGroup
        (0o2775, SOMEBODY, False),  # a disk of Kubernetes with fsGroup
        (0o2770, ME, False),  # a folder in it, made by us
        (0o2770, SOMEBODY, False),
        (0o2777, ME, True),
        (0o777, SOMEBODY, True),
        (0o755, SOMEBODY, True),
        (0o770, SOMEBODY, True),
    ],
)
def test_volumes_whose_group_the_platform_manages_are_used(mode: int, owner: int, is_open: bool) -> None:
    assert files._is_open(status(mode, owner)) is is_open


@pytest.mark.parametrize(("content", "is_used"), [([], True), (["lost+found"], True), (["letters"], False)])
def test_a_volume_that_is_new_is_closed_and_one_with_other_things_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: list[str], is_used: bool
) -> None:
    for name in content:
        (tmp_path / name).mkdir()
    tmp_path.chmod(0o777)
    monkeypatch.setattr(Path, "is_mount", lambda self: True)
    if is_used:
        prepare_data_folder(tmp_path)
    else:
        with pytest.raises(UnusableEnvironment):
            prepare_data_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == (0o700 if is_used else 0o777)
