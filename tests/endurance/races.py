"""Equal calls at once over both processes; and requests for what is another organization's."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

from tests.endurance.walkers import TITLES, Caller, Refused
from tests.endurance.world import World

_AT_ONCE = 8


def race_for(world: World, seconds: float) -> dict[str, object]:
    """Send each step call eight times at once; each learner moves by one."""
    row, faults, rounds, acknowledged = world.walkthroughs["acme"], [], 0, 0
    token = world.links["acme"][0]
    callers = [Caller(world, token) for _ in range(_AT_ONCE)]
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while time.monotonic() < until:
            view = callers[0].call("select_walkthrough", walkthrough_id=row, resume_if_exists=False)
            for place in range(len(TITLES)):
                step = view["step"]["id"]
                answers = list(
                    pool.map(
                        lambda caller, step=step: _try(
                            caller, "next_walkthrough_step", current_step_id=step
                        ),
                        callers,
                    )
                )
                carried_out = [each for each in answers if each is not None]
                view = callers[0].call("select_walkthrough", walkthrough_id=row)
                wanted = place + 1
                counts = {each["progress"]["completed_steps"] for each in [*carried_out, view]}
                if counts != {wanted}:
                    faults.append(f"after {wanted} steps: {counts}")
                rounds, acknowledged = rounds + 1, acknowledged + len(carried_out)
    return {
        "scenario": f"race: {_AT_ONCE} equal calls",
        "rounds": rounds,
        "acknowledged": acknowledged,
        "misplaced": len(faults),
        "faults": faults,
    }


def cross_for(world: World, seconds: float) -> dict[str, object]:
    """Ask for the other organization's walkthroughs and steps, in every tool; find nothing."""
    faults, rounds = [], 0
    own = {slug: Caller(world, world.links[slug][1], slug) for slug in ("acme", "other")}
    steps = {
        slug: caller.call(
            "select_walkthrough", walkthrough_id=world.walkthroughs[slug], resume_if_exists=False
        )["step"]
        for slug, caller in own.items()
    }
    mistaken = Caller(world, world.links["other"][1], "acme")  # a link of the other's server
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        slug, foreign = random.sample(["acme", "other"], 2)
        row, step = world.walkthroughs[foreign], steps[foreign]["id"]
        for name, arguments in (
            ("select_walkthrough", {"walkthrough_id": row}),
            ("get_walkthrough_status", {"walkthrough_id": row}),
            ("reset_walkthrough_progress", {"walkthrough_id": row, "confirm": True}),
            ("next_walkthrough_step", {"current_step_id": step}),
        ):
            answer = _try(own[slug], name, **arguments)
            crossed = answer is not None and (row in str(answer) or step in str(answer))
            if crossed or _try(mistaken, name, **arguments) is not None:
                faults.append(f"{name} of {foreign} by {slug}")
            rounds += 1
        listed = own[slug].call("list_walkthroughs")
        if {each["id"] for each in listed["walkthroughs"]} != {world.walkthroughs[slug]}:
            faults.append(f"the list of {slug}")
    return {
        "scenario": "crossing: another organization's ids",
        "rounds": rounds,
        "misplaced": len(faults),
        "faults": faults,
    }


def _try(caller: Caller, name: str, **arguments: object) -> dict[str, object] | None:
    try:
        return caller.call(name, **arguments)
    except Refused:
        return None
