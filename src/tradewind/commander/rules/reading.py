"""Reads the file of the market rules and checks all of it before anything starts."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tradewind.commander.rules.contradictions import contradictions
from tradewind.commander.rules.settings import RulesSettings
from tradewind.commander.strategy_file.mistake import MistakesInFile
from tradewind.commander.strategy_file.naming import at, mistakes_of
from tradewind.commander.strategy_file.reading import general_mistakes, read_located


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file that was read and is right."""

    path: Path
    settings: RulesSettings


def read_rules_file(path: Path) -> RulesFile:
    """YAML, JSON or TOML. Raises MistakesInFile with every mistake, and Misconfigured `config_unreadable`."""
    _, located = read_located(path)
    mistakes = general_mistakes(path, located)
    settings: RulesSettings | None = None
    try:
        settings = RulesSettings.model_validate_json(json.dumps(located.data, default=str))
    except ValidationError as error:
        secret = {mistake.field for mistake in mistakes}
        found = mistakes_of(error, path, located, model=RulesSettings)
        mistakes += [mistake for mistake in found if mistake.field not in secret]
    else:
        mistakes += [at(path, located, place, said) for place, said in contradictions(settings)]
    if mistakes or settings is None:
        raise MistakesInFile(mistakes)
    return RulesFile(path, settings)
