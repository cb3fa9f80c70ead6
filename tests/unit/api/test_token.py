"""The token file: made once, whole, for its owner's eyes; anything else is refused with what to do about it."""

import os
import re
import stat
from pathlib import Path

import pytest

from tradewind.api.token import hash_token, make_or_read_token, read_token, token_matches
from tradewind.errors import Misconfigured


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_run_makes_a_token_of_256_bits_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "data" / "api.token"
    token = make_or_read_token(path)
    # 32 bytes are 43 characters of base64 without padding.
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700
    assert os.listdir(path.parent) == ["api.token"]


def test_the_modes_are_right_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_or_read_token(tmp_path / "data" / "api.token")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "data" / "api.token") == 0o600
    assert mode_of(tmp_path / "data") == 0o700


def test_a_later_run_reads_the_same_token_and_another_place_gets_another(tmp_path: Path) -> None:
    first = make_or_read_token(tmp_path / "a" / "api.token")
    assert make_or_read_token(tmp_path / "a" / "api.token") == read_token(tmp_path / "a" / "api.token") == first
    assert make_or_read_token(tmp_path / "b" / "api.token") != first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_a_token_that_others_can_touch_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "data" / "api.token"
    make_or_read_token(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured) as caught:
        make_or_read_token(path)
    assert caught.value.code == "token_exposed"
    assert f"chmod 600 {path}" in str(caught.value)


def test_a_folder_that_others_can_enter_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    with pytest.raises(Misconfigured) as caught:
        make_or_read_token(folder / "api.token")
    assert caught.value.code == "token_folder_exposed"
    assert f"chmod 700 {folder}" in str(caught.value)
    assert os.listdir(folder) == []


def test_a_link_in_the_place_of_the_token_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "data" / "api.token"
    make_or_read_token(path)
    link = path.with_name("link.token")
    link.symlink_to(path)
    with pytest.raises(Misconfigured, match="plain file"):
        make_or_read_token(link)


def test_a_dangling_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    link = tmp_path / "data" / "api.token"
    link.parent.mkdir(mode=0o700)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured):
        make_or_read_token(link)
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_the_place_of_the_token_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(path := tmp_path / "api.token", 0o600)
    with pytest.raises(Misconfigured) as caught:
        read_token(path)
    assert caught.value.code == "token_unreadable"


@pytest.mark.parametrize("content", [b"", b"short\n", b"x" * 43 + b"\nmore", b"\xff" * 43, b"x" * 44, b" " * 43])
def test_a_file_that_holds_no_token_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data" / "api.token"
    make_or_read_token(path)
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        make_or_read_token(path)
    assert caught.value.code == "token_malformed"
    assert path.read_bytes() == content


def test_reading_a_token_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_token(tmp_path / "api.token")
    assert caught.value.code == "token_missing"
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Misconfigured) as caught:
        make_or_read_token(tmp_path / "data" / "api.token")
    assert caught.value.code == "token_folder_unusable"
    assert str(tmp_path / "data") in str(caught.value)


def test_only_the_token_itself_matches(tmp_path: Path) -> None:
    token = make_or_read_token(tmp_path / "data" / "api.token")
    kept = hash_token(token)
    assert token_matches(token, kept)
    for other in ("", token[:-1], token + "x", token.swapcase(), "\udcff" * 43):
        assert not token_matches(other, kept)


def test_what_is_kept_of_a_token_is_its_sha256() -> None:
    # From FIPS 180-4's example "abc".
    assert hash_token("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
