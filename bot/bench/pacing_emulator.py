"""A process with one emulator and its people: `python -m bot.bench.pacing_emulator telegram 3000`.

Writes its address, waits until its input is closed, then writes what arrived, and what it refused.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Any

from bot.bench.child import tell
from bot.channels.whatsapp_limits import limits_on
from bot.channels.whatsapp_templates import load_templates
from bot.clock import SystemClock
from bot.emulators import telegram
from bot.emulators.whatsapp import WhatsAppEmulator
from content import load

ANNOUNCEMENT = "Pengumuman contoh."
#: Answers by which a platform says that we are too fast.
_TOO_FAST = ("refused_130429", "refused_131056", "refused_131048")


async def _telegram(people: int) -> None:
    words = load().lexicon["emulator_telegram"]["telegram"]
    async with telegram.serve("127.0.0.1", 0, SystemClock(), words) as emulator:
        made = [emulator.world.join(f"Orang contoh {number}", started=True) for number in range(people)]
        tell({"address": emulator.address, "token": emulator.token, "people": [str(person.id) for person in made]})
        await asyncio.to_thread(sys.stdin.read)
        counts = emulator.world.counts
        got = [[message.get("text") for message in emulator.world.said[person.id]] for person in made]
        tell(_summary(got, sum(number for name, number in counts.items() if name.startswith("429 ")), dict(counts)))


async def _whatsapp(people: int) -> None:
    content, clock = load(), SystemClock()
    limits = limits_on(content.lexicon["whatsapp_limits"], clock.now().date())
    emulator = WhatsAppEmulator(clock, limits, load_templates(content.buttons).values())
    address = await emulator.start()
    made = [emulator.state.meet("Orang contoh", f"628{number:09d}", reads=False) for number in range(1, people + 1)]
    for person in made:
        person.wrote_at = emulator.now()
    account = emulator.account
    known = {"phone_id": account.phone_id, "waba_id": account.waba_id, "token": account.token}
    tell({"address": address, **known, "people": [person.phone for person in made]})
    await asyncio.to_thread(sys.stdin.read)
    got = [[bubble.shown.text for bubble in person.bubbles] for person in made]
    counts = emulator.state.counts
    tell(_summary(got, sum(counts[name] for name in _TOO_FAST), dict(counts)))
    await emulator.stop()


def _summary(got: list[list[Any]], over: int, counts: dict[str, int]) -> dict[str, Any]:
    times = Counter(texts.count(ANNOUNCEMENT) for texts in got)
    return {
        "over": over,
        "counts": counts,
        "accepted": sum(map(len, got)),
        "times": {str(number): people for number, people in times.items()},
    }


if __name__ == "__main__":
    asyncio.run({"telegram": _telegram, "whatsapp": _whatsapp}[sys.argv[1]](int(sys.argv[2])))
