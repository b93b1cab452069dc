"""Everything that can change a trained reader, in a frozen object for each of its two runs."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Config:
    seed: int = 7

    answerable_share: float = 0.57  # of an epoch's examples
    unanswerable_share: float = 0.21  # asked so by people, against a paragraph that looks right
    near_share: float = 0.14  # answerable questions with a near passage that does not answer
    exchanged_share: float = 0.08  # answerable questions with a name, year or number exchanged
    masked: float = 0.04  # of an input's word pieces, in training
    untitled: float = 0.15  # of passages that have a title, in training

    batch: int = 32  # examples of a step
    micro_batch: int = 8  # examples that one worker takes at a time
    workers: int = 2  # each on one core; far faster than one with two threads where other work shares the cores
    encoder_rate: float = 7e-5
    head_rate: float = 4e-4
    weight_decay: float = 0.01
    clip: float = 1.0  # norm of the gradient
    warmup_steps: int = 300
    steps: int = 3_454  # of a run that nobody ends early, its decay included
    decay_steps: int = 700  # the last ones, in which the rates fall to zero

    span_weight: float = 0.5  # of the losses of start and end, each
    answerable_weight: float = 0.5
    together_weight: float = 0.0  # of the loss over all passages read for a question, with one "none" for them all

    checkpoint_minutes: float = 10
    validate_minutes: float = 25
    validate_questions: int = 1_500


SECOND = Config(
    answerable_share=0.42,
    unanswerable_share=0.12,
    near_share=0.38,
    encoder_rate=5e-5,
    head_rate=2e-4,
    warmup_steps=100,
    steps=2_300,
    decay_steps=1_300,
    together_weight=1.0,
)
"""For going on from the weights of a first run: nearly every question stands beside a near passage that competes."""
