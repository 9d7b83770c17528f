"""Plots as inline SVG, without scripts and without a style attribute: classes of the page's own style sheet colour them."""

from collections.abc import Callable, Sequence
from html import escape

from postmend.traffic.report import Period

WIDE, NARROW = 960, 350  # units of a plot on a screen, and on a phone
_LEFT, _RIGHT = 52, 6
_PANEL, _GAP = 110, 34
_LEVELS = 6  # shades of a heat map
_BAR = 4  # units that a column takes at least
_TICK = 115  # units that a label takes
_FEW = 10  # columns that are wide enough for a label in their middle
Value = Callable[[Period], int]
Column = tuple[str, str, list[int]]


def number(value: float) -> str:
    """`1,234`, `12.3k`, `4.5M`: what fits beside an axis."""
    if value >= 10_000_000:
        return f"{value / 1_000_000:.0f}M"
    if value >= 1_000_000:
        return f"{value / 1_000_000:.1f}M"
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:,.0f}"


def _nice_top(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if value <= 4:
        return 4
    power = float("1e" + str(len(str(int(value))) - 1))
    return next(step * power for step in (1, 2, 4, 5, 6, 8, 10) if step * power >= value)


def _merged(periods: Sequence[Period], values: Sequence[Value], most: int) -> list[Column]:
    """At most so many columns: first and last time, and the sums."""
    step = -(-len(periods) // most)
    made = []
    for i in range(0, len(periods), step):
        part = periods[i : i + step]
        made.append((part[0].at, part[-1].at, [sum(value(period) for period in part) for value in values]))
    return made


def _panel(columns: list[Column], picks: list[int], names: list[str], top_y: int, whole: int) -> list[str]:
    top = _nice_top(max((sum(values[i] for i in picks) for _, _, values in columns), default=1))
    width = (whole - _LEFT - _RIGHT) / max(len(columns), 1)
    made = []
    for share in (0, 0.5, 1):
        y = top_y + _PANEL * (1 - share)
        made.append(f'<line class="grid" x1="{_LEFT}" x2="{whole - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        made.append(
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(top * share)}</text>'
        )
    for n, (first, last, values) in enumerate(columns):
        base = float(top_y + _PANEL)
        bars = []
        for i in picks:
            height = _PANEL * values[i] / top
            if values[i]:
                base -= max(height, 0.8)
                bars.append(
                    f'<rect class="s-{names[i]}" x="{_LEFT + n * width + width * 0.08:.2f}" y="{base:.2f}" '
                    f'width="{max(width * 0.84, 0.7):.2f}" height="{max(height, 0.8):.2f}" rx="{min(width * 0.12, 2):.2f}"/>'
                )
        if bars:
            when = first if first == last else f"{first} to {last}"
            said = ", ".join(f"{values[i]:,} {names[i]}" for i in picks)
            made.append(f"<g><title>{escape(when)}: {said}</title>{''.join(bars)}</g>")
    return made


def columns_plot(
    periods: Sequence[Period], panels: list[list[tuple[str, Value]]], label: str, whole: int = WIDE
) -> str:
    """Panels of stacked columns over one time axis, each a list of (series, value); `whole` units wide."""
    flat = [series for panel in panels for series in panel]
    names = [name for name, _ in flat]
    columns = _merged(periods, [value for _, value in flat], whole // _BAR)
    height = len(panels) * (_PANEL + _GAP) + 8
    made = [f'<svg class="plot" viewBox="0 0 {whole} {height}" role="img" aria-label="{escape(label)}">']
    at = 0
    for n, panel in enumerate(panels):
        picks = list(range(at, at + len(panel)))
        at += len(panel)
        made += _panel(columns, picks, names, n * (_PANEL + _GAP) + 12, whole)
    made += _ticks(columns, height, whole)
    return "".join([*made, "</svg>"])


def _ticks(columns: list[Column], height: int, whole: int) -> list[str]:
    count = min(len(columns), whole // _TICK)
    width = (whole - _LEFT - _RIGHT) / max(len(columns), 1)
    made = []
    for k in range(count):
        i = k * (len(columns) - 1) // max(count - 1, 1)
        crowded = len(columns) > _FEW
        anchor = "start" if k == 0 and crowded else "end" if k == count - 1 and crowded else "middle"
        edge = 0.0 if anchor == "start" else width if anchor == "end" else width / 2
        made.append(
            f'<text class="axis" x="{_LEFT + i * width + edge:.1f}" y="{height - 8}" text-anchor="{anchor}">'
            f"{escape(columns[i][0][5:])}</text>"
        )
    return made


def heat_map(
    hours: Sequence[Period], value: Callable[[Period], float], label: str, said: Callable[[Period], str],
    whole: int = WIDE,
) -> str:  # fmt: skip
    """Days down, hours across; at most the last 31 days."""
    days = list(dict.fromkeys(period.at[:10] for period in hours))[-31:]
    rows = {day: i for i, day in enumerate(days)}
    top = max((value(period) for period in hours), default=0) or 1
    left, head = 92 if whole == WIDE else 44, 22
    cell = (whole - left) / 24
    height = head + len(days) * 22 + 4
    made = [f'<svg class="plot" viewBox="0 0 {whole} {height}" role="img" aria-label="{escape(label)}">']
    made += [
        f'<text class="axis" x="{left + h * cell + cell / 2:.0f}" y="14" text-anchor="middle">{h:02}</text>'
        for h in range(0, 24, 3)
    ]
    made += [
        f'<text class="axis" x="0" y="{head + i * 22 + 15}">{escape(day if whole == WIDE else day[5:])}</text>'
        for day, i in rows.items()
    ]
    for period in hours:
        row = rows.get(period.at[:10])
        if row is not None:
            amount = value(period)
            level = 0 if amount <= 0 else min(_LEVELS, 1 + int(amount / top * (_LEVELS - 0.001)))
            made.append(
                f'<rect class="h{level}" x="{left + int(period.at[11:13]) * cell + 1:.1f}" y="{head + row * 22 + 1}" width="{cell - 2:.1f}" '
                f'height="20" rx="3"><title>{escape(period.at)}: {escape(said(period))}</title></rect>'
            )
    return "".join([*made, "</svg>"])


def bar(share: float, kind: str = "trouble", mark: float | None = None) -> str:
    """A bar of 0 to 1, with a mark where a limit lies."""
    filled = 100 * min(max(share, 0.0), 1.0)
    limit = (
        f'<line class="limit" x1="{100 * mark:.1f}" x2="{100 * mark:.1f}" y1="0" y2="10"/>'
        if mark is not None and mark <= 1
        else ""
    )
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10" rx="2"/>'
        f'<rect class="s-{kind}" width="{filled:.1f}" height="10" rx="2"/>{limit}</svg>'
    )


def trend(values: Sequence[int]) -> str:
    """A line without axes."""
    if len(values) < 2 or not any(values):
        return ""
    step = -(-len(values) // 60)
    sums = [sum(values[i : i + step]) for i in range(0, len(values), step)]
    top = max(sums)
    points = " ".join(
        f"{i * 100 / max(len(sums) - 1, 1):.1f},{22 - 20 * value / top:.1f}" for i, value in enumerate(sums)
    )
    return f'<svg class="trend" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><polyline points="{points}"/></svg>'
