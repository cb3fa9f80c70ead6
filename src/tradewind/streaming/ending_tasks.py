"""Ends tasks that may let a cancellation slip: a wait inside them can end in the very moment of being cancelled."""

import asyncio

_AGAIN_AFTER_S = 0.2


async def end_tasks(*tasks: "asyncio.Task[None]") -> None:
    """Cancel them until each is done; what they raise is not raised here."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_AFTER_S)
    await asyncio.gather(*tasks, return_exceptions=True)
