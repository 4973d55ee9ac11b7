"""What a card that makes or colours its own sentence says: words by tone, and colours.

`words` maps a tone (call, serving, pause, closed, welcome) to a sentence with {text} (the server's own
sentence), {number} and {window}; a tone that is not there says {text}. Colours are red, green and yellow; a
card without one of them shows its first.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final, Literal, get_args

from drivers.jobs import ShowText, TextKind
from drivers.protocol.frame_template import Mistake, Run

Colour = Literal["red", "green", "yellow"]
TONES: Final = get_args(TextKind)
PLACES: Final = frozenset({"text", "number", "window"})
COLOURS: Final[dict[TextKind, Colour]] = {
    "call": "red",
    "serving": "green",
    "pause": "yellow",
    "closed": "yellow",
    "welcome": "green",
}


def say(job: ShowText, words: Mapping[str, str]) -> str:
    """The sentence for this job; a text that has no number says itself where the sentence is made of one."""
    sentence = words.get(job.tone, "{text}")
    if "{number}" in sentence and not job.number:
        sentence = "{text}"
    facts = {"text": job.text, "number": job.number or "", "window": job.window_number or ""}
    return sentence.format_map(facts)


def colour_of(job: ShowText, colours: Mapping[str, str]) -> str:
    return colours.get(job.tone, COLOURS[job.tone])


def runs(job: ShowText, text: str, colours: Mapping[str, str], number_colour: str) -> tuple[Run, ...]:
    """`text` in the colour of its tone; the ticket's number in `number_colour` when there is one."""
    colour = colour_of(job, colours)
    before, number, after = text.partition(job.number) if job.number and number_colour else (text, "", "")
    pieces = (Run(before, colour), Run(number, number_colour), Run(after, colour))
    return tuple(run for run in pieces if run.text)


def word_mistakes(words: Mapping[str, str]) -> list[Mistake]:
    """What is wrong with a profile's `words`."""
    mistakes: list[Mistake] = []
    for tone, sentence in words.items():
        key = f"words.{tone}"
        if tone not in TONES:
            mistakes.append((key, f"应为 {'、'.join(TONES)} 之一", f"is not one of {', '.join(TONES)}"))
        try:
            named = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
        except ValueError as error:
            mistakes.append((key, "花括号不成对", f"cannot be read: {error}"))
            continue
        if not named <= PLACES:
            mistakes.append((key, "只能用 {text} {number} {window}", "takes {text}, {number}, {window}"))
    return mistakes


def colour_mistakes(colours: Mapping[str, str], where: str) -> list[Mistake]:
    """What is wrong with a profile's colours by tone."""
    return [
        (f"{where}.{tone}", "应为语气 = 颜色", "is a tone with red, green or yellow")
        for tone, colour in colours.items()
        if tone not in TONES or colour not in get_args(Colour)
    ]
