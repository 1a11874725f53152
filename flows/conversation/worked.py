"""What a sum was worked out with, so that "terus kalau dua anak?" can change one thing and keep the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from flows.conversation.scene import Scene
from nlu.understanding import JsonValue

#: After this long "kalau 3 juta?" is no longer about the last sum.
FORGOTTEN_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a sum may need, as far as it was said. None and empty: not said."""

    money: int | None = None
    period: str | None = None  # day, week, month, year or harvest
    months: int | None = None
    born: int | None = None
    age: int | None = None
    children: int | None = None
    levels: tuple[str, ...] = ()
    risk: str | None = None
    sector: str | None = None
    payer: str | None = None  # budget, or unclear (a village, a donor)
    employee: bool | None = None
    wages: bool | None = None  # the money is wages, not the value of a contract
    month: str | None = None  # "2027-01": worked out as of that month

    @property
    def said(self) -> frozenset[str]:
        """Names of what was said."""
        return frozenset(name for name, value in asdict(self).items() if value is not None and value != ())

    def over(self, earlier: Inputs) -> Inputs:
        """The earlier inputs with these put over them. A new amount brings its own period."""
        newer = {name: getattr(self, name) for name in self.said}
        if "money" in newer:
            newer["period"] = self.period
        if "children" in newer and "levels" not in newer and len(earlier.levels) != 1:
            newer["levels"] = ()
        if "levels" in newer and "children" not in newer:
            newer["children"] = None
        return replace(earlier, **newer)

    def day(self, today: date) -> date:
        """The day the sum is for: the first of the month asked about, else today."""
        if self.month is None:
            return today
        year, month = self.month.split("-")[:2]
        return date(int(year), int(month), 1)

    def to_json(self) -> dict[str, JsonValue]:
        """What was said, for the session; birth year and age are not kept."""
        kept = {name: value for name, value in asdict(self).items() if name in self.said - {"born", "age"}}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}

    @classmethod
    def from_json(cls, raw: Mapping[str, JsonValue]) -> Inputs:
        """Read what `to_json` wrote; unknown names are ignored."""
        known = {name: value for name, value in raw.items() if name in cls.__dataclass_fields__}
        levels = known.pop("levels", None)
        said = tuple(str(level) for level in levels) if isinstance(levels, list) else ()
        return cls(**known, levels=said)  # type: ignore[arg-type]  # values are those to_json wrote


def remember(scene: Scene, what: str, inputs: Inputs) -> None:
    """Keep this sum as the one worked out last."""
    scene.session = replace(scene.session, worked={"sum": what, "inputs": inputs.to_json()})


def recall(scene: Scene) -> tuple[str, Inputs] | None:
    """The last sum and its inputs, if it is what was talked about last, and not long ago."""
    heard = scene.session.updated_at
    if heard is not None and scene.given.now - heard > FORGOTTEN_AFTER:
        return None
    match scene.session.worked:
        case {"sum": str(what), "inputs": dict(inputs)}:
            return what, Inputs.from_json(inputs)
        case _:
            return None
