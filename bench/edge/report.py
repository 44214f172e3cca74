"""What a run comes to: one row a figure, and the table at the end."""

import dataclasses

HEAD = ("scenario", "unit", "nginx", "boathook", "ratio", "aim", "met")
COST = "CPU s / 100k"
NONE = "-"


@dataclasses.dataclass(frozen=True)
class Row:
    """A figure beside its aim. Without a reference there is no ratio, and the aim is for the figure itself."""

    scenario: str
    unit: str
    boathook: float
    aim: float
    reference: float | None = None
    reference_is_nginx: bool = True
    aim_is_ratio: bool = True

    @property
    def ratio(self) -> float | None:
        """Ours to the reference."""
        return self.boathook / self.reference if self.reference else None

    def met(self) -> bool:
        """Whether the figure, or its ratio, is within the aim."""
        measured = self.ratio if self.aim_is_ratio else self.boathook
        return measured is not None and measured <= self.aim

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        aim = f"<= {self.aim:g}" + ("" if self.aim_is_ratio else f" {self.unit}")
        return (
            self.scenario,
            self.unit,
            _number(self.reference if self.reference_is_nginx else None),
            _number(self.boathook),
            _number(self.ratio),
            aim,
            "yes" if self.met() else "no",
        )


@dataclasses.dataclass(frozen=True)
class Note:
    """A scenario without a figure, and why."""

    scenario: str
    reason: str
    failed: bool


def table(rows: list[Row | Note]) -> str:
    """All rows under one head; notes span the columns."""
    lines = [HEAD] + [row.cells() for row in rows if isinstance(row, Row)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    first = max([widths[0], *(len(row.scenario) for row in rows)])
    return "\n".join([_line(HEAD, [first, *widths[1:]]), *(_show(row, [first, *widths[1:]]) for row in rows)])


def _show(row: Row | Note, widths: list[int]) -> str:
    if isinstance(row, Row):
        return _line(row.cells(), widths)
    return f"{row.scenario:{widths[0]}}  {row.reason.splitlines()[0]}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
