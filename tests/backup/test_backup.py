"""`taskbell backup` and `taskbell restore`, as an administrator types them."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

from taskbell.runtime.backup.archive import pack, unpack
from tests.backup.conftest import PHRASE, House
from tests.processes import RunningTaskbell, environment_for, eventually, free_port
from tests.services import IS_POSTGRES

WRITE = """
import sys; from pathlib import Path
from taskbell.accounts.models import User; from taskbell.common.clock import utc_now
from taskbell.tasks.actions import create_task; from taskbell.tasks.patch import TaskPatch
by, n, out = User.objects.get(username="ada"), 0, Path({out!r})
while not out.with_name("stop").exists():
    n += 1
    create_task(TaskPatch(title=f"Written {{n}}"), by=by, now=utc_now())
    out.write_text(str(n))
"""
READ = """
from taskbell.tasks.models import Task; from taskbell.activity.models import Activity
tasks = dict(Task.objects.filter(title__startswith="Written ").values_list("pk", "title"))
numbers = sorted(int(title.split()[1]) for title in tasks.values())
assert numbers == list(range(1, len(numbers) + 1))
known = set(Activity.objects.filter(action="created", task_id__in=tasks).values_list("task_id", flat=True))
assert known == set(tasks)
print(len(numbers))
"""


def number_in(file: Path) -> int:
    return int(file.read_text() or 0) if file.exists() else 0


def test_a_backup_has_everything_that_was_committed_before_it_began(
    house: House, empty_house: House, tmp_path: Path
) -> None:
    written, file = tmp_path / "written", tmp_path / "taskbell.backup"
    writer = subprocess.Popen(
        [sys.executable, "-m", "taskbell", "shell", "-c", WRITE.format(out=str(written))],
        cwd=tmp_path,
        env=environment_for(house.data, free_port(), house.env),
    )
    try:
        eventually(lambda: number_in(written) > 20, within=60)
        before = eventually(lambda: number_in(written), within=5)  # the file is empty while they write it
        house.run("backup", str(file))
        after = eventually(lambda: number_in(written), within=5)
        assert after > before, "they went on writing"
    finally:
        (tmp_path / "stop").touch()
        assert writer.wait(60) == 0
    empty_house.run("restore", str(file))
    assert before <= int(empty_house.shell(READ)) <= after


def test_a_restored_server_has_the_people_the_key_and_a_new_epoch(
    house: House, empty_house: House, tmp_path: Path
) -> None:
    file = tmp_path / "taskbell.backup"
    said = house.run("backup", str(file)).stdout
    assert "8 people" in said
    assert "not encrypted" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = empty_house.run("restore", str(file)).stdout
    assert "after-restore --sent-until" in said
    assert empty_house.figures() == house.figures()
    assert (empty_house.data / "secret_key").read_text() == (house.data / "secret_key").read_text()
    epochs = "from taskbell.activity.models import Epoch; print(*Epoch.objects.values_list('name'))"
    assert empty_house.shell(epochs) != house.shell(epochs)
    assert "All counts are correct" in empty_house.run("recount").stdout
    empty_house.run("backup", str(tmp_path / "again.backup"))
    with RunningTaskbell(empty_house.data, env=empty_house.env) as running:
        assert running.answers()


def test_existing_data_is_replaced_by_force_alone_and_named(house: House, tmp_path: Path) -> None:
    file = tmp_path / "taskbell.backup"
    house.run("backup", str(file))
    was = house.figures()
    house.run("demo", "--tasks", "7")
    more = house.figures()
    said = house.refused("restore", str(file))
    assert "47 tasks" in said
    assert "--force" in said
    assert house.figures() == more
    house.run("restore", str(file), "--force", "--sent-until", "2026-11-21")
    assert house.figures() == was


def test_nobody_restores_under_a_running_server(house: House, tmp_path: Path) -> None:
    file = tmp_path / "taskbell.backup"
    with RunningTaskbell(house.data, env=house.env):
        house.run("backup", str(file))
        house.create_task()
        before = house.figures()
        assert "another Taskbell is already using" in house.refused("restore", str(file), "--force")
    reader = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "taskbell",
            "shell",
            "--verbosity",
            "0",
            "-c",
            "import taskbell.common.sql as s; s.fetch('SELECT 1'); print('ready', flush=True); input()",
        ],
        cwd=tmp_path,
        env=environment_for(house.data, free_port(), house.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert reader.stdout
        assert reader.stdout.readline() == b"ready\n"
        assert "Stop Taskbell first" in house.refused("restore", str(file), "--force")
    finally:
        reader.communicate(b"\n", timeout=60)
    assert house.figures() == before


def test_an_encrypted_backup_needs_its_passphrase(house: House, empty_house: House, tmp_path: Path) -> None:
    file, phrase = tmp_path / "taskbell.backup", tmp_path / "phrase"
    phrase.write_text(PHRASE)
    house.run("backup", str(file), "--passphrase-file", str(phrase))
    assert b"secret_key" not in file.read_bytes()
    assert "passphrase is needed" in empty_house.refused("restore", str(file))
    wrong = {"TASKBELL_BACKUP_PASSPHRASE": "another one altogether"}
    assert "passphrase is wrong" in empty_house.refused("restore", str(file), env=wrong)
    empty_house.run("restore", str(file), env={"TASKBELL_BACKUP_PASSPHRASE_FILE": str(phrase)})
    assert empty_house.figures() == house.figures()


def test_a_broken_backup_changes_nothing(house: House, tmp_path: Path) -> None:
    file, broken = tmp_path / "taskbell.backup", tmp_path / "broken.backup"
    house.run("backup", str(file))
    house.create_task()
    whole, before = file.read_bytes(), house.figures()
    middle = len(whole) // 2
    changed = bytes([whole[middle] ^ 1])
    for content in (b"", b"no backup", whole[:middle], whole[:middle] + changed + whole[middle + 1 :]):
        broken.write_bytes(content)
        assert "Nothing was changed" in house.refused("restore", str(broken), "--force")
    assert "No such file" in house.refused("restore", str(tmp_path / "nowhere"), "--force")
    assert house.figures() == before
    assert not list(house.data.glob("*.tmp"))


def test_a_backup_of_a_newer_version_or_another_database_is_refused(house: House, tmp_path: Path) -> None:
    file = tmp_path / "taskbell.backup"
    house.run("backup", str(file))
    house.create_task()
    before = house.figures()
    (folder := tmp_path / "parts").mkdir()
    manifest = unpack(file, folder, None)
    contents = {name: folder / name for name in manifest.files}
    for migration in (["tasks", "9999_of_the_future"], ["wishes", "0001_initial"]):
        manifest.migrations.append(migration)
        pack(file, manifest, contents, None, replace=True)
        assert "Install that version first" in house.refused("restore", str(file), "--force")
        manifest.migrations.pop()
    manifest.counts["tasks"] += 1
    pack(file, manifest, contents, None, replace=True)
    assert "is damaged" in house.refused("restore", str(file), "--force")
    manifest.database = "oracle"
    pack(file, manifest, contents, None, replace=True)
    assert "DATABASE_URL" in house.refused("restore", str(file), "--force")
    assert house.figures() == before


def test_a_disk_that_is_full_or_closed_leaves_no_backup(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    limited = [
        "sh",
        "-c",
        'ulimit -f 64; exec "$@"',
        "sh",
        sys.executable,
        "-m",
        "taskbell",
        "backup",
        str(folder / "b"),
    ]
    env = environment_for(house.data, free_port(), house.env)
    done = subprocess.run(limited, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("taskbell: can't")
    assert done.stderr.count("\n") == 1
    assert "can't write" in house.refused("backup", str(tmp_path / "nowhere" / "b"))
    (folder / "there").write_text("mine")
    assert "exists" in house.refused("backup", str(folder / "there"))
    assert "exists" in house.refused("backup", str(folder), "--force")
    assert os.listdir(folder) == ["there"]
    assert not list(house.data.glob("*.tmp"))


def test_the_clock_makes_backups_and_removes_its_oldest(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    of_mine = ["taskbell-of-mine.backup", "taskbell-20261399T000000Z.backup", "taskbell-20300101T000000Z.backup"]
    drafts = [f".taskbell-20261101T000000Z.backup.{letter * 16}.partial" for letter in "ab"]
    for name in of_mine + drafts:
        (folder / name).touch()
    os.utime(folder / drafts[0], (0, 0))
    os.utime(folder / drafts[1], (2**31, 2**31))
    house.env |= {"TASKBELL_BACKUP_DIR": str(folder), "TASKBELL_BACKUP_KEEP": "2"}
    house.shell(
        "from datetime import datetime, timedelta, UTC; from taskbell.runtime.backup.scheduled import make_due\n"
        "for hours in (0, 1, 23, 24, 47, 48, 72): make_due(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hours))"
    )
    made = [f"taskbell-{at}.backup" for at in ("20261103T000000Z", "20261104T000000Z")]
    assert set(os.listdir(folder)) == {*made, *of_mine, *drafts[1:], ".taskbell-backup.lock"}


def test_one_of_the_workers_that_share_a_folder_makes_the_backup(house: House, tmp_path: Path) -> None:
    (folder := tmp_path / "backups").mkdir()
    house.env |= {"TASKBELL_BACKUP_DIR": str(folder)}
    code = "from taskbell.runtime.backup.scheduled import make_due; from taskbell.common.clock import utc_now\n"
    with open(folder / ".taskbell-backup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        house.shell(code + "make_due(utc_now())")
        assert len(os.listdir(folder)) == 1
    house.shell(code + "make_due(utc_now())")
    assert len(os.listdir(folder)) == 2


def test_a_scheduled_backup_that_fails_says_so(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    house.env |= {"TASKBELL_BACKUP_DIR": str(tmp_path / "file")}
    code = "from taskbell.runtime.backup.scheduled import make_due; from taskbell.common.clock import utc_now\n"
    said = house.run("shell", "-c", code + "make_due(utc_now())").stderr
    assert "The scheduled backup failed" in said


KILLED = """
import os, sys
from pathlib import Path
from taskbell.runtime import cli
commands = cli._django_part("backup.commands")
from taskbell.runtime.backup import restoring
restoring.forget = lambda moment: os.kill(os.getpid(), 9)
commands.bring_back(Path(sys.argv[1]), None, sent_until=None, force=True)
"""


def test_a_restore_that_was_killed_loses_nothing(house: House, tmp_path: Path) -> None:
    file, before = tmp_path / "taskbell.backup", house.figures()
    house.run("backup", str(file))
    house.run("demo", "--tasks", "5")
    more = house.figures()
    env = environment_for(house.data, free_port(), house.env)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file)], cwd=tmp_path, env=env, check=False)
    assert killed.returncode == -9
    if IS_POSTGRES:
        for name in ("worker", "recount", "demo"):
            assert "a restore was interrupted" in house.refused(name)
        assert "45 tasks" in house.refused("restore", str(file))
    assert house.figures() == more
    house.run("restore", str(file), "--force")
    assert house.figures() == before
