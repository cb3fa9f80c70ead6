"""What follows an end, by the contract's table; pauses, and the crash loop."""

import pytest

from tradewind.commander.ending import Ending, EndingKind
from tradewind.commander.restart_policy import BreakLoop, LeaveIt, RestartPolicy, StartAgain
from tradewind.commander.strategy_file.settings import Restart

S = 1_000_000_000
QUICK = 5_000_000


def ended(code: int, ran_ns: int = QUICK) -> Ending:
    return Ending(code, ran_ns)


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (0, EndingKind.FINISHED, "exit code 0: ended in good order"),
        (64, EndingKind.MISCONFIGURED, "exit code 64: refused its configuration"),
        (69, EndingKind.WAITING, "exit code 69: something that it needs does not answer"),
        (70, EndingKind.CRASHED, "exit code 70: a defect"),
        (75, EndingKind.WAITING, "exit code 75: asks to be started again"),
        (1, EndingKind.CRASHED, "exit code 1"),
        (101, EndingKind.CRASHED, "exit code 101"),
        (-9, EndingKind.CRASHED, "killed by SIGKILL"),
        (-64, EndingKind.CRASHED, "killed by SIGRTMAX"),
        (-200, EndingKind.CRASHED, "killed by signal 200"),
    ],
)
def test_an_end_means_what_the_contract_says(code: int, kind: EndingKind, text: str) -> None:
    assert (ended(code).kind, str(ended(code))) == (kind, text)


def test_pauses_double_up_to_the_longest_and_start_over_after_a_long_run() -> None:
    policy = RestartPolicy(Restart(first_pause_ms=100, longest_pause_ms=1_000))
    assert [policy.decide(ended(69), now_ns=0) for _ in range(6)] == [
        StartAgain(pause) for pause in (100, 200, 400, 800, 1_000, 1_000)
    ]
    assert policy.decide(ended(69, ran_ns=S), now_ns=0) == StartAgain(100)


def test_many_failures_do_not_overflow_the_pause() -> None:
    policy = RestartPolicy(Restart(first_pause_ms=1, longest_pause_ms=86_400_000))
    assert {policy.decide(ended(75), now_ns=0) for _ in range(10_000)} >= {StartAgain(86_400_000)}


def test_only_crashes_within_the_window_break_the_loop() -> None:
    policy = RestartPolicy(Restart(most_crashes=2, within_ms=10_000))
    follows = [policy.decide(ended(70), now_ns=at * S) for at in (0, 5, 12, 13)]
    assert [type(each) for each in follows] == [StartAgain, StartAgain, StartAgain, BreakLoop]
    assert follows[-1] == BreakLoop("it crashed 3 times within 10 s, the last time exit code 70: a defect")


@pytest.mark.parametrize(
    ("policy", "code", "follows"),
    [
        ("always", 0, StartAgain),
        ("on-failure", 0, LeaveIt),
        ("never", 70, LeaveIt),
        ("always", 64, LeaveIt),
        ("never", 69, LeaveIt),
    ],
)
def test_the_policy_decides_what_is_started_again(policy: str, code: int, follows: type) -> None:
    settings = Restart.model_validate({"policy": policy})
    assert isinstance(RestartPolicy(settings).decide(ended(code), now_ns=0), follows)
