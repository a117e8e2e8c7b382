"""The scratch folder: made when needed, locked while its process lives, swept afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.networks import run_python
from toymodel.jobs import scratch
from toymodel.jobs.scratch import Scratch, sweep_scratch


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_is_made_when_it_is_needed_and_removed_at_the_end(temporary: Path):
    own = Scratch()
    assert list(temporary.iterdir()) == []
    path = own.folder("1")
    assert path.is_dir() and own.folder("1") == path
    assert own.folder("2").parent == path.parent
    own.close()
    assert list(temporary.iterdir()) == []
    assert own.folder("3").is_dir()
    own.close()


def test_a_folder_that_vanished_is_made_anew_in_its_place_and_locked(temporary: Path):
    own = Scratch()
    path = own.folder("1")
    shutil.rmtree(path.parent)
    assert own.folder("2").parent == path.parent
    sweep_scratch()
    assert own.folder("2").is_dir()
    own.close()


def test_only_folders_of_dead_processes_are_swept(temporary: Path):
    live = Scratch()
    kept = [live.folder("1"), temporary / "else", temporary / "toymodel-scratch-link"]
    kept[1].mkdir()
    kept[2].symlink_to(kept[1], target_is_directory=True)
    result = run_python(
        "-c",
        "import os, signal, sys, tempfile\n"
        "from toymodel.jobs.scratch import Scratch\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "print(Scratch().folder('1'), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        str(temporary),
    )
    left = Path(result.stdout.strip())
    (left / "progress").write_text("half")
    sweep_scratch()
    assert not left.parent.exists()
    assert all(path.exists() for path in kept)
    live.close()


def test_a_folder_of_another_user_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch):
    other = temporary / "toymodel-scratch-other"
    other.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("os.getuid", lambda: other.stat().st_uid + 1)
        sweep_scratch()
    assert other.exists()
    sweep_scratch()
    assert not other.exists()


def test_what_the_system_refuses_is_told_without_a_path(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
):
    (temporary / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(temporary / "file"))
    with pytest.raises(OSError, match="Not a directory") as refused:
        Scratch().folder("1")
    assert str(temporary) not in str(refused.value)

    def none(**options: object) -> str:
        raise FileNotFoundError(2, f"No usable temporary directory found in {temporary}")

    monkeypatch.setattr(scratch.tempfile, "mkdtemp", none)
    with pytest.raises(OSError, match="No temporary folder can be written to"):
        Scratch().folder("1")
    sweep_scratch()
