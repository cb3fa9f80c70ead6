"""The findings of the doctor, which are those of the commander's pre-flight, too."""

from tradewind.commander.finding import Finding, Verdict, failed, good, warning, wrong

__all__ = ["Finding", "Verdict", "failed", "good", "warning", "wrong"]
