"""`tradewind new strategy`: what it writes runs as it is, and it never writes over anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.terminal import tradewind
from tests.unit.commander.strategy_files import RIGHT, written
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.own_library import own_library

FILES = ("strategies/{}.py", "configs/strategies/{}.yaml", "tests/test_{}.py")


def files_of(name: str, folder: Path) -> list[Path]:
    return [folder / file.format(name) for file in FILES]


def test_the_test_that_it_writes_passes_at_once_and_fails_when_the_strategy_does_nothing(tmp_path: Path) -> None:
    assert tradewind("new", "strategy", "my_first", "--folder", tmp_path).exit_code == 0
    strategy, _, test = files_of("my_first", tmp_path)

    def tried() -> subprocess.CompletedProcess[str]:
        library = own_library()
        environment = (
            dict(os.environ)
            | {"PYTHONDONTWRITEBYTECODE": "1"}
            | ({} if library is None else {"PYTHONPATH": str(library)})
        )
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
        return subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    passed = tried()
    assert passed.returncode == 0, passed.stdout
    assert "3 passed" in passed.stdout
    strategy.write_text(strategy.read_text().replace("[:1]", "[:0]"))
    assert tried().returncode == 1


@pytest.mark.parametrize("name", ["my_first", "strategy", "true", "null", "update", "a", "e5", "x" * 40])
def test_the_configuration_that_it_writes_has_no_mistake(tmp_path: Path, name: str) -> None:
    said = tradewind("new", "strategy", name, "--folder", tmp_path)
    assert said.exit_code == 0, said.stderr
    settings = read_strategy_file(tmp_path / "configs" / "strategies" / f"{name}.yaml", strategy=name).settings
    assert settings.python is not None
    assert settings.python.file.resolve() == tmp_path / "strategies" / f"{name}.py"
    assert settings.mode == "paper"
    for step in (f"pytest tests/test_{name}.py", f"run --strategy {name} --check", f"run --strategy {name}"):
        assert step in said.stdout


def test_the_chain_is_that_of_a_configuration_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "configs" / "strategies"
    folder.mkdir(parents=True)
    (folder / "aaa.yaml").write_text("mode: papre")
    own = {"strategy_id": "a1b2c3d4-e5f6-7890-1234-567890abcdef", "bases": []}
    chain = {**RIGHT["chain"], "rpc": ["http://127.0.0.1:1234"], "yellowstone": "http://127.0.0.1:1235"}
    changes = {"parameters": own, "chain": chain, "signer": {"socket": "../../there.sock"}}
    written(folder, RIGHT | changes)
    said = tradewind("new", "strategy", "mine", "--folder", tmp_path)
    assert said.exit_code == 0
    assert "arb.json" in said.stdout
    settings = read_strategy_file(folder / "mine.yaml").settings
    like = read_strategy_file(folder / "arb.json").settings
    assert settings.chain == like.chain
    assert settings.inventory == like.inventory
    assert settings.commander.wallet == like.commander.wallet
    assert settings.signer.socket.resolve() == tmp_path / "there.sock"
    assert settings.parameters["strategy_id"] == own["strategy_id"]
    assert settings.parameters["wallet"] == str(like.commander.wallet)
    assert "bases" not in settings.parameters


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_malformed"),
        ("Mine", "name_malformed"),
        ("5th", "name_malformed"),
        ("_x", "name_malformed"),
        ("a-b", "name_malformed"),
        ("../x", "name_malformed"),
        ("a/b", "name_malformed"),
        ("a.b", "name_malformed"),
        ("mine\n", "name_malformed"),
        ("größe", "name_malformed"),
        ("x" * 41, "name_malformed"),
        ("class", "name_taken"),
        ("match", "name_taken"),
        ("arb", "name_taken"),
        ("sniper", "name_taken"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_written(tmp_path: Path, name: str, code: str) -> None:
    said = tradewind("new", "strategy", "--folder", tmp_path / "desk", "--", name)
    assert said.exit_code == 2
    assert code in said.stderr
    assert not (tmp_path / "desk").exists()


@pytest.mark.parametrize("there", [*FILES, "configs/strategies/{}.toml"])
def test_it_never_writes_over_a_file(tmp_path: Path, there: str) -> None:
    path = tmp_path / there.format("mine")
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    said = tradewind("new", "strategy", "mine", "--folder", tmp_path)
    assert said.exit_code != 0
    assert "file_exists" in said.stderr
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]
    assert path.read_text() == "mine"


def test_a_link_to_nowhere_is_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "mine.py").symlink_to(tmp_path / "elsewhere.py")
    assert "file_exists" in tradewind("new", "strategy", "mine", "--folder", tmp_path).stderr
    assert not (tmp_path / "elsewhere.py").exists()


def test_where_one_file_cannot_be_written_none_is_left(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("a file where a folder is needed")
    said = tradewind("new", "strategy", "mine", "--folder", tmp_path)
    assert "folder_unwritable" in said.stderr
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [tmp_path / "tests"]
