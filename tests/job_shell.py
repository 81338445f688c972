"""A shell of the smallest kind: runs one program on a terminal as a job that can be stopped and continued.

    python job_shell.py TERMINAL PROGRAM ARGUMENT...

Unlike a real shell it leaves the terminal's modes alone, so that a test sees in which state the program left them. It
writes ``started PID``, ``stopped`` and ``exited CODE`` to standard output, and continues the job for each line of
standard input: ``fg`` in the foreground, ``bg`` in the background.
"""

from __future__ import annotations

import os
import signal
import sys


def main(terminal: str, *program: str) -> None:
    """Run it; the caller has made this process the leader of a new session."""
    # The first terminal that the leader of a session opens becomes its controlling terminal.
    fd = os.open(terminal, os.O_RDWR)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(fd, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for standard in (0, 1, 2):
            os.dup2(fd, standard)
        os.execv(program[0], program)
    print(f"started {job}", flush=True)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            print(f"exited {os.waitstatus_to_exitcode(status)}", flush=True)
            return
        os.tcsetpgrp(fd, os.getpgrp())
        print("stopped", flush=True)
        while (how := sys.stdin.readline().strip()) == "bg":
            os.kill(-job, signal.SIGCONT)
        os.tcsetpgrp(fd, job)
        if how != "fg":
            os.kill(-job, signal.SIGKILL)
        os.kill(-job, signal.SIGCONT)


if __name__ == "__main__":
    main(*sys.argv[1:])
