"""A group of commands one of which is meant when none is named: `tradewind quote intent.json`."""

from collections.abc import Mapping
from typing import Any

from typer.core import TyperGroup


def with_default(name: str, *, when_bare: bool, told_by: Mapping[str, str] | None = None) -> type[TyperGroup]:
    """A group class whose command `name` need not be written; `when_bare`: not even when nothing follows the group.

    `told_by` names another command for an option that only that one has.
    """
    telling = told_by or {}

    class WithDefault(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
            if not named and (args or when_bare):
                told = (telling[option] for option in (text.partition("=")[0] for text in args) if option in telling)
                args = [next(told, name), *args]
            return super().parse_args(ctx, args)

    return WithDefault
