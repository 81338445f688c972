"""``voicecoach journal``: what was done, what hurt, and what was answered."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from voicecoach import doctor_page
from voicecoach.cli.complaints import complain
from voicecoach.cli.signals import Signals
from voicecoach.errors import JournalError, UsageError
from voicecoach.history import APPROVAL_WITHDRAWN, History, add_up, clean
from voicecoach.journal import append, default_path, delete, encode, exists, read, wall_clock
from voicecoach.journal_report import BrokenLines, csv_lines, report


def run(options: argparse.Namespace, _: Signals) -> int:
    """Show it, or what of it was asked for; 0 also where lines of it cannot be read."""
    if options.yes and not options.delete:
        raise UsageError("--yes goes with --delete only.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names may hold letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(encoding="utf-8" if options.csv else None, errors="replace")
    path, today = default_path(), wall_clock().date()
    if options.path:
        print(path)
        return 0
    if not exists(path):
        print("There is no journal yet: your first session begins it.", file=sys.stderr if options.csv else sys.stdout)
        return 0
    if options.delete:
        return _delete_journal(path, options.yes)
    broken = BrokenLines(path.name)
    if options.csv:
        for line in csv_lines(read(path, broken)):
            print(line, end="")
    else:
        history = add_up(read(path, broken))
        if options.for_doctor is not None:
            for page in doctor_page.write(options.for_doctor, history, today):
                print(page)
        elif options.forget_approval is not None:
            _forget_approval(path, history, options.forget_approval)
        else:
            for line in report(history, today):
                print(line)
    complain(*broken.lines())
    return 0


def _delete_journal(path: Path, confirmed: bool) -> int:
    if not confirmed:
        if not sys.stdin.isatty():
            raise UsageError("Nobody can be asked here; voicecoach journal --delete --yes deletes without asking.")
        print(f"{path} holds what you did, what hurt, and that you were approved. Deleted, it cannot be brought back.")
        try:
            confirmed = input("Type yes to delete it: ").strip().lower() == "yes"
        except EOFError:
            print()
    if confirmed:
        delete(path)
    print("The journal is deleted." if confirmed else "Nothing was deleted.")
    return 0


def _forget_approval(path: Path, history: History, name: str) -> None:

    kept = [approval for approval in history.approvals if approval.stands]
    routine = clean(Path(name).stem if name.endswith((".yaml", ".yml")) else name) or None
    meant = [approval for approval in kept if routine in (None, approval.routine)]
    if not meant and routine is not None:
        names = ", ".join(sorted({str(approval.routine) for approval in kept})) or "none"
        raise UsageError(f'No approval of "{routine}" is kept; kept: {names}.')
    if not meant:
        print("No approval is kept.")
        return
    try:
        append(path, encode(wall_clock(), APPROVAL_WITHDRAWN, {"routine": routine}))
    except OSError as fault:
        raise JournalError(f"{path}: the approval could not be taken back: {fault.strerror or fault}.") from fault
    for approval in meant:
        print(f"{approval.title}: the approval of {approval.at:%Y-%m-%d} is taken back; you will be asked again.")
