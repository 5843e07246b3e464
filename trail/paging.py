"""Pages of lists that may be of any length."""

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class BoundedPaginator(Paginator):
    """Counts no further than `counted`, and has no pages beyond: those are reached by a narrower search."""

    counted = 10_000
    # Whether pages follow that nobody has counted.
    is_open = False
    object_list: QuerySet

    def look_ahead(self, number: str | None) -> Page:
        """As `get_page`, without counting: one row more than the page shows tells whether another one follows.

        For what is searched: of a common name among very many, counting takes ten times as long as a page. A page that
        is beyond the last one is found by counting after all.
        """
        place = int(number) if number and number.isdecimal() else 1
        bottom = (place - 1) * self.per_page
        rows = list(self.object_list[bottom : bottom + self.per_page + 1]) if 0 <= bottom < self.counted else []
        if not rows and place != 1:
            return self.get_page(number)
        self._found = bottom + len(rows)
        self.is_open = len(rows) > self.per_page and self._found <= self.counted
        return Page(rows[: self.per_page], place, self)

    @cached_property
    def _found(self) -> int:
        # The keys alone: what a line says of its row is not worked out for those that no page shows.
        return self.object_list.order_by().values("pk")[: self.counted + 1].count()

    @property
    def count(self) -> int:
        return min(self._found, self.counted)

    @property
    def is_cut(self) -> bool:
        """Whether there is more than has pages."""
        return self._found > self.counted
