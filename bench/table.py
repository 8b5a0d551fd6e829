"""The table that a comparison ends with."""


class Table:
    """Rows of (what, value of ferrited, value of the original, ratio)."""

    def __init__(self):
        self.rows = []

    def add(self, what, unit, ours, theirs=None, better="less", digits=1):
        """One row. better: "less" or "more"; the ratio says how many times better ours is."""
        def show(value):
            return f"{value:,.{digits}f} {unit}" if value is not None else "-"
        ratio = "-"
        if ours and theirs:
            ratio = f"{theirs / ours if better == 'less' else ours / theirs:,.1f} x"
        self.rows.append((what, show(ours), show(theirs), ratio))

    def text(self):
        """The table in Markdown, aligned."""
        rows = [("what", "ferrited", "original", "better by"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]

        def line(row):
            first, *rest = (cell.rjust(width) for cell, width in zip(row, widths))
            return "| " + " | ".join([row[0].ljust(widths[0]), *rest]) + " |"
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        return "\n".join([line(rows[0]), rule, *(line(row) for row in self.rows)])
