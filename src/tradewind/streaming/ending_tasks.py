"""Ends tasks that may let a cancellation slip: a wait inside them can end in the very moment of being cancelled."""

import asyncio

_AGAIN_AFTER_S = 0.2


async def end_tasks(*tasks: "asyncio.Task[None]") -> None:
    """Cancel them until each is done; what they raise is not raised here.

    Whoever is cancelled while it waits here goes on to the end, and is cancelled then: no task is left behind.
    """
    interrupted = False
    while waiting := {task for task in tasks if not task.done()}:
        for task in waiting:
            task.cancel()
        try:
            await asyncio.wait(waiting, timeout=_AGAIN_AFTER_S)
        except asyncio.CancelledError:
            interrupted = True
    await asyncio.gather(*tasks, return_exceptions=True)
    if interrupted:
        raise asyncio.CancelledError
