"""The line of questions in front of an assistant that answers a few at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Place:
    """Where one question stands in a line."""

    def __init__(self, line: "Line") -> None:
        self._line = line

    async def waiting(self) -> AsyncIterator[int]:
        """How many are ahead, each time that changes, until it is this question's turn."""
        line, told = self._line, 0
        while ahead := line.ahead_of(self):
            if ahead != told:
                told = ahead
                yield ahead
            async with line.moved:
                if line.ahead_of(self) == told:
                    await line.moved.wait()


class Line:
    """First come, first served; `width` questions are answered at a time. For one event loop."""

    def __init__(self, width: int = 2) -> None:
        self.moved = asyncio.Condition()
        self._width = width
        self._places: list[Place] = []

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """A place at the end of the line, given up at the end of the block."""
        place = Place(self)
        self._places.append(place)
        try:
            yield place
        finally:
            self._places.remove(place)
            async with self.moved:
                self.moved.notify_all()

    def ahead_of(self, place: Place) -> int:
        """How many must end before it is the turn of `place`; 0 when it is."""
        return max(0, self._places.index(place) - self._width + 1)
