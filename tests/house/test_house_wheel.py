"""What pip installs, in an empty folder: not the checkout, the wheel."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that holds the unpacked wheel and nothing else."""
    made = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-q", "-w", made], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = made.glob("*.whl")
    unpacked = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(unpacked)
    return unpacked


@pytest.fixture
def installed(site, tmp_path):
    """Return a function that runs the installed program in an empty folder."""

    def run(*words):
        env = os.environ | {"PYTHONPATH": str(site), "UNDERSONG_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "undersong", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_wheel_is_what_runs(site, tmp_path):
    code = "import undersong; print(undersong.__file__)"
    env = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(site / "undersong" / "__init__.py")


def test_the_starter_library_travels_in_the_wheel(site):
    starter = site / "undersong" / "starter"
    for folder in ("recipes", "voices", "ambience"):
        ours = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        assert {path.name for path in (starter / folder).iterdir()} == ours
    assert (starter / "artwork.jpg").stat().st_size > 10_000
    assert (site / "undersong" / "py.typed").is_file()


def test_the_web_pages_travel_in_the_wheel(site):
    for folder in ("templates", "static", "words"):
        below = Path("undersong", "publish", "site", folder)
        ours = {path.name for path in (ROOT / "src" / below).iterdir()}
        assert {path.name for path in (site / below).iterdir()} == ours


def test_an_installed_wheel_makes_a_track_in_an_empty_folder(installed, site, tmp_path):
    listed = json.loads(installed("ambience", "--json"))
    assert {"waves", "forest", "breeze"} <= {bed["name"] for bed in listed}
    installed("init", "library")
    installed("check", "library")
    recipe = tmp_path / "library" / "recipes" / "three-breaths.md"
    made = json.loads(installed("render", str(recipe), "--offline", "--json"))
    assert made["draft"] is True
    assert made["engine"] == "espeak"
    track = tmp_path / "library" / "build" / "three-breaths" / made["deliverables"][0]["file"]
    assert track.stat().st_size == made["deliverables"][0]["size_bytes"]
