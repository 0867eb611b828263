"""A service's report on many orders that it was asked for at once: what it has against one of them. Pure."""

from __future__ import annotations

from collections.abc import Collection

from attrs import frozen

from orderdesk_sdk.plugin.answer import Answer, Rejection, ResponseLike, pending, rejected
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, TextResponse
from orderdesk_sdk.plugin.toolkit.xml_response import integer_in, texts_in, xml_root

__all__ = ["BatchReport", "ReportProblem", "XmlReportFormat"]

NO_MESSAGE = "an error without a word"


@frozen
class ReportProblem:
    """An error in a report.

    Args:
        order_names: what it calls the orders that it is about; empty: it names none.
    """

    order_names: frozenset[str]
    message: str


@frozen
class BatchReport:
    """What a report says of a batch.

    Args:
        processed, succeeded, failed: how many orders; None: it does not count them.
    """

    problems: tuple[ReportProblem, ...]
    processed: int | None = None
    succeeded: int | None = None
    failed: int | None = None

    def answer_for(self, response: ResponseLike, names: Collection[str], *, hint: str) -> Answer | None:
        """The answer for the order of these names: rejected, or pending where an error may be about another order.

        None where the report has no error for it. An error is about the order where it names the order, or where no
        order of the batch succeeded. An error that names no order is shown on each of them.

        Args:
            response: where it was read.
        """
        mine = [problem.message or NO_MESSAGE for problem in self.problems if not problem.order_names.isdisjoint(names)]
        loose = [problem.message or NO_MESSAGE for problem in self.problems if not problem.order_names]
        failed = len(loose) if self.failed is None else self.failed
        none_worked = self.processed == 0 or (failed > 0 and not self.succeeded and failed >= (self.processed or 0))
        if not loose and self.processed == 0:
            loose = ["nothing was processed"]
        elif not loose and (none_worked or failed > len(self.problems)):
            loose = ["there is an error, and not of which order"]
        text = f"the service's report says: {'; '.join(mine or loose)}"
        if mine or (loose and none_worked):
            return rejected(response, Rejection.NOT_ALLOWED, message=text, hint=hint)
        return pending(response, message=f"{text} (which order is meant, it does not say)") if loose else None


@frozen
class XmlReportFormat:
    """How a service writes such a report in XML; every name is that of a tag, or a path of them.

    Args:
        root: the report's element.
        incomplete: a tag, and its text while the report is not complete.
        problem: each of its errors or warnings.
        error: a tag in it, and its text where it is an error.
        order_names: where it names an order, with `placeholders` for what names none.
        messages: what it says.
        counts: how many were processed, succeeded and failed.
    """

    root: str
    incomplete: tuple[str, str]
    problem: str
    error: tuple[str, str]
    order_names: tuple[str, ...]
    messages: tuple[str, ...]
    counts: tuple[str, ...]
    placeholders: Collection[str] = ()

    def read(self, response: TextResponse) -> BatchReport:
        """The report in a response. Raises MalformedResponseError where there is none that is complete."""
        report = next(xml_root(response).iter(self.root), None)
        if report is None or _contains(texts_in(report, self.incomplete[0]), self.incomplete[1]):
            raise MalformedResponseError(f"it is not a complete {self.root}", location="the report")
        problems = tuple(
            ReportProblem(
                frozenset(texts_in(one, *self.order_names)).difference(self.placeholders),
                ": ".join(texts_in(one, *self.messages)),
            )
            for one in report.iter(self.problem)
            if _contains(texts_in(one, self.error[0]), self.error[1])
        )
        return BatchReport(problems, *(integer_in(report, path) for path in self.counts))


def _contains(words: tuple[str, ...], word: str) -> bool:
    return word.lower() in map(str.lower, words)
