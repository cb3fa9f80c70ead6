"""The page of settings is the code's, and says something of each."""

from pathlib import Path

import pytest

from tradewind.cli.settings import File, every, page
from tradewind.settings.evm import GasSettings

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_in_the_documentation_is_what_the_command_writes() -> None:
    assert PAGE.read_text() == page({file: every(file) for file in File}), (
        "tradewind settings --markdown > docs/settings.md"
    )


@pytest.mark.parametrize("file", File)
def test_every_setting_says_what_it_is_for(file: File) -> None:
    assert [setting.key for setting in every(file) if not setting.meaning.endswith(".")] == []


def test_a_setting_is_told_with_its_range_its_unit_and_its_default() -> None:
    [found] = [setting for setting in every(File.SERVICE) if setting.key.endswith("base_fee_multiplier_percent")]
    assert (found.key, found.kind, found.unit) == (
        "chains.<name>.gas.base_fee_multiplier_percent",
        "integer, 100 to 1,000",
        "%",
    )
    assert found.default == str(GasSettings().base_fee_multiplier_percent)
    assert not found.needed


def test_the_settings_of_an_executor_are_variables_as_well() -> None:
    assert {setting.variable for setting in every(File.EXECUTOR)} >= {"NATS_URL", "EXECUTOR_NAME", "JITO_TIP_CAP"}


def test_an_entry_of_a_list_and_one_by_its_name_are_reached_by_their_keys() -> None:
    keys = {setting.key for setting in every(File.SERVICE)}
    assert {"chains.<name>.tokens[].symbol", "strategies.<name>.wallet", "solana.jito.regions"} <= keys
