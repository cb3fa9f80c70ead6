"""Tokens made for others: only a hash is kept, unknown and wrong ones look alike, and guessing locks one alone."""

import hashlib
import json
import os
import re
import stat
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from tests.fake_clock import START_NS, FakeClock
from tradewind.api.scopes import Scope
from tradewind.api.token import hash_token, token_text
from tradewind.api.tokens import Tokens
from tradewind.api.tokens_file import NS_PER_DAY, TokenRecord, TokensFile
from tradewind.errors import Conflict, InvalidInput, Misconfigured, NotFound, TooMany, Unauthorized, Unavailable

OWNERS = "o" * 43
NS_PER_S = 1_000_000_000


@pytest.fixture
def file(tmp_path: Path) -> TokensFile:
    return TokensFile(tmp_path / "data" / "tokens.json")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tokens(file: TokensFile, clock: FakeClock) -> Tokens:
    return Tokens(file, owner_hash=hash_token(OWNERS), clock=clock)


def make(
    file: TokensFile, name: str = "desk", *scopes: Scope, expires_at_ns: int | None = None
) -> tuple[TokenRecord, str]:
    """A token in the file, and its text."""
    made, secret = file.add(
        name, scopes=scopes or (Scope.TRADE,), strategies=None, now_ns=START_NS, expires_at_ns=expires_at_ns
    )
    return made, token_text(made.id, secret)


def wrong_secret_for(made: TokenRecord) -> str:
    return token_text(made.id, "x" * 43)


def test_a_token_names_its_id_and_carries_256_random_bits(file: TokensFile) -> None:
    made, text = make(file)
    # 32 bytes are 43 characters of base64 without padding.
    assert re.fullmatch(rf"tw_{made.id}_[A-Za-z0-9_-]{{43}}", text)
    assert text != make(file, "other")[1]


def test_the_file_holds_the_sha256_of_the_secret_and_not_the_secret(file: TokensFile) -> None:
    made, text = make(file)
    content = file.path.read_text()
    secret = text.removeprefix(f"tw_{made.id}_")
    assert secret not in content
    assert json.loads(content)["tokens"][0]["sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_running_service_takes_a_new_token_at_once_and_refuses_a_revoked_one(
    file: TokensFile, tokens: Tokens
) -> None:
    made, text = make(file, "desk", Scope.READ, Scope.HALT)
    caller = tokens.caller(text)
    assert (caller.name, caller.token_id) == ("desk", made.id)
    assert caller.scopes == {Scope.READ, Scope.HALT}
    file.revoke("desk", now_ns=START_NS)
    with pytest.raises(Unauthorized) as caught:
        tokens.caller(text)
    assert caught.value.code == "token_revoked"


def test_the_owners_token_is_the_administrators(tokens: Tokens) -> None:
    caller = tokens.caller(OWNERS)
    assert caller.name == "owner"
    assert all(caller.may(scope) for scope in Scope)
    assert caller.strategies is None


def test_an_unknown_token_and_a_wrong_secret_get_the_same_answer(file: TokensFile, tokens: Tokens) -> None:
    made, _ = make(file)
    said = set()
    for presented in (wrong_secret_for(made), token_text("0" * 12, "x" * 43), "x" * 43, "", "tw_", f"tw_{made.id}_"):
        with pytest.raises(Unauthorized) as caught:
            tokens.caller(presented)
        said.add((caught.value.code, str(caught.value)))
    assert len(said) == 1


def test_a_token_expires_to_the_nanosecond(file: TokensFile, tokens: Tokens, clock: FakeClock) -> None:
    _, text = make(file, expires_at_ns=START_NS + NS_PER_S)
    clock._now_ns = START_NS + NS_PER_S - 1
    assert tokens.caller(text).name == "desk"
    clock._now_ns = START_NS + NS_PER_S
    with pytest.raises(Unauthorized) as caught:
        tokens.caller(text)
    assert caught.value.code == "token_expired"


def test_that_a_token_has_expired_or_was_revoked_is_told_to_its_holder_alone(file: TokensFile, tokens: Tokens) -> None:
    expired, _ = make(file, "old", expires_at_ns=START_NS)
    revoked, _ = make(file, "gone")
    file.revoke("gone", now_ns=START_NS)
    for made in (expired, revoked):
        with pytest.raises(Unauthorized) as caught:
            tokens.caller(wrong_secret_for(made))
        assert caught.value.code == "token_wrong"


def fail(tokens: Tokens, made: TokenRecord, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unauthorized):
            tokens.caller(wrong_secret_for(made))


def locked_for_s(tokens: Tokens, text: str) -> float:
    """For how long the token is locked; 0 when it is not."""
    try:
        tokens.caller(text)
    except TooMany as error:
        return error.retry_after_s if error.code == "token_locked" else -1
    return 0


async def test_five_wrong_secrets_lock_the_token_for_longer_and_longer(
    file: TokensFile, tokens: Tokens, clock: FakeClock
) -> None:
    made, text = make(file)
    fail(tokens, made, 4)
    assert locked_for_s(tokens, text) == 0
    fail(tokens, made, 5)
    assert locked_for_s(tokens, text) == 30
    await clock.advance(29.5)
    assert locked_for_s(tokens, text) == 0.5
    await clock.advance(0.5)
    fail(tokens, made, 1)
    assert locked_for_s(tokens, text) == 60
    for expected in (120, 240, 480, 960, 1_920, 3_600, 3_600):
        await clock.advance(3_600)
        fail(tokens, made, 1)
        assert locked_for_s(tokens, text) == expected


async def test_the_right_secret_after_a_lock_wipes_the_slate(
    file: TokensFile, tokens: Tokens, clock: FakeClock
) -> None:
    made, text = make(file)
    fail(tokens, made, 5)
    await clock.advance(30)
    assert locked_for_s(tokens, text) == 0
    fail(tokens, made, 4)
    assert locked_for_s(tokens, text) == 0


def test_a_locked_token_locks_no_other_one(file: TokensFile, tokens: Tokens) -> None:
    victim, _ = make(file, "victim")
    _, others = make(file, "other")
    fail(tokens, victim, 5)
    with pytest.raises(TooMany):
        tokens.caller(wrong_secret_for(victim))
    assert tokens.caller(others).name == "other"
    assert tokens.caller(OWNERS).name == "owner"


def test_guessing_unknown_ids_locks_nothing_and_is_not_remembered(tokens: Tokens) -> None:
    for n in range(1_000):
        with pytest.raises(Unauthorized):
            tokens.caller(token_text(f"{n:012x}", "x" * 43))
    assert tokens._lockout._tries == {}


def test_nobody_can_be_locked_out_of_the_kill_switch(file: TokensFile, tokens: Tokens) -> None:
    made, text = make(file)
    fail(tokens, made, 5)
    assert tokens.caller(text, locks=False).name == "desk"


async def test_a_clock_that_is_set_back_locks_for_no_longer_than_a_lock_lasts(
    file: TokensFile, tokens: Tokens, clock: FakeClock
) -> None:
    made, text = make(file)
    fail(tokens, made, 5)
    clock._now_ns = START_NS - 365 * NS_PER_DAY
    assert locked_for_s(tokens, text) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2, "tokens": []}',
        b'{"version": 1, "tokens": [{"id": "x"}]}',
        b'{"version": 1, "tokens": [], "extra": 1}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_list_lets_nobody_in_but_the_owner(file: TokensFile, tokens: Tokens, content: bytes) -> None:
    _, text = make(file)
    assert tokens.caller(text).name == "desk"
    file.path.write_bytes(content)
    with pytest.raises(Unavailable) as caught:
        tokens.caller(text)
    assert caught.value.code == "tokens_unreadable"
    # Who has no good token must not learn where the file is.
    assert str(file.path) not in str(caught.value)
    assert tokens.caller(OWNERS).name == "owner"
    with pytest.raises(Misconfigured) as at_start:
        Tokens(file, owner_hash=hash_token(OWNERS), clock=FakeClock())
    assert at_start.value.code == "tokens_malformed"


def test_a_list_that_others_can_touch_is_refused(file: TokensFile) -> None:
    make(file)
    file.path.chmod(0o644)
    with pytest.raises(Misconfigured) as caught:
        file.read()
    assert caught.value.code == "token_exposed"
    assert f"chmod 600 {file.path}" in str(caught.value)


def test_a_link_in_the_place_of_the_list_is_not_followed(file: TokensFile, tmp_path: Path) -> None:
    make(file)
    os.rename(file.path, tmp_path / "elsewhere")
    file.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured):
        file.read()


def test_a_name_is_in_use_until_its_token_is_revoked_or_has_expired(file: TokensFile) -> None:
    first, _ = make(file)
    with pytest.raises(Conflict) as caught:
        make(file)
    assert caught.value.code == "token_name_taken"
    file.revoke(first.id, now_ns=START_NS)
    make(file, expires_at_ns=START_NS)
    make(file)
    assert [token.name for token in file.read()] == ["desk"] * 3


@pytest.mark.parametrize("name", ["", "owner", "Desk", "a/b", "x" * 65, "-desk", "desk\n", "dé"])
def test_a_name_that_could_mislead_is_refused(file: TokensFile, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make(file, name)
    assert caught.value.faults[0].field == "name"
    assert file.read() == ()


def test_revoking_what_is_not_there_is_told(file: TokensFile) -> None:
    with pytest.raises(NotFound) as caught:
        file.revoke("desk", now_ns=START_NS)
    assert caught.value.code == "token_unknown"


def test_a_token_stays_revoked_from_the_first_time_on(file: TokensFile) -> None:
    made, _ = make(file)
    file.revoke(made.id, now_ns=START_NS + 1)
    assert file.revoke(made.id, now_ns=START_NS + 2).revoked_at_ns == START_NS + 1


def test_tokens_made_at_the_same_time_are_all_kept(file: TokensFile) -> None:
    """Each writer reads, adds one and replaces the file: without the lock, some would be lost."""
    threads = [threading.Thread(target=make, args=(file, f"desk-{n}")) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token.name for token in file.read()} == {f"desk-{n}" for n in range(16)}
    assert sorted(os.listdir(file.path.parent)) == ["tokens.json", "tokens.json.lock"]


def test_a_token_bound_to_strategies_knows_them(file: TokensFile, tokens: Tokens) -> None:
    mine, others = uuid4(), uuid4()
    made, secret = file.add("bot", scopes=(Scope.TRADE,), strategies=(mine,), now_ns=START_NS, expires_at_ns=None)
    caller = tokens.caller(token_text(made.id, secret))
    assert caller.may_use(mine)
    assert not caller.may_use(others)
