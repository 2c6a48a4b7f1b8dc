# SPDX-License-Identifier: MIT
"""The table: medians, ratios and what they should be."""

import statistics

OURS = "mqtt-tools"
MARK = "mosquitto"


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


class Table:
    """One row for each thing measured, one column for each client."""

    def __init__(self):
        self._rows = []

    def add(self, name, unit, values, must=None, aim=None, more_is_better=False, of=statistics.median):
        """`values` maps a client's name to its measurements. `must` and `aim` bound the ratio to
        Mosquitto's client, or with a leading "=" our figure itself."""
        figures = {who: of(numbers) for who, numbers in values.items() if numbers}
        self._rows.append((name, unit, figures, must, aim, more_is_better))
        print(self._line(*self._rows[-1]), flush=True)

    @staticmethod
    def _verdict(bound, ours, ratio, more_is_better):
        if bound is None:
            return ""
        figure = ours if isinstance(bound, str) else ratio
        if figure is None:
            return "?"
        limit = float(bound.lstrip("=")) if isinstance(bound, str) else bound
        met = figure >= limit if more_is_better else figure <= limit
        sign = "≥" if more_is_better else "≤"
        return f"{sign} {limit:g}{'' if isinstance(bound, str) else 'x'} {'ok' if met else 'MISSED'}"

    def _line(self, name, unit, figures, must, aim, more_is_better):
        ours, mark = figures.get(OURS), figures.get(MARK)
        ratio = ours / mark if ours is not None and mark else None
        others = ", ".join(f"{who} {figure:.4g}" for who, figure in figures.items()
                           if who not in (OURS, MARK))
        cells = (f"{name:<34}{unit:>7}", f"{ours:>10.4g}" if ours is not None else " " * 10,
                 f"{mark:>10.4g}" if mark is not None else " " * 10,
                 f"{ratio:>7.2f}" if ratio else " " * 7,
                 f"{self._verdict(must, ours, ratio, more_is_better):<15}",
                 f"{self._verdict(aim, ours, ratio, more_is_better):<15}", others)
        return "  ".join(cells).rstrip()

    @staticmethod
    def head():
        print(f"{'':<34}{'unit':>7}  {'ours':>10}  {MARK:>10}  {'ratio':>7}  {'must':<15}  "
              f"{'aim':<15}  others", flush=True)

    def missed(self):
        return [row[0] for row in self._rows if "MISSED" in
                self._verdict(row[3], row[2].get(OURS),
                              row[2][OURS] / row[2][MARK] if row[2].get(MARK) and OURS in row[2] else None,
                              row[5])]
