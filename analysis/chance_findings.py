"""The numbers of chances as findings: how the test went, what is expected now, and what is only assumed."""

from __future__ import annotations

from functools import partial
from typing import Any

from analysis.chance_measures import brier, mean_interval
from analysis.chance_report import COST, EFFECT, Ahead, Report
from analysis.chances import BOOSTED, Choice
from analysis.finding import Finding
from analysis.ground import noun

WHY = "the model failed its test: {}"
BY = "; by a model that saw only days before"
LEVELS = {"20": "one in five", "50": "one in two"}
CHECKED = 20  # people with such a chance in the test, from which a threshold is spoken of
FEW = "fewer than twenty people had such a chance in the test"
OFF = "in the test, people with such a chance did it {} often than they were expected to"


def findings(report: Report, choice: Choice, now: Ahead | None) -> dict[str, Finding]:
    """Every number of the test; those of the days to come without value, and the reason, where it was failed."""
    asked, who = report.asked, report.who
    drawn = ", drawn at random" if report.test.drawn else ""
    made = partial(
        Finding,
        population=f"{who.population}, on the days tested{drawn}",
        n=len(report.test.yes),
        window=report.window,
        source=asked.source,
    )
    found = {"headline": _headline(report, now, made)}
    found |= _tested(report, made) | _choice(report, choice, made)
    found |= _assumed(report, made)
    return found | _ahead(report, now) | _groups(report, now) | _vip(report, now)


def _headline(report: Report, now: Ahead | None, made: Any) -> Finding:
    """What an executive is told: of the next days where that can be said, and who to turn to."""
    value, interval = report.figures["captured"]
    name, one = report.asked.name, report.who.one
    definition = f"those who {report.asked.did} among the tenth given the highest chance / all who did{BY}"
    if name == "propensity":
        claim = f"The tenth of {one}s most likely to buy held {{value}} of all who bought in the week after."
        return made(
            None if report.failed else value,
            "share",
            claim,
            definition,
            kind="estimated",
            interval=interval,
            reason=WHY.format(report.failed) if report.failed else "",
            leading=True,
        )
    total = None if now is None else now.total
    n = max(1, now.n if now else 1)
    vip = "; of VIP customers {churn.vip_chance}." if _vip(report, now) else "."
    return made(
        None if total is None else total[0] / n,
        "share",
        "{value} of active customers are expected to place no order in ninety days" + vip,
        "sum of chances to place no order / active customers; active: bought in the year before",
        kind="estimated",
        interval=None if total is None else (total[1][0] / n, total[1][1] / n),
        reason=WHY.format(report.failed) if report.failed else "",
        leading=True,
        **({} if now is None else {"population": report.who.population, "n": now.n, "window": now.window}),
    )


def _tested(report: Report, made: Any) -> dict[str, Finding]:
    asked, figures = report.asked, report.figures

    def estimate(key: str, unit: str, claim: str, definition: str, **more: Any) -> Finding:
        value, interval = figures[key]
        return made(value, unit, claim, definition, kind="estimated", interval=interval, **more)

    within = int(report.tenths["within"].sum())
    rows = report.above.set_index("key")
    found = {
        "auc": estimate(
            "auc",
            "ratio",
            f"The area under the ROC curve is {{value}}: how often who {asked.did} was given the higher chance.",
            "pairs of one who did and one who did not in which the first has the higher chance / all pairs, ties half"
            + BY,
        ),
        "pr_area": estimate(
            "pr",
            "ratio",
            f"The area under the precision-recall curve is {{value}}; a draw would have {{{asked.name}.base_rate}}.",
            "average precision: mean over those who did of the share who did among all with as high a chance" + BY,
        ),
        "base_rate": estimate(
            "observed",
            "share",
            f"{{value}} {asked.did} in the test.",
            f"those who {asked.did} / all in the test",
        ),
        "mean_chance": made(
            figures["predicted"][0],
            "share",
            f"The mean chance given in the test was {{value}}; {{{asked.name}.base_rate}} did so.",
            "mean of the chances given" + BY,
            kind="estimated",
            interval=_predicted(report),
        ),
        "brier": made(
            brier(report.chance, report.test.yes),
            "ratio",
            "The Brier score of the chances is {value}; nought is perfect.",
            "mean of (chance - outcome) squared; interval by people" + BY,
            kind="estimated",
            interval=mean_interval((report.chance - report.test.yes) ** 2),
        ),
        "brier_skill": estimate(
            "skill",
            "ratio",
            "The chances save {value} of the squared error of giving everybody the same chance, as a share.",
            "one less Brier score / Brier score of the share seen on the calibration days" + BY,
        ),
        "slope": estimate(
            "slope",
            "ratio",
            "The calibration slope is {value}; one is right, less means chances too far apart.",
            "slope of a logistic regression of the outcome on the logit of the chance (Cox)" + BY,
        ),
        "captured": estimate(
            "captured",
            "share",
            f"The tenth with the highest chance held {{value}} of all who {asked.did}.",
            f"those who {asked.did} among the tenth with the highest chance / all who did" + BY,
        ),
        "lift": estimate(
            "lift",
            "ratio",
            "In the tenth with the highest chance it is {value} times as common as among all.",
            f"share who {asked.did} in the tenth with the highest chance / share among all" + BY,
        ),
        "tenths_within": made(
            within,
            "count",
            f"Of the tenths by chance, {{value}} {asked.did} as often as predicted, within their intervals.",
            "tenths by chance whose mean chance lies in the interval of the share observed" + BY,
        ),
    }
    for key, words in LEVELS.items():
        row = rows.loc[key]
        enough = row["people"] >= CHECKED
        found[f"observed_{key}"] = made(
            float(row["observed"]) if enough else None,
            "share",
            f"Of those given a chance of at least {words} in the test, {{value}} {asked.did}.",
            f"those who {asked.did} / all with a chance of at least {words}" + BY,
            kind="estimated",
            interval=(float(row["low"]), float(row["high"])) if enough else None,
            reason="" if enough else FEW,
            n=int(row["people"]),
        )
    return found


def _predicted(report: Report) -> tuple[float, float]:
    """The interval of the mean of outcomes drawn with these chances."""
    mean, n = report.figures["predicted"][0], len(report.chance)
    half = 1.959963984540054 * float((report.chance * (1 - report.chance)).sum()) ** 0.5 / n
    return max(0.0, mean - half), min(1.0, mean + half)


def _choice(report: Report, choice: Choice, made: Any) -> dict[str, Finding]:
    less, interval = choice.boosted_less
    why = (
        "surely closer to what happened"
        if choice.kind == BOOSTED
        else "it can be read, and boosting is not surely better by much"
    )
    return {
        "model": made(
            choice.kind,
            "name",
            f"The chances are those of {{value}}: {why}.",
            "the kind of model; boosting only where its log loss on the calibration days is surely a hundredth smaller",
        ),
        "boosting_gain": made(
            less,
            "ratio",
            "Boosting has a log loss that is smaller by {value} on the calibration days.",
            "mean log loss of the logistic regression - of histogram gradient boosting, on the calibration days",
            kind="estimated",
            interval=interval,
        ),
    }


def _assumed(report: Report, made: Any) -> dict[str, Finding]:
    assumed = partial(made, kind="assumed")
    return {
        "contact_cost": assumed(
            COST,
            "share",
            "A contact is assumed to cost {value} of an order’s mean net revenue.",
            "assumed cost of a contact / mean net revenue of an order",
        ),
        "margin": assumed(
            report.margin,
            "share",
            "The margin of an order is assumed to be {value} of its net revenue.",
            "assumed margin / net revenue of an order",
        ),
        "effect": assumed(
            EFFECT,
            "share",
            "Of the outcomes at stake, {value} are assumed to turn because of the contact.",
            "assumed: outcomes that turn because of the contact / outcomes at stake; only an experiment measures it",
        ),
        "worth_threshold": assumed(
            report.worth,
            "share",
            "Under these assumptions a contact pays from a chance of {value} upwards.",
            "contact cost / (margin x effect): where chance x margin x effect - cost is nought; all three are assumed",
        ),
    }


def _ahead(report: Report, now: Ahead | None) -> dict[str, Finding]:
    asked, who = report.asked, report.who
    why = "" if now else WHY.format(report.failed)
    made = partial(
        Finding,
        population=who.population if now else f"{who.population}, on the days tested",
        n=now.n if now else len(report.test.yes),
        window=now.window if now else report.window,
        source=asked.source,
        kind="estimated",
        reason=why,
        leading=True,
    )
    total = now.total if now else None
    found = {
        "expected": made(
            round(total[0]) if total else None,
            "count",
            f"{{value}} {who.one}s are expected to {asked.does}.",
            "sum of the chances of all; interval: chance, and what the test missed by",
            interval=total[1] if total else None,
        )
    }
    if total:
        (low, high), definition = (
            total[1],
            "end of the interval of the number expected; chance, and what the test missed by",
        )
        found["expected_from"] = made(
            round(low),
            "count",
            f"{who.one.capitalize()}s expected to {asked.does}: {{value}} to {{{asked.name}.expected_to}}, "
            "as far as the test tells.",
            f"low {definition}",
            interval=total[1],
        )
        found["expected_to"] = made(
            round(high),
            "count",
            f"At most {{value}} {who.one}s are expected to {asked.does}.",
            f"high {definition}",
            interval=total[1],
        )
    for key, level in report.levels:
        unproven = why or _unproven(report, key)
        count = None if unproven or now is None else now.above[key]
        words = LEVELS.get(key, "what makes a contact pay")
        verb = "has" if count == 1 else "have"
        found[f"above_{key}"] = made(
            count,
            "count",
            f"{{value}} {noun(count, who.one)} {verb} a chance to {asked.does} of at least {words}.",
            f"{who.one}s with a chance of at least {level:.0%}",
            kind="measured",
            reason=unproven,
        )
    return found


def _unproven(report: Report, key: str) -> str:
    """Why nothing is said of those above a threshold: the test does not show that their chances are right; "" if so."""
    row = report.above.set_index("key").loc[key]
    if row["people"] < CHECKED:
        return FEW
    if row["low"] <= row["predicted"] <= row["high"]:
        return ""
    return OFF.format("less" if row["observed"] < row["predicted"] else "more")


def _vip(report: Report, now: Ahead | None) -> dict[str, Finding]:
    """What is expected of the best customers, where there are segments."""
    if now is None or "VIP" not in set(now.groups["group"]):
        return {}
    row = now.groups.set_index("group").loc["VIP"]
    made = partial(
        Finding,
        population=f"{report.who.population} in the segment VIP",
        n=int(row["people"]),
        window=now.window,
        source=report.asked.source,
        kind="estimated",
        leading=True,
    )
    definition = f"chances to {report.asked.does} of VIP customers; interval: chance, and what the test missed them by"
    low, high = float(row["low"]), float(row["high"])
    does = report.asked.does
    return {
        "vip_chance": made(
            float(row["chance"]),
            "share",
            f"Of VIP customers, {{value}} are expected to {does}.",
            f"mean of the {definition}",
            interval=(low, high),
        ),
        "vip_expected": made(
            round(float(row["expected"])),
            "count",
            f"{{value}} VIP customers are expected to {does}.",
            f"sum of the {definition}",
            interval=(low * int(row["people"]), high * int(row["people"])),
        ),
    }


def _groups(report: Report, now: Ahead | None) -> dict[str, Finding]:
    """The group with the highest chance, where its interval parts from that of all."""
    if now is None or len(now.groups) < 2:
        return {}
    top = now.groups.sort_values(["chance", "group"], ascending=[False, True]).iloc[0]
    if top["low"] <= now.total[0] / now.n:
        return {}
    made = partial(
        Finding,
        population=report.who.population,
        n=int(top["people"]),
        window=now.window,
        source=report.asked.source,
        leading=True,
    )
    definition = f"mean chance to {report.asked.does} of the group; interval: chance, and what the test missed it by"
    return {
        "top_group": made(
            str(top["group"]), "name", f"The group most likely to {report.asked.does} is {{value}}.", definition
        ),
        "top_group_chance": made(
            float(top["chance"]),
            "share",
            f"In the group {{{report.asked.name}.top_group}}, {{value}} are expected to {report.asked.does}.",
            definition,
            kind="estimated",
            interval=(float(top["low"]), float(top["high"])),
        ),
    }
