"""A wallet belongs to one executor at a time, and to nobody once its holder is dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.errors import Misconfigured
from tradewind.execution.wallet_leases import WalletLeases

HOLD = """
import sys
from pathlib import Path
from tradewind.execution.wallet_leases import WalletLeases
leases = WalletLeases.take(Path(sys.argv[1]), ["one"], holder="the other")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_wallet_in_use_is_refused_with_the_name_of_its_holder(tmp_path: Path) -> None:
    first = WalletLeases.take(tmp_path, ["one", "two"], holder="executor-1")
    with pytest.raises(Misconfigured) as refused:
        WalletLeases.take(tmp_path, ["three", "two"], holder="executor-2")
    assert refused.value.code == "wallet_in_use"
    assert "two" in refused.value.message
    assert "executor-1" in refused.value.message
    third = WalletLeases.take(tmp_path, ["three"], holder="executor-3")
    first.close()
    WalletLeases.take(tmp_path, ["one", "two"], holder="executor-2").close()
    third.close()


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Misconfigured):
            WalletLeases.take(tmp_path, ["one"], holder="executor-1")
        other.kill()
        other.wait()
    WalletLeases.take(tmp_path, ["one"], holder="executor-1").close()
