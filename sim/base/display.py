"""An object's facts as a table: for `rich.print` and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


class FactSheet:
    """Shows what `facts` says."""

    def facts(self) -> list[tuple[str, str]]:
        """What one wants to know at first sight, by name."""
        raise NotImplementedError

    def __rich__(self) -> Table:
        """The facts as a table, for `rich.print`."""
        from rich.table import Table

        table = Table("", "", show_header=False, title=type(self).__name__)
        for name, value in self.facts():
            table.add_row(name, value)
        return table

    def _repr_html_(self) -> str:
        """The facts as a table, for notebooks."""
        from html import escape  # with a table of all entities, which nobody else needs

        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self.facts())
        return f"<table>{rows}</table>"
