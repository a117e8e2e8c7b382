"""Sentences on the page on real networks, made from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from toymodel.analysis.polysemanticity import CLASSES
from toymodel.analysis.predictions import (
    CONFIRMED,
    IN_PART,
    Existence,
    Extreme,
    Reading,
    Rise,
    Together,
    TopAndLow,
    Trend,
    Verdict,
    unearned,
)
from toymodel.text import number

PLAIN_TITLE = "The toy model's predictions about real networks can be measured in it"
_WORDS = ("none", "one", "two", "three", "four", "five", "six")
_CLEAN, _, _POLY = CLASSES


def title(verdicts: Sequence[Verdict | None]) -> str:
    """The page's claim: how many of the predictions come true."""
    if None in verdicts:
        return PLAIN_TITLE
    full, part = verdicts.count(CONFIRMED), verdicts.count(IN_PART)
    whole = _WORDS[len(verdicts)]
    if full == len(verdicts):
        return f"All {whole} predictions about real networks come true in the toy model"
    come = "comes" if full <= 1 else "come"
    claim = (
        f"{_WORDS[full].capitalize()} of {whole} predictions about real networks {come} true in "
        "the toy model"
    )
    if not part:
        return claim
    return claim + (f", {_WORDS[part]} in part" if full else f" in full, {_WORDS[part]} in part")


def on_existence(found: Existence, table: pd.DataFrame) -> str:
    """Where there are polysemantic neurons, and whether they pay."""
    total = len(table)
    if not found.holding:
        return f"No neuron is polysemantic at any of the {total} densities."
    with_them = table[_POLY] > 0
    rows, others = table.loc[with_them], table.loc[~with_them]
    one = len(rows) == 1
    low, high = (int(end) for end in (rows[_POLY].min(), rows[_POLY].max()))
    counts = f"{high}" if low == high else f"{low} to {high}"
    where = "" if others.empty else f" (1 − S = {listing(map(number, found.holding))})"
    which = f"all {total}" if others.empty else f"{len(rows)} of {total}"
    said = f"At {which} densities{where} {counts} of {neurons_of(rows)} neurons are polysemantic. "
    without = "any network without superposition could"
    gains = f"gain {_range(rows['gain'])}"
    if found.better == found.holding:
        each = "This network does" if one else "Each of these networks does"
        said += f"{each} better than {without}: {gains}."
    elif found.better:
        said += (
            f"{len(found.better)} of these networks "
            f"{'does' if len(found.better) == 1 else 'do'} better than {without} "
            f"(1 − S = {listing(map(number, found.better))}); of all of them the {gains}."
        )
    else:
        none = "This network does not do" if one else "None of these networks does"
        said += f"{none} better than {without}: {gains}."
    if not others.empty:
        said += f" Where no neuron is polysemantic it is {_range(others['gain'])}."
    return said


def on_together(found: Together, networks: int) -> str:
    """How many networks have both kinds, and which features either kind holds."""
    shown = found.shown
    if shown is None:
        return f"None of the {networks} networks has both monosemantic and polysemantic neurons."
    both = len(found.mixtures)
    counts = listing(
        f"{count} {name}" for count, name in zip(shown.counts, CLASSES, strict=True) if count
    )
    ordered = [mixture.ordered for mixture in found.mixtures if mixture is not shown]
    said = (
        f"{both} of {networks} networks {'has' if both == 1 else 'have'} both kinds. At 1 − S = "
        f"{number(shown.density)}: {counts} neurons. The monosemantic ones hold the "
        f"{_order(shown.ordered)} features: their primary feature has the median rank "
        f"{shown.clean:g}, that of the polysemantic ones {shown.mixed:g} (0 matters most), and in "
        f"{shown.ordered:.0%} of the pairs of one of either the monosemantic one's comes first."
    )
    if ordered:
        low, high = f"{min(ordered):.0%}", f"{max(ordered):.0%}"
        others = low if low == high else f"{low} to {high}"
        said += f" In the other{'s' if len(ordered) > 1 else ''} that share is {others}."
    return said


def on_rise(found: Rise, tables: Mapping[str, pd.DataFrame], paper: Trend) -> str:
    """How the share of polysemantic neurons goes from dense to sparse, and where it does not."""
    said: list[str] = []
    for name, trend in found.trends.items():
        table = tables[name]
        first, *_, last = table.to_dict("records")
        numbers = Trend(trend.densities, tuple(table["effective"]))
        falls = f" (falling from {_steps(numbers.falls)})" if numbers.falls else ""
        level = f", and stays the same from {_steps(trend.level)}" if trend.level else ""
        said.append(
            f"`{name}`: from {int(first[_POLY])} of {int(first['used'])} polysemantic neurons at "
            f"1 − S = {number(first['density'])} to {int(last[_POLY])} of {int(last['used'])} at "
            f"{number(last['density'])}; {_falling(trend)}{level}. The effective number of "
            f"features of a neuron goes from {first['effective']:.2f} to {last['effective']:.1f} "
            f"on average{falls}."
        )
    said.append(f"In the paper's figure, as read off it, {_falling(paper)}.")
    return _bullets(said)


def on_longer(short: pd.DataFrame, longer: pd.DataFrame, name: str) -> str:
    """What a longer training makes of the classes, and of the loss."""
    both = short.merge(longer, on="density", suffixes=("", "_longer"))
    said = [
        text
        for text in (
            _changes(both, "more"),
            _changes(both, "fewer"),
        )
        if text
    ]
    lower = int((both["loss_longer"] < both["loss"]).to_numpy().sum())
    of = f"all {len(both)}" if lower == len(both) else f"{lower} of {len(both)}"
    classes = "; ".join(said) or "as many monosemantic neurons at every density"
    return (
        f"Trained for longer (`{name}`) there are {classes}. The loss is lower at {of} densities."
    )


def on_extreme(found: Extreme, tables: Mapping[str, pd.DataFrame]) -> str:
    """What neurons hold at the sparsest setting."""
    said: list[str] = []
    for name in found.shares:
        row = tables[name].to_dict("records")[-1]
        clean = int(row[_CLEAN])
        left = (
            f"{clean} {'stays' if clean == 1 else 'stay'} monosemantic"
            if clean
            else "none is clean"
        )
        said.append(
            f"`{name}`, 1 − S = {number(row['density'])}: {int(row[_POLY])} of {int(row['used'])} "
            f"neurons are polysemantic, {left}; the effective number of features is "
            f"{row['effective']:.1f} on average and {row['effective_most']:.1f} at most, "
            f"the loss {row['loss']:.2g}."
        )
    return _bullets(said)


def on_reading(found: TopAndLow, density: float, elsewhere: Mapping[float, Reading]) -> str:
    """How many neurons look clean from above and are mixed below."""
    several, secondary = found.several, found.secondary
    if not several.neurons:
        return f"At 1 − S = {number(density)}, no neuron holds several features."
    said = (
        f"At 1 − S = {number(density)}, {several.neurons} "
        f"{'neuron holds' if several.neurons == 1 else 'neurons hold'} several features. "
        f"{several.clean} of {several.neurons} look clean at the top of the range, and "
        f"{several.mixed} of {several.neurons} are mixed at the bottom; {several.both} are both."
    )
    if secondary.neurons:
        said += (
            f" Of the {secondary.neurons} with a clear secondary feature "
            f"{_all_of(secondary.both, secondary.neurons)} both."
        )
    if elsewhere:
        counts = (f"{each.both} of {each.neurons} at {number(p)}" for p, each in elsewhere.items())
        said += f" In the other networks {listing(counts)} are both."
    if found.monosemantic.neurons:
        said += (
            f" Of {found.monosemantic.neurons} monosemantic neurons "
            f"{found.monosemantic.mixed} "
            f"{'is' if found.monosemantic.mixed == 1 else 'are'} mixed at the bottom."
        )
    if several.clean:
        said += (
            f" Who reads neurons by their strongest activations takes {several.clean} of them for "
            "neurons of one feature."
        )
    if found.unclear:
        low, high = f"{found.unclear[0]:.0%}", f"{found.unclear[-1]:.0%}"
        sizes = low if low == high else f"{low} to {high}"
        said += (
            f" Not clean even at the top: {len(found.unclear)}, whose second largest weight is "
            f"{sizes} of the largest."
        )
    return said


def on_unearned(tables: Mapping[str, pd.DataFrame], name: str, beside: str) -> str:
    """Polysemantic neurons in networks that are no better than without superposition."""
    weak, main = tables[name], tables[beside]
    rows = unearned(weak)
    if not (weak[_POLY] > 0).to_numpy().any():
        return f"No neuron is polysemantic in the networks trained by the `{name}` recipe."
    if rows.empty:
        return (
            f"Among the networks trained by the `{name}` recipe, too, every one with polysemantic "
            "neurons does better than any without superposition could."
        )
    row = rows.to_dict("records")[-1]
    same = main.loc[main["density"] == row["density"]].to_dict("records")[0]
    more = "more than" if row["effective"] > same["effective"] else "not more than"
    return (
        f"Trained by the `{name}` recipe, {len(rows)} of {len(weak)} networks have polysemantic "
        "neurons and do no better than without superposition. At 1 − S = "
        f"{number(row['density'])}, {int(row[_POLY])} of {int(row['used'])} neurons are "
        f"polysemantic at a gain of {row['gain']:.2g}. Their effective number of features is "
        f"{row['effective']:.1f} on average, {more} the {same['effective']:.1f} of the `{beside}` "
        f"network, whose gain is {same['gain']:.2g}. So a count of polysemantic neurons does not "
        "say that a network computes more than it has neurons for. Here the loss does; of a real "
        "network, somebody has to show what is computed."
    )


def listing(parts: Iterable[str]) -> str:
    """Some words as a list: "a, b and c"."""
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


def neurons_of(rows: pd.DataFrame) -> int:
    """How many neurons with any weight the largest of some networks has."""
    return int(rows["used"].to_numpy().max())


def _range(values: pd.Series) -> str:
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} to {high}"


def _order(ordered: float) -> str:
    if ordered == 1 / 2:
        return "equally important"
    return "more important" if ordered > 1 / 2 else "less important"


def _falling(trend: Trend) -> str:
    return f"it falls from {_steps(trend.falls)}" if trend.falls else "it falls nowhere"


def _steps(steps: Iterable[tuple[float, float]]) -> str:
    runs: list[tuple[float, float]] = []
    for start, end in steps:
        runs = (
            [*runs[:-1], (runs[-1][0], end)]
            if runs and runs[-1][1] == start
            else [*runs, (start, end)]
        )
    return listing(f"{number(start)} to {number(end)}" for start, end in runs)


def _bullets(said: Iterable[str]) -> str:
    return "".join(f"\n- {each}" for each in said)


def _changes(both: pd.DataFrame, way: str) -> str:
    before, after = both[_CLEAN], both[f"{_CLEAN}_longer"]
    rows = both.loc[after > before if way == "more" else after < before]
    if rows.empty:
        return ""
    each = (
        f"{number(row['density'])} ({int(row[f'{_CLEAN}_longer'])} instead of {int(row[_CLEAN])})"
        for row in rows.to_dict("records")
    )
    return f"{way} monosemantic neurons at 1 − S = {listing(each)}"


def _all_of(count: int, total: int) -> str:
    if count == total:
        return "all are" if total > 1 else "it is"
    return f"{count} {'is' if count == 1 else 'are'}"
