"""The file of the tokens that were made for others: who they are for, what they may do, and the hash of each.

It holds no secret, and is private all the same: whoever could write it could let themselves in.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from tradewind.api.scopes import Scope
from tradewind.api.token import hash_token, make_folder, new_secret, new_token_id, read_private, sync_folder, unwritable
from tradewind.domain.model import Model, invalid_input
from tradewind.errors import Conflict, InvalidInput, Misconfigured, NotFound

OWNER = "owner"
NS_PER_DAY = 24 * 3600 * 1_000_000_000
_MAX_TOKENS = 1_000
_MAX_FILE_BYTES = 4 << 20

TokenName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
ScopeName = Annotated[Scope, Field(strict=False)]
StrategyId = Annotated[UUID, Field(strict=False)]
TimeNs = Annotated[int, Field(ge=0, lt=2**63)]


class TokenRecord(Model):
    """One token. `sha256` is of its secret; times are nanoseconds UTC; `strategies` None means all."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    name: TokenName
    scopes: Annotated[tuple[ScopeName, ...], Field(min_length=1, max_length=len(Scope))]
    strategies: Annotated[tuple[StrategyId, ...], Field(min_length=1, max_length=256)] | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created_at_ns: TimeNs
    expires_at_ns: TimeNs | None
    revoked_at_ns: TimeNs | None = None

    def state(self, now_ns: int) -> Literal["in force", "expired", "revoked"]:
        """Whether it can be used."""
        if self.revoked_at_ns is not None:
            return "revoked"
        return "expired" if self.expires_at_ns is not None and now_ns >= self.expires_at_ns else "in force"


class _Content(Model):
    version: Literal[1]
    tokens: Annotated[tuple[TokenRecord, ...], Field(max_length=_MAX_TOKENS)]


class TokensFile:
    """`data/tokens.json`. Changes are whole or not at all, and one at a time over all processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes whenever the file does; None when there is none."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def read(self) -> tuple[TokenRecord, ...]:
        """Every token there ever was; Misconfigured when the file is open to others or cannot be read."""
        if not os.path.lexists(self.path):
            return ()
        content = read_private(self.path, what="list of tokens", limit=_MAX_FILE_BYTES)
        try:
            return _Content.model_validate_json(content).tokens
        except ValidationError as error:
            fault = invalid_input(error, what=str(self.path))
            raise Misconfigured(
                "tokens_malformed", str(fault), remedy="Restore the file, or remove it: every token in it is then void."
            ) from None

    def add(
        self,
        name: str,
        *,
        scopes: tuple[Scope, ...],
        strategies: tuple[UUID, ...] | None,
        now_ns: int,
        expires_at_ns: int | None,
    ) -> tuple[TokenRecord, str]:
        """Make a token; its secret is in the answer and nowhere else."""
        secret = new_secret()
        try:
            made = TokenRecord(
                id=new_token_id(),
                name=name,
                scopes=scopes,
                strategies=strategies,
                sha256=hash_token(secret).hex(),
                created_at_ns=now_ns,
                expires_at_ns=expires_at_ns,
            )
        except ValidationError as error:
            raise invalid_input(error, what="token") from None
        if name == OWNER:
            raise InvalidInput.one("name", "token_name_taken", "is the name of the first token. Choose another.")

        def change(tokens: tuple[TokenRecord, ...]) -> tuple[TokenRecord, ...]:
            if any(token.name == name and token.state(now_ns) == "in force" for token in tokens):
                raise Conflict(
                    "token_name_taken",
                    f"A token named '{name}' is in force.",
                    remedy="Choose another name, or revoke that one first.",
                )
            if len(tokens) >= _MAX_TOKENS:
                raise Conflict("too_many_tokens", f"{self.path} holds {_MAX_TOKENS} tokens, which is the limit.")
            return (*tokens, made)

        self._change(change)
        return made, secret

    def revoke(self, which: str, *, now_ns: int) -> TokenRecord:
        """End the token with this id, or the one in force with this name; NotFound when there is none."""
        ended: list[TokenRecord] = []

        def change(tokens: tuple[TokenRecord, ...]) -> tuple[TokenRecord, ...]:
            found = [t for t in tokens if t.id == which or (t.name == which and t.state(now_ns) == "in force")]
            if not found:
                raise NotFound("token_unknown", f"No token in force is named '{which}', and none has this id.")
            [token] = found[:1]
            ended.append(token if token.revoked_at_ns else token.model_copy(update={"revoked_at_ns": now_ns}))
            return tuple(ended[0] if t.id == token.id else t for t in tokens)

        self._change(change)
        return ended[0]

    def _change(self, change: Callable[[tuple[TokenRecord, ...]], tuple[TokenRecord, ...]]) -> None:
        make_folder(self.path.parent)
        with self._alone():
            self._replace(_Content(version=1, tokens=change(self.read())))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            # A file of its own: the list itself is replaced, and a lock on it would stay with the old one.
            descriptor = os.open(
                self.path.with_name(f"{self.path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise unwritable(self.path, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _replace(self, content: _Content) -> None:
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        text = json.dumps(content.model_dump(mode="json"), indent=2) + "\n"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(draft, self.path)
            finally:
                draft.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise unwritable(self.path, error) from None
