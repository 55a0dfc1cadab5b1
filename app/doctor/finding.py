"""One line of the doctor's report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """`NOTE` tells of something that is absent and need not be there."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found. `advice` says what to do about it; empty if nothing needs doing."""

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


def report_lines(findings: Sequence[Finding]) -> list[str]:
    """The findings as aligned lines, advice below them, the count of troubles at the end."""
    subject_width = max((len(finding.subject) for finding in findings), default=0)
    lines = []
    for finding in findings:
        head = f"{finding.verdict.value:<4}  {finding.subject:<{subject_width}}  "
        lines.append(f"{head}{finding.text}")
        if finding.advice:
            lines.append(f"{'':<{len(head)}}→ {finding.advice}")
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    warned = sum(finding.verdict is Verdict.WARN for finding in findings)
    if failed or warned:
        lines.append(f"{failed} failed, {warned} to look at.")
    else:
        lines.append("All is well.")
    return lines
