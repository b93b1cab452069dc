"""Warm-up, a steady part that may end at any step, and a decay to zero."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Schedule:
    """Steps count from 0; training ends before step `decay_from + decay_steps`."""

    warmup_steps: int
    decay_from: int
    decay_steps: int

    @property
    def end(self) -> int:
        return self.decay_from + self.decay_steps

    def factor(self, step: int) -> float:
        """What the rates are multiplied with, in (0, 1] before the end, 0 after."""
        rising = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        falling = (self.end - step) / self.decay_steps if step >= self.decay_from else 1.0
        return max(0.0, min(rising, falling))

    def finish(self, step: int, decay_steps: int) -> Self:
        """The same with the decay from `step` on, unless it has begun."""
        return self if step >= self.decay_from else replace(self, decay_from=step, decay_steps=decay_steps)
