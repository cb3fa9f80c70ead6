"""Which engine is run, and what environment it gets."""

import re
from pathlib import Path

import pytest

from tradewind.commander.engine_binary import find_engine
from tradewind.commander.engine_environment import engine_environment
from tradewind.errors import Misconfigured


def program(path: Path) -> Path:
    """A file that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def tree(folder: Path) -> Path:
    """A tree with the engine's sources."""
    (folder / "crates/engine").mkdir(parents=True)
    (folder / "crates/engine/Cargo.toml").write_text("")
    (folder / "Cargo.toml").write_text("")
    return folder


def test_the_engine_beside_python_goes_before_the_one_on_path_and_the_one_that_was_built(tmp_path: Path) -> None:
    sources = tree(tmp_path / "tree")
    beside = program(tmp_path / "bin/tradewind-engine")
    on_path = program(tmp_path / "path/tradewind-engine")
    built = program(sources / "target/release/tradewind-engine")
    environment = {"PATH": str(on_path.parent)}
    for expected in (beside, on_path, built):
        found = find_engine(environment, here=sources / "docs", beside=tmp_path / "bin/python")
        assert (found.argv, found.builds) == ((str(expected),), False)
        expected.unlink()


def test_without_a_binary_cargo_builds_it_and_it_is_said(tmp_path: Path) -> None:
    sources = tree(tmp_path / "tree")
    cargo = program(tmp_path / "path/cargo")
    found = find_engine({"PATH": str(cargo.parent)}, here=sources, beside=tmp_path / "python")
    assert found.argv[:3] == (str(cargo), "run", "--release")
    assert found.argv[-3:] == ("--bin", "tradewind-engine", "--")
    assert found.builds
    assert f"cargo builds it in {sources} first" in found.because


def test_the_variable_wins_and_must_name_what_runs(tmp_path: Path) -> None:
    named = program(tmp_path / "mine")
    assert find_engine({"TRADEWIND_ENGINE": str(named)}, here=tmp_path).argv == (str(named),)
    named.chmod(0o644)
    with pytest.raises(Misconfigured, match=re.escape(f"TRADEWIND_ENGINE names {named}, which cannot be run.")):
        find_engine({"TRADEWIND_ENGINE": str(named)}, here=tmp_path)


def test_where_there_is_no_engine_the_remedy_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="neither beside") as raised:
        find_engine({"PATH": str(tmp_path)}, here=tmp_path, beside=tmp_path / "python")
    assert (raised.value.code, "export TRADEWIND_ENGINE=" in str(raised.value.remedy)) == ("engine_missing", True)


def test_only_what_is_meant_is_passed_and_never_a_key() -> None:
    found = {
        "PATH": "/bin",
        "TZ": "UTC",
        "RUST_LOG": "info",
        "OTEL_SERVICE_NAME": "arb",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer s",
        "TRADEWIND_X": "1",
        "EDITOR": "vi",
        "MINE": "2",
        "CARGO_HOME": "/c",
        "WALLET_1": "5J",
        "TRADEWIND_API_TOKEN": "t",
        "TRADEWIND_SIGNING_KEY": "k",
        "OTEL_SECRET": "s",
        "CARGO_REGISTRY_TOKEN": "t",
        "MY_PASSPHRASE": "p",
    }
    passed = {"PATH", "TZ", "RUST_LOG"}
    assert set(engine_environment(found)) == passed
    assert set(engine_environment(found, also=("MINE", "WALLET_1", "MY_PASSPHRASE"))) == {*passed, "MINE"}
    assert set(engine_environment(found, builds=True)) == passed | {"CARGO_HOME"}
