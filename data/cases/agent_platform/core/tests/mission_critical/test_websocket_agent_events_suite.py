"""The golden path: two users ask at the same time, and each gets the five events of their own run.

The interleaving of the two is drawn from a seed (``SSOT_SEED``, 0 by default), so that a run can be repeated.
Run with pytest, or as a script.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from netra_backend.app.agents import bootstrap  # noqa: E402
from netra_backend.app.agents.supervisor.user_execution_engine import STEPS  # noqa: E402
from netra_backend.app.websocket_core.manager import WebSocketManager  # noqa: E402

LONGEST_WARM_UP = 8
LONGEST_DELAY = 17


async def ask(user: str, delay: int, warm_up: int, sockets: WebSocketManager) -> None:
    """Wait for a turn, get an engine, run, and send every event to the user it is addressed to."""
    for _ in range(delay):
        await asyncio.sleep(0)
    _, factory = bootstrap.start()
    engine = await factory.create_for_user(user, warm_up)
    async for event in engine.run(f"question of {user}"):
        sockets.send(event["user"], event["event"])
        await asyncio.sleep(0)


async def run_two_users(seed: int) -> dict[str, list[str]]:
    """Return the events that each of two users received."""
    chance = random.Random(seed)
    sockets = WebSocketManager()
    await asyncio.gather(
        *(
            ask(user, chance.randint(0, LONGEST_DELAY), chance.randint(1, LONGEST_WARM_UP), sockets)
            for user in ("ada", "grace")
        )
    )
    return sockets.sent


def read_seed() -> int:
    """Return the seed of this run."""
    return int(os.environ.get("SSOT_SEED", "0"))


def test_each_user_gets_the_events_of_their_own_run() -> None:
    """Nobody gets the events of somebody else."""
    sent = asyncio.run(run_two_users(read_seed()))
    assert {user: sorted(events) for user, events in sent.items()} == {
        user: sorted(STEPS) for user in ("ada", "grace")
    }


def test_one_user_alone_gets_all_events_in_order() -> None:
    """Without company nothing goes wrong."""
    sockets = WebSocketManager()
    asyncio.run(ask("ada", 0, 2, sockets))
    assert sockets.sent == {"ada": list(STEPS)}


if __name__ == "__main__":
    test_one_user_alone_gets_all_events_in_order()
    test_each_user_gets_the_events_of_their_own_run()
    print(f"seed {read_seed()}: every user got their own events")
