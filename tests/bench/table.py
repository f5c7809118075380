"""Results as a Markdown table."""

import statistics

from tests.bench.timing import percentile

NAMES = ("What", "p50 ms", "p95 ms", "CPU p50 / p95", "queries", "floor p50 ms", "× floor", "peak MB", "target",
         "met")  # fmt: skip


def heading() -> str:
    """Return the first two lines."""
    return f"| {' | '.join(NAMES)} |\n|{'---|' * len(NAMES)}"


def row(result) -> str:
    """Return one `tests.bench.timing.Result` as a line."""
    cells = (
        result.name, f"{result.p50:.1f}", f"{result.p95:.1f}",
        f"{statistics.median(result.work):.0f} / {percentile(result.work, 0.95):.0f}"
        if result.work
        else "",
        str(max(result.queries)) if result.queries else "",
        f"{statistics.median(result.floors):.1f}", f"{result.ratio:.2f}",
        f"{result.peak_mb:.0f}" if result.peak_mb else "", result.target,
        result.verdict if result.target else "",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
