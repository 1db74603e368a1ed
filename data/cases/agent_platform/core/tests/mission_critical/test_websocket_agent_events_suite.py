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

from netra_backend.app.agents.supervisor.user_execution_engine import STEPS  # noqa: E402
from netra_backend.app.services.agent_service import AgentService  # noqa: E402
from netra_backend.app.websocket_core.manager import WebSocketManager  # noqa: E402

LONGEST_LOAD = 8
LONGEST_DELAY = 17


async def wait(turns: int) -> None:
    """Let the others go first, so many times."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def ask(user_id: str, delay: int, load: int, sockets: WebSocketManager) -> None:
    """Ask after a delay, of a service whose model takes some turns to load."""
    await wait(delay)
    service = AgentService(sockets, lambda _: wait(load))
    await service.answer(user_id, f"question of {user_id}")


async def run_users(seed: int, users: tuple[str, ...] = ("ada", "grace")) -> WebSocketManager:
    """Return the sockets after all users have asked, interleaved as the seed says."""
    chance = random.Random(seed)
    sockets = WebSocketManager()
    drawn = [(user, chance.randint(0, LONGEST_DELAY), chance.randint(1, LONGEST_LOAD)) for user in users]
    await asyncio.gather(*(ask(user, delay, load, sockets) for user, delay, load in drawn))
    return sockets


def read_seed() -> int:
    """Return the seed of this run."""
    return int(os.environ.get("SSOT_SEED", "0"))


def test_one_user_alone_gets_all_events_in_order() -> None:
    """Without company nothing goes wrong."""
    sockets = asyncio.run(run_users(read_seed(), users=("ada",)))
    assert sockets.events_of("ada") == list(STEPS)


def test_no_event_is_lost() -> None:
    """Ten events are sent, whoever receives them."""
    sockets = asyncio.run(run_users(read_seed()))
    assert sum(len(events) for events in sockets.sent.values()) == 2 * len(STEPS)


def test_each_user_gets_the_events_of_their_own_run() -> None:
    """Nobody gets the events of somebody else, and everybody gets theirs in order."""
    sockets = asyncio.run(run_users(read_seed()))
    assert sorted(sockets.sent) == ["ada", "grace"]
    for user_id in ("ada", "grace"):
        assert {event["request"] for event in sockets.sent[user_id]} == {f"question of {user_id}"}
        assert sockets.events_of(user_id) == list(STEPS)


if __name__ == "__main__":
    test_one_user_alone_gets_all_events_in_order()
    test_no_event_is_lost()
    test_each_user_gets_the_events_of_their_own_run()
    print(f"seed {read_seed()}: every user got their own events")
