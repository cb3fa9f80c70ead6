"""Tasks that let a cancellation slip come to their end all the same, and none is left behind."""

import asyncio

from tradewind.streaming.ending_tasks import end_tasks


async def stubborn(slips: int) -> None:
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            if slips == 0:
                raise
            slips -= 1


async def test_a_task_is_cancelled_until_it_is_done() -> None:
    task = asyncio.create_task(stubborn(2))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end_tasks(task)
    assert task.cancelled()


async def test_whoever_is_cancelled_while_ending_others_ends_them_first() -> None:
    inner = asyncio.create_task(stubborn(3))

    async def owner() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await end_tasks(inner)

    outer = asyncio.create_task(owner())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end_tasks(outer)
    assert outer.cancelled()
    assert inner.cancelled()


async def test_what_they_raise_is_not_raised() -> None:
    async def fails() -> None:
        raise RuntimeError("broken")

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end_tasks(task)
