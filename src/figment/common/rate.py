"""How fast a training goes, and how long it will take."""

from collections import deque

from figment.common.units import as_time

RATE_SECONDS = 20.0  # over which images a second are averaged


class Rate:
    """Images a second over the last seconds."""

    def __init__(self) -> None:
        self.points: deque[tuple[float, int]] = deque()

    def at(self, seconds: float, images: int) -> float:
        """Images a second, now that so many were seen in so many seconds; 0 where nothing is known yet."""
        if not self.points or seconds - self.points[-1][0] >= 0.2:
            self.points.append((seconds, images))
        while seconds - self.points[0][0] > RATE_SECONDS and len(self.points) > 2:
            self.points.popleft()
        since, before = self.points[0]
        return (images - before) / (seconds - since) if seconds > since else 0.0


def time_left(budget_images: int | None, budget_seconds: float | None, images: int, seconds: float, rate: float) -> str:
    """How long a budget will last, in words; "?" where nobody can tell. rate: images a second."""
    if budget_seconds is not None:
        return as_time(max(budget_seconds - seconds, 0))
    # The last step may show more images than were asked for.
    return as_time(max((budget_images or 0) - images, 0) / rate) if rate else "?"
