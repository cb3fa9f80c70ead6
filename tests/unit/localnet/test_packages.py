"""The npm packages: what is missing is named clearly, and nothing half-installed is ever used."""

import base64
import json
import platform
import socket
from pathlib import Path

import pytest

from tradewind.localnet import LocalnetError, MissingTool
from tradewind.localnet.packages import ANVIL, NODE_FOLDER, cache_folder, ensure_packages


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def tools(folder: Path, **scripts: str) -> str:
    """A folder for PATH that holds only these executables."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def install_error() -> LocalnetError:
    with pytest.raises(LocalnetError) as refused:
        ensure_packages()
    return refused.value


@pytest.mark.usefixtures("empty_cache")
def test_names_node_when_path_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    error = install_error()
    assert isinstance(error, MissingTool)
    assert error.code == "node_missing"
    assert "Install Node.js 20 or newer" in str(error)


@pytest.mark.usefixtures("empty_cache")
def test_names_npm_when_only_node_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", tools(tmp_path / "bin", node="echo v20.1.0"))
    error = install_error()
    assert isinstance(error, MissingTool)
    assert error.code == "npm_missing"
    assert "'npm'" in error.message


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize(("answer", "shown"), [("echo v18.19.0", "v18.19.0"), ("exit 1", "unknown version")])
def test_refuses_an_old_or_broken_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, shown: str
) -> None:
    monkeypatch.setenv("PATH", tools(tmp_path / "bin", node=answer, npm="exit 1"))
    error = install_error()
    assert error.code == "node_too_old"
    assert shown in error.message


@pytest.mark.usefixtures("empty_cache")
def test_names_the_platform_when_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    error = install_error()
    assert error.code == "platform_unsupported"
    assert "riscv64" in error.message


def test_says_that_the_registry_is_out_of_reach_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_cache: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    error = install_error()
    assert error.code == "npm_unreachable"
    assert "network" in str(error)
    assert [path.name for path in empty_cache.iterdir() if path.is_dir()] == []


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("npm error code EINTEGRITY", "package_integrity"),
        ("npm error code ENOTFOUND", "npm_unreachable"),
        ("npm error code EACCES", "npm_failed"),
    ],
)
def test_tells_npms_failures_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str, code: str) -> None:
    monkeypatch.setenv("PATH", tools(tmp_path / "bin", node="echo v22.0.0", npm=f"echo '{output}' >&2; exit 1"))
    error = install_error()
    assert error.code == code
    assert output.rsplit(maxsplit=1)[-1] in error.message


def test_names_the_cache_folder_when_it_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path / "file" / "cache"))
    error = install_error()
    assert error.code == "cache_not_writable"
    assert "TRADEWIND_CACHE" in str(error)


def test_a_damaged_installation_is_refused_with_the_folder_to_delete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = ensure_packages()
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path))
    damaged = tmp_path / whole.name
    (damaged / ANVIL).parent.mkdir(parents=True)
    error = install_error()
    assert error.code == "packages_damaged"
    assert str(damaged) in str(error)


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("TRADEWIND_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "tradewind"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "tradewind"


def test_lock_names_no_registry_and_every_package_has_its_hash() -> None:
    text = (NODE_FOLDER / "package-lock.json").read_text()
    assert "://" not in text
    lock = json.loads(text)
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert len(packages) > 20
    for path, entry in packages.items():
        algorithm, _, digest = entry["integrity"].partition("-")
        assert algorithm in ("sha512", "sha1"), path
        assert len(base64.b64decode(digest)) in (64, 20), path
    wanted = json.loads((NODE_FOLDER / "package.json").read_text())["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted


def test_what_a_killed_installation_left_is_cleared_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_cache: Path
) -> None:
    monkeypatch.setenv("PATH", tools(tmp_path / "bin", node="echo v22.0.0", npm="echo * >&2; exit 1"))
    first = install_error()
    (lock,) = empty_cache.iterdir()
    left = lock.with_suffix(".partial")
    left.mkdir()
    (left / "half-a-package").touch()
    assert install_error().message == first.message
    assert "package.json" in first.message
    assert not left.exists()
