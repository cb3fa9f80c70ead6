"""Reads the file of the market rules and checks all of it before anything starts."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tradewind.commander.rules.changes import needs_a_restart
from tradewind.commander.rules.contradictions import contradictions
from tradewind.commander.rules.settings import RulesSettings
from tradewind.commander.strategy_file.mistake import MistakesInFile
from tradewind.commander.strategy_file.naming import at, mistakes_of
from tradewind.commander.strategy_file.reading import general_mistakes, read_located
from tradewind.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file that was read and is right."""

    path: Path
    settings: RulesSettings


def read_rules_file(path: Path, *, in_force: RulesSettings | None = None) -> RulesFile:
    """YAML, JSON or TOML. What cannot change while the rules `in_force` run is a mistake, too.

    Raises MistakesInFile with every mistake, and Misconfigured `config_missing` and `config_unreadable`.
    """
    if not path.exists():
        remedy = (
            "Write one as docs/commander.md shows under Market rules, look at it with tradewind rules check FILE, "
            "and give its path: tradewind run --rules FILE"
        )
        raise Misconfigured("config_missing", f"There is no file of rules at {path}.", remedy=remedy)
    _, located = read_located(path)
    mistakes = general_mistakes(path, located)
    settings: RulesSettings | None = None
    try:
        settings = RulesSettings.model_validate_json(json.dumps(located.data))
    except ValidationError as error:
        secret = {mistake.field for mistake in mistakes}
        found = mistakes_of(error, path, located, model=RulesSettings)
        mistakes += [mistake for mistake in found if mistake.field not in secret]
    else:
        mistakes += [at(path, located, place, said) for place, said in contradictions(settings)]
        if in_force is not None:
            mistakes += [at(path, located, place, said) for place, said in needs_a_restart(in_force, settings)]
    if mistakes or settings is None:
        raise MistakesInFile(mistakes)
    return RulesFile(path, settings)
