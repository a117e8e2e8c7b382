"""Environment variables: what counts as set, and what is told about a wrong one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.networks import ROOT
from toymodel.environment import Environment, read_environment, user_cache
from toymodel.settings import SettingError
from toymodel.storage.store import default_store

NAMES = tuple(Environment.model_fields)
NUMBERS = tuple(name for name in NAMES if name != "cache")


def variable(name: str) -> str:
    return "TOYMODEL_" + name.upper()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_variable_is_as_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable(name), value)
    assert getattr(read_environment(), name) is None
    assert default_store().max_bytes == 512 * 2**20


@pytest.mark.parametrize("name", NUMBERS)
def test_spaces_around_a_number_do_not_count(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable(name), " 17\n")
    assert getattr(read_environment(), name) == 17


def test_a_folder_is_trimmed_and_may_be_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    for value, expected in (
        ("~/toy", tmp_path / "toy"),
        (" ~/toy ", tmp_path / "toy"),
        ("~", tmp_path),
        (f"  {tmp_path}/a folder ", tmp_path / "a folder"),
        ("relative", Path("relative")),
    ):
        monkeypatch.setenv("TOYMODEL_CACHE", value)
        assert default_store().root == expected


def test_the_users_cache_is_a_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for value, expected in (
        ("", tmp_path / ".cache"),
        ("relative", tmp_path / ".cache"),
        (" ~/there", tmp_path / "there"),
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert user_cache() == expected


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", ["many", "-1", "1.5", "1e3", "²", "--2", "999999999", "9" * 5_000]
)
def test_a_wrong_number_is_named_with_what_is_allowed(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable(name), value)
    allowed = f"{variable(name)} = .*: must be a whole number from [01] to [0-9,]+$"
    with pytest.raises(SettingError, match=allowed):
        read_environment()


def test_all_wrong_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("TOYMODEL_CACHE", str(file))
    monkeypatch.setenv("TOYMODEL_PROCESSES", "0")
    with pytest.raises(SettingError) as refused:
        read_environment()
    assert [p.field for p in refused.value.problems] == ["TOYMODEL_CACHE", "TOYMODEL_PROCESSES"]
    assert "must be a folder; it is made where it is missing" in str(refused.value)
    monkeypatch.setenv("TOYMODEL_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(SettingError, match=r"TOYMODEL_CACHE.*must be a folder"):
        read_environment()


def test_no_other_module_reads_the_variables():
    sources = [*(ROOT / "toymodel").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    reading = [
        path.name
        for path in sources
        if any(words in path.read_text() for words in ('environ.get("TOY', "getenv", "XDG_"))
    ]
    assert reading == ["environment.py"]


def test_a_server_with_a_wrong_variable_says_so_and_ends():
    result = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0"],
        cwd=ROOT,
        env=os.environ | {"TOYMODEL_CACHE_MB": "lots"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert 'TOYMODEL_CACHE_MB = "lots": must be a whole number' in result.stderr
    assert "Traceback" not in result.stderr
