"""The buttons of alerts in several chats of one bot: one listener, and each press obeyed for its chat's instance."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.integration.commander.receivers import CHAT, TOKEN, Receivers
from tests.unit.commander.strategy_files import changed, written
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.triage.triaging import Actions, Triaging
from tradewind.observability.clock import SystemClock

OTHER_CHAT = 43


@asynccontextmanager
async def instances(folder: Path, receivers: Receivers, chats: dict[str, int]) -> AsyncIterator[list[str]]:
    """Each by its name and chat, with one bot for all; what is yielded are the wallets that were halted."""
    halted: list[str] = []
    triaging = Triaging(SystemClock())

    def actions(name: str) -> Actions:
        async def halt() -> str:
            halted.append(name)
            return f"The wallet of {name} is halted."

        async def status() -> str:
            return f"{name} is running."

        return Actions(halt=halt, status=status)

    async with AsyncExitStack() as stack:
        for name, chat in chats.items():
            # A file of its own for each, with the same token.
            token = folder / f"{name}.token"
            token.write_text(TOKEN)
            token.chmod(0o600)
            telegram = {"token_file": token.name, "chat_id": chat, "api": receivers.url}
            settings = read_strategy_file(written(folder, changed(commander__logs={"telegram": telegram}))).settings
            instance = InstanceFolder(folder / "data", InstanceName("arb", name))
            instance.make()
            await stack.enter_async_context(triaging(settings, instance, actions(name)))
        yield halted


async def test_two_chats_of_one_bot_have_one_listener_and_each_its_own_instance(tmp_path: Path) -> None:
    async with (
        Receivers().served() as receivers,
        instances(tmp_path, receivers, {"one": CHAT, "two": OTHER_CHAT}) as halted,
    ):
        receivers.press("status arb/one")
        receivers.press("halt arb/two", chat=OTHER_CHAT)
        receivers.press("halt arb/one", chat=OTHER_CHAT)
        receivers.press("halt arb/three")
        receivers.press("halt arb/one", chat=666)
        await receivers.until(lambda: len(receivers.answers) == 5)
        assert receivers.answers == [
            "one is running.",
            "The wallet of two is halted.",
            "This chat may not ask for that.",
            "arb/three does not run here.",
            "This chat may not ask for that.",
        ]
        assert [message["chat_id"] for message in receivers.messages] == [CHAT, OTHER_CHAT, OTHER_CHAT, CHAT]
        assert (halted, receivers.most_polling) == (["two"], 1)


async def test_the_chat_learns_of_a_halt_although_the_press_is_too_old_to_be_answered(tmp_path: Path) -> None:
    async with Receivers().served() as receivers, instances(tmp_path, receivers, {"one": CHAT}) as halted:
        receivers.refuses = {"answerCallbackQuery"}
        receivers.press("halt arb/one")
        await receivers.until(lambda: receivers.messages)
        assert (halted, receivers.messages[0]["text"]) == (["one"], "The wallet of one is halted.")


async def test_an_answer_that_is_none_does_not_leave_the_buttons_without_anybody(tmp_path: Path) -> None:
    async with Receivers().served() as receivers, instances(tmp_path, receivers, {"one": CHAT}):
        receivers.tell("no update")
        receivers.press("status arb/one")
        await receivers.until(lambda: receivers.messages)
        assert receivers.messages[0]["text"] == "one is running."
