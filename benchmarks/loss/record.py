"""What the clients have seen: a row for each request, and one for each stream."""

from __future__ import annotations

from array import array
from dataclasses import asdict, dataclass, field
from typing import Any

OK = ""
TENTHS_OF_MILLISECONDS = 10_000


class Names:
    """Numbers for a few words that come up again and again."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self._numbers = {word: number for number, word in enumerate(words)}

    def number(self, word: str) -> int:
        """Return the word's number; a new word gets the next one."""
        if word not in self._numbers:
            self._numbers[word] = len(self.words)
            self.words.append(word)
        return self._numbers[word]


@dataclass(frozen=True)
class StreamSeen:
    """One stream of events, over all connections that it took. Times in seconds since the load began."""

    host: str
    began: float
    seconds: float
    expected: int
    received: int
    connections: int
    """More than one where the service ended the stream politely and the client went on."""
    releases: list[str]
    cause: str
    """Empty: every event came once and in order. `open`: so it was when the load ended."""


@dataclass
class Requests:
    """Columns, one row for each request, in the order in which they ended."""

    kinds: Names = field(default_factory=Names)
    hosts: Names = field(default_factory=Names)
    releases: Names = field(default_factory=lambda: Names(""))
    causes: Names = field(default_factory=lambda: Names(OK))
    kind: array[int] = field(default_factory=lambda: array("B"))
    host: array[int] = field(default_factory=lambda: array("B"))
    release: array[int] = field(default_factory=lambda: array("B"))
    cause: array[int] = field(default_factory=lambda: array("B"))
    due: array[int] = field(default_factory=lambda: array("L"))
    """When it was due, in tenths of a millisecond since the load began."""
    latency: array[int] = field(default_factory=lambda: array("L"))
    """From then to its last byte, in tenths of a millisecond: what waits behind a slow request counts its waiting."""

    def add(self, kind: str, host: str, release: str, cause: str, *, due: float, ended: float) -> None:
        """Append a row; times in seconds since the load began."""
        self.kind.append(self.kinds.number(kind))
        self.host.append(self.hosts.number(host))
        self.release.append(self.releases.number(release))
        self.cause.append(self.causes.number(cause))
        self.due.append(round(max(due, 0.0) * TENTHS_OF_MILLISECONDS))
        self.latency.append(round(max(ended - due, 0.0) * TENTHS_OF_MILLISECONDS))

    def __len__(self) -> int:
        return len(self.due)

    def as_json(self) -> dict[str, Any]:
        """Return the columns as plain lists. Times are differences to the row before: they take a third of the room."""
        return {
            "names": {
                "kind": self.kinds.words,
                "host": self.hosts.words,
                "release": self.releases.words,
                "cause": self.causes.words,
            },
            "kind": list(self.kind),
            "host": list(self.host),
            "release": list(self.release),
            "cause": list(self.cause),
            "due_differences": [now - before for before, now in zip([0, *self.due], self.due)],
            "latency": list(self.latency),
        }


@dataclass
class Record:
    """All of one load."""

    requests: Requests = field(default_factory=Requests)
    streams: list[StreamSeen] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"requests": self.requests.as_json(), "streams": [asdict(stream) for stream in self.streams]}
