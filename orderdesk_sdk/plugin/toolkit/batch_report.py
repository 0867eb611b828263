"""A service's report on many orders that it was asked for at once: what it has against one of them. Pure."""

from __future__ import annotations

from collections.abc import Collection

from attrs import frozen

from orderdesk_sdk.plugin.answer import Answer, Refusal, Reply, pending, refused
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, TextReply
from orderdesk_sdk.plugin.toolkit.xml_response import number_in, words_in, xml_root

__all__ = ["BatchReport", "Problem", "XmlReport"]

NO_WORDS = "an error without a word"


@frozen
class Problem:
    """An error in a report. names: what it calls the orders that it is about; empty: it names none."""

    names: frozenset[str]
    text: str


@frozen
class BatchReport:
    """A report as it was read. processed, succeeded, failed: how many orders; None: it does not count them."""

    problems: tuple[Problem, ...]
    processed: int | None = None
    succeeded: int | None = None
    failed: int | None = None

    def verdict(self, reply: Reply, names: Collection[str], *, remedy: str) -> Answer | None:
        """What it has against the order of these names: refused, pending where another may be meant, None for nothing.

        It is sure to mean this one where an error names it, and where none of the orders succeeded. What names no order
        is told of each of them otherwise, so that the reason is not lost. reply: where it was read.
        """
        mine = [problem.text or NO_WORDS for problem in self.problems if not problem.names.isdisjoint(names)]
        loose = [problem.text or NO_WORDS for problem in self.problems if not problem.names]
        failed = len(loose) if self.failed is None else self.failed
        none_worked = self.processed == 0 or (failed > 0 and not self.succeeded and failed >= (self.processed or 0))
        if not loose and self.processed == 0:
            loose = ["nothing was processed"]
        elif not loose and (none_worked or failed > len(self.problems)):
            loose = ["there is an error, and not of which order"]
        text = f"the service's report says: {'; '.join(mine or loose)}"
        if mine or (loose and none_worked):
            return refused(reply, Refusal.NOT_ALLOWED, text=text, remedy=remedy)
        return pending(reply, text=f"{text} (which order is meant, it does not say)") if loose else None


@frozen
class XmlReport:
    """How a service writes such a report in XML; every name is that of a tag, or a path of them.

    root: the report's element. unfinished: a tag, and its text while the report is not complete. problem: each of its
    errors or warnings. error: a tag in it, and its text where it is an error. names: where it names an order, with
    `nobody` for what names none. words: what it says. counts: how many were processed, succeeded and failed.
    """

    root: str
    unfinished: tuple[str, str]
    problem: str
    error: tuple[str, str]
    names: tuple[str, ...]
    words: tuple[str, ...]
    counts: tuple[str, ...]
    nobody: Collection[str] = ()

    def read(self, reply: TextReply) -> BatchReport:
        """The report in a reply. Raises MalformedReply where there is none that is complete."""
        report = next(xml_root(reply).iter(self.root), None)
        if report is None or _says(words_in(report, self.unfinished[0]), self.unfinished[1]):
            raise MalformedReply(f"it is no complete {self.root}", place="the report")
        problems = tuple(
            Problem(
                frozenset(words_in(one, *self.names)).difference(self.nobody), ": ".join(words_in(one, *self.words))
            )
            for one in report.iter(self.problem)
            if _says(words_in(one, self.error[0]), self.error[1])
        )
        return BatchReport(problems, *(number_in(report, path) for path in self.counts))


def _says(words: tuple[str, ...], word: str) -> bool:
    return word.lower() in map(str.lower, words)
