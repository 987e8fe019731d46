"""Whom to spend on: what each segment brought, what is expected of it, and where the two part beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.clv import WORTH, Clv
from analysis.clv_tables import EVERYONE, SURE
from analysis.customers import Customers, whole
from analysis.finding import Finding, Result, Table, Unit
from analysis.rfm import SEGMENTS, Rfm, key

SOURCE = "analysis/alignment.py"
MORE, LESS, UNTOLD = "more", "less", "cannot be told"
AHEAD, BEHIND = "higher", "lower"
FALL = 0.05  # of revenue: a smaller loss of share is no headline


@dataclass(frozen=True, slots=True)
class Alignment(Result):
    """Segments by what they brought and by what is expected of them in the next year.

    segments: one row a segment with customers, the most expected value per customer first: customers, share_customers,
    share_net (of revenue to date), alive, repeat_alive (mean P(alive), of those who came back), and where value is
    known share, share_low, share_high (of expected value), each, each_low, each_high (money a customer), index,
    index_low, index_high (times the average), place (first and last place its interval allows), worth (MORE, LESS,
    UNTOLD: than the average), change (AHEAD, BEHIND, UNTOLD: share of value against share of revenue).
    best: the segment whose customers are clearly worth most. falling: the one that loses most share of revenue,
    clearly. Both "" without one. why: why value is not known, "" when it is.
    """

    findings: Mapping[str, Finding]
    segments: Table
    best: str
    falling: str
    why: str

    @property
    def first(self) -> tuple[str, str]:
        """The segment of most expected value per customer, and its key in findings."""
        name = str(self.segments.frame["segment"].iloc[0])
        return name, key(name)

    @property
    def shifts(self) -> list[str]:
        """The findings of shares that clearly change, the greatest change first, but for the one the title tells."""
        frame = self.segments.frame
        if "change" not in frame:
            return []
        clear = frame[frame["change"].isin((AHEAD, BEHIND)) & (frame["segment"] != self.falling)]
        apart = (clear["share"] - clear["share_net"]).abs().sort_values(ascending=False, kind="stable")
        return [f"alignment.{key(name)}_share" for name in clear["segment"][apart.index]]


def compute(customers: Customers, rfm: Rfm, clv: Clv) -> Alignment:
    """Set past beside expected revenue of each segment; without value only who there is."""
    frame = _people(customers, rfm, clv)
    if not clv.why and clv.segments is not None:
        frame = _valued(frame, clv.segments.frame)
    best, falling = (_best(frame), _falling(frame)) if "each" in frame else ("", "")
    shown = frame.drop(columns="share_gross")
    return Alignment(_findings(frame, best, falling, clv, customers), _table(shown), best, falling, clv.why)


def _people(customers: Customers, rfm: Rfm, clv: Clv) -> pd.DataFrame:
    """One row a segment with customers: shares of customers and of revenue to date, mean P(alive)."""
    code = rfm.frame["segment"].cat.codes.to_numpy()
    count = np.bincount(code, minlength=len(SEGMENTS))
    alive, again = clv.frame["p_alive"].to_numpy(), clv.basis.rows.x[clv.basis.rows.of] > 0
    returned = np.bincount(code[again], minlength=len(SEGMENTS))
    still, still_again = (
        np.bincount(code[here], alive[here], len(SEGMENTS)) for here in (np.ones(len(code), dtype=bool), again)
    )
    none = np.full(len(SEGMENTS), np.nan)
    frame = pd.DataFrame(
        {
            "segment": SEGMENTS,
            "customers": count,
            "share_customers": count / len(code),
            "share_net": _shares(customers.frame["net"].to_numpy(), code),
            "share_gross": _shares(customers.frame["gross"].to_numpy(), code),
            "alive": np.divide(still, count, out=none.copy(), where=count > 0).clip(max=1),
            "repeat_alive": np.divide(still_again, returned, out=none.copy(), where=returned > 0).clip(max=1),
        }
    )
    return frame[count > 0].reset_index(drop=True)


def _shares(money: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Each segment's share of an amount, exactly summed; below zero counts as zero, NaN when there is none."""
    earned = np.maximum(whole(money), 0)
    total = int(earned.sum())
    return np.array([int(earned[code == at].sum()) / total if total else np.nan for at in range(len(SEGMENTS))])


def _valued(frame: pd.DataFrame, worth: pd.DataFrame) -> pd.DataFrame:
    """With what is expected of each segment, who is expected to bring most per customer first.

    The index is share of expected value over share of customers: numerator and denominator move with the same draws, so
    that what is unsure of the level of all does not blur who is above and who below.
    """
    value = worth.set_index("segment").reindex(frame["segment"]).reset_index()
    frame = frame.assign(
        share=value["share"], share_low=value["share_low"], share_high=value["share_high"].clip(upper=1),
        each=value["each"], each_low=value["low"] / value["customers"], each_high=value["high"] / value["customers"],
    )  # fmt: skip
    for column, share in (("index", "share"), ("index_low", "share_low"), ("index_high", "share_high")):
        frame[column] = frame[share] / frame["share_customers"]
    frame["worth"] = [
        verdict(low, high, 1, 1) for low, high in zip(frame["index_low"], frame["index_high"], strict=True)
    ]
    past = frame[["share_net", "share_gross"]]
    frame["change"] = [
        {MORE: AHEAD, LESS: BEHIND}.get(said, said)
        for said in map(verdict, frame["share_low"], frame["share_high"], past.min(axis=1), past.max(axis=1))
    ]
    frame = frame.sort_values("each", ascending=False, kind="stable", ignore_index=True)
    frame["place"] = places(frame["index_low"].to_numpy(), frame["index_high"].to_numpy())
    return frame


def verdict(low: float, high: float, least: float, most: float) -> str:
    """MORE when an interval lies wholly above `most`, LESS when wholly below `least`, else UNTOLD."""
    return MORE if low > most else LESS if high < least else UNTOLD


def places(low: np.ndarray, high: np.ndarray) -> list[str]:
    """The first and the last place of each interval: behind those wholly above it, before those wholly below."""
    found = []
    for own_low, own_high in zip(low, high, strict=True):
        first, last = 1 + int((low > own_high).sum()), len(low) - int((high < own_low).sum())
        found.append(str(first) if first == last else f"{first} to {last}")
    return found


def _best(frame: pd.DataFrame) -> str:
    """The segment worth more than the average whose interval lies wholly above all others; "" without."""
    first = frame.iloc[0]
    return str(first["segment"]) if len(frame) > 1 and first["place"] == "1" and first["worth"] == MORE else ""


def _falling(frame: pd.DataFrame) -> str:
    """The segment that clearly falls short of its share of revenue, by most and by enough; "" without."""
    short = (frame["share_net"] - frame["share"]).where(frame["change"] == BEHIND, 0.0)
    return str(frame["segment"][short.idxmax()]) if short.max() >= FALL else ""


def _table(frame: pd.DataFrame) -> Table:
    labels = {
        "place": "Place",
        "segment": "Segment",
        "customers": "Customers",
        "share_customers": "Share of customers",
        "share_net": "Share of revenue to date",
        "share": "Share of expected value",
        "share_low": "from",
        "share_high": "to",
        "change": "Than its share to date",
        "each": "Expected per customer",
        "each_low": "from",
        "each_high": "to",
        "index": "Times the average",
        "index_low": "from",
        "index_high": "to",
        "worth": "Than the average",
        "alive": "Mean chance to be still a customer",
        "repeat_alive": "of those who came back",
    }
    units: dict[str, Unit] = dict.fromkeys(
        ("share_customers", "share_net", "share", "share_low", "share_high", "alive", "repeat_alive"), "share"
    )
    units |= dict.fromkeys(("each", "each_low", "each_high"), "money")
    units |= dict.fromkeys(("index", "index_low", "index_high"), "ratio")
    units |= {"customers": "count"}
    kept = {column: label for column, label in labels.items() if column in frame}
    return Table(
        frame[list(kept)],
        "Segments by what they brought and what is expected of them",
        kept,
        SOURCE,
        {column: unit for column, unit in units.items() if column in kept},
        note=f"Expected value: of the next year, before refunds, discounted; {SURE}.",
    )


def _findings(frame: pd.DataFrame, best: str, falling: str, clv: Clv, customers: Customers) -> dict[str, Finding]:
    n = int(frame["customers"].sum())
    told = partial(
        Finding, population="known customers with at least one sale", n=n, window=customers.window, source=SOURCE
    )
    found: dict[str, Finding] = {"average": _average(clv, n, told)}
    for row in frame.to_dict("records"):
        found |= _of_segment({str(name): value for name, value in row.items()}, clv.why, told)
    return {"headline": _headline(best, falling, found, told)} | found


def _average(clv: Clv, n: int, told: Any) -> Finding:
    """What one customer is expected to bring, over all."""
    row: dict[str, Any] = {}
    if not clv.why and clv.segments is not None:
        row = clv.segments.frame.set_index("segment").loc[EVERYONE].to_dict()
    return told(
        float(row["each"]) if row else None,
        "money",
        "A customer is expected to bring {value} in the next year, on average.",
        f"expected value of all customers in the next year, discounted / customers; {SURE}",
        source=WORTH,
        kind="estimated",
        interval=(float(row["low"]) / n, float(row["high"]) / n) if row else None,
        reason=clv.why,
        leading=True,
    )


def _of_segment(row: Mapping[str, Any], why: str, told: Any) -> dict[str, Finding]:
    """Past and expected share of a segment, and what one of its customers is worth."""
    name, one = row["segment"], key(row["segment"])
    told = partial(told, population=f"{name} customers", n=int(row["customers"]))
    estimated = partial(told, source=WORTH, kind="estimated", reason=why, leading=True)
    valued = "each" in row
    known = not np.isnan(row["share_net"])
    past = f"{{alignment.{one}_past}}"
    untold = f"{name} customers are expected to bring {{value}} of the next year’s value."
    changed = {
        AHEAD: f"{name} customers brought {past} of revenue; {{value}} of what is expected is theirs: clearly more.",
        BEHIND: f"{name} customers brought {past} of revenue; {{value}} of what is expected is theirs: clearly less.",
    }
    compared = {
        MORE: f"{name} customers are worth more than the average: {{value}} each in the next year.",
        LESS: f"{name} customers are worth less than the average: {{value}} each in the next year.",
    }
    return {
        f"{one}_past": told(
            float(row["share_net"]) if known else None,
            "share",
            f"{name} customers brought {{value}} of customer revenue to date.",
            f"net revenue of {name} customers / of all customers; who was refunded more counts as zero",
            reason="" if known else "no customer brought any revenue",
        ),
        f"{one}_share": estimated(
            float(row["share"]) if valued else None,
            "share",
            changed.get(row["change"] if valued else "", untold),
            f"expected value of {name} customers in the next year / of all customers; {SURE}; clearly: its interval "
            "lies wholly above (below) the share of revenue to date, after and before refunds",
            interval=(float(row["share_low"]), float(row["share_high"])) if valued else None,
        ),
        f"{one}_each": estimated(
            float(row["each"]) if valued else None,
            "money",
            compared.get(
                row["worth"] if valued else "",
                f"Whether {name} customers ({{value}} each) are worth more or less than the average cannot be told.",
            ),
            f"expected value of {name} customers in the next year, discounted / {name} customers; {SURE}",
            interval=(float(row["each_low"]), float(row["each_high"])) if valued else None,
        ),
        f"{one}_index": estimated(
            float(row["index"]) if valued else None,
            "ratio",
            f"A customer of the segment {name} is worth {{value}} times the average.",
            "share of expected value / share of customers; worth more (less) than the average only when the interval "
            f"lies wholly above (below) one; {SURE}",
            interval=(float(row["index_low"]), float(row["index_high"])) if valued else None,
        ),
    }


def _headline(best: str, falling: str, found: Mapping[str, Finding], told: Any) -> Finding:
    """Who is clearly worth most, and who clearly falls short of the past; what all are worth when nobody parts."""
    main, claim = found["average"], "No segment is clearly worth most: a customer is expected to bring {value}."
    meant = "expected value of all customers in the next year / customers"
    if best:
        main, meant = found[f"{key(best)}_each"], f"expected value of {best} customers in the next year / customers"
        claim = f"{best} customers are worth most: {{value}} each is expected of them in the next year."
    if falling and falling != best:
        past = f"{{alignment.{key(falling)}_past}}"
        if best:
            now = f"{{alignment.{key(falling)}_share}}"
            claim = f"{best} are worth most next year, {{value}} each; {falling} fall from {past} to {now} of revenue."
        else:
            main = found[f"{key(falling)}_share"]
            claim = f"{falling} customers brought {past} of revenue; {{value}} of what is expected is theirs."
            meant = f"expected value of {falling} customers in the next year / of all customers"
    return told(
        main.value,
        main.unit,
        claim,
        f"{meant}, discounted, before refunds; clear where the intervals part",
        source=WORTH,
        kind="estimated",
        interval=main.interval,
        reason=main.reason,
        leading=True,
    )
