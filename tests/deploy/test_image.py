"""The image: built by every step of the Dockerfile, and started as it says of itself."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from django.conf import settings

from tests.deploy.containers import OUR_DATA, Container, Image, can_run
from tests.mail import running_sink
from tests.processes import ROOT, alive, eventually, free_port

LARGEST = 420_000_000
FORM = {"email": "ada@example.org", "password": "correct horse battery"}

pytestmark = pytest.mark.skipif(not can_run(), reason="needs root, buildah and mmdebstrap, which .ci/run installs")


def test_the_dockerfile_keeps_the_rules_of_dockerfiles() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    said = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_it_says_how_it_is_to_be_run(built: Image) -> None:
    config = built.config
    assert config["User"] == "10001:10001"
    assert (config["Entrypoint"], config["Cmd"]) == (["taskbell"], ["run"])
    assert config["Healthcheck"]["Test"] == ["CMD", "taskbell-healthy"]
    assert list(config["Volumes"]) == [OUR_DATA]
    assert "8000/tcp" in config["ExposedPorts"]
    assert config["Labels"]["org.opencontainers.image.revision"] == "of-a-test"
    assert (
        f'version = "{config["Labels"]["org.opencontainers.image.version"]}"' in (ROOT / "pyproject.toml").read_text()
    )
    assert not [name for name in built.env if "SECRET" in name]
    assert built.size < LARGEST


def test_it_holds_nothing_that_does_not_belong(built: Image) -> None:
    ours = built.root / "opt" / "taskbell"
    assert not [name for name in (".git", ".env", "tests", "var", "Makefile") if (ours / "app" / name).exists()]
    assert not list(ours.rglob("secret_key"))
    assert not list((ours / "bin").glob("pip*"))
    theirs = [path for path in ours.rglob("*") if not path.is_symlink() and (path.stat().st_mode & 0o022)]
    assert not theirs, "nothing that runs can be changed by who runs it"
    assert {path.stat().st_uid for path in ours.rglob("*") if not path.is_symlink()} == {0}


def test_it_has_djangos_own_texts_in_the_languages_of_taskbell(built: Image) -> None:
    (translations,) = (built.root / "opt" / "taskbell" / "lib").glob("python3*/site-packages/django/conf/locale")
    spoken = {path.parents[1].name for path in translations.glob("*/LC_MESSAGES/django.mo")}
    assert spoken == {code for code, _name in settings.LANGUAGES}


def test_all_in_one_sends_a_mail_and_leaves_nothing_behind(built: Image, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running_sink() as sink:
        env = {"PORT": str(port), "TASKBELL_URL": f"http://localhost:{port}"}
        env |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port)}
        with Container(built, tmp_path / "data", env=env) as container:
            eventually(lambda: is_ready(container, url), within=90)
            family = [psutil.Process(container.first), *psutil.Process(container.first).children(recursive=True)]
            assert len(family) >= 4, "the parent, web, worker with beat, Valkey"
            assert {process.uids().real for process in family} == {10001}
            assert container.execute("taskbell-healthy").returncode == 0
            assert "Read-only file system" in container.execute("/usr/bin/touch", "/opt/taskbell/x").stderr

            with httpx.Client(base_url=f"{url}/api/", timeout=20, headers={"Host": "localhost"}) as program:
                assert program.post("register/", json=FORM).status_code == 201
                program.headers["Authorization"] = f"Bearer {program.post('token/', json=FORM).json()['access']}"
                soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
                assert program.post("tasks/", json={"title": "Water", "remind_at": soon}).status_code == 201
            eventually(lambda: [mail for mail in sink.accepted if "Water" in str(mail.message["Subject"])], within=20)

            assert container.stop() == 0, container.output
            assert alive(family) == []
            assert not list((tmp_path / "data" / "run").glob("*.pid")), "everybody was asked, nobody was killed"
            assert "Collecting" not in container.output, "static files came with the image"
            assert "Traceback" not in container.output, container.output


def test_a_container_whose_web_server_is_away_is_not_healthy(built: Image, tmp_path: Path) -> None:
    with Container(built, tmp_path / "data", "shell", "-c", "import time; time.sleep(60)", env={}) as container:
        eventually(lambda: container.execute("taskbell-healthy").returncode == 1, within=30)


def test_what_is_wrong_is_one_sentence_in_the_log(built: Image, tmp_path: Path) -> None:
    with Container(built, tmp_path / "data", "web", env={"DEBUG": "true"}) as container:
        assert container.end() == 2
        assert container.output.startswith("taskbell: DEBUG: must be false")
        assert "0.0.0.0" in container.output


def is_ready(container: Container, url: str) -> bool:
    assert container.is_running, container.output
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_nothing_is_mounted_any_more(built: Image) -> None:
    """The mounts of containers are theirs: this machine sees none of them."""
    mounts = Path("/proc/self/mounts").read_text()
    assert f"{built.root}/proc" not in mounts
    assert os.access(built.root / "opt", os.R_OK)
