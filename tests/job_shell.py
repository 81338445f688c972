"""A shell of the smallest kind: runs one program on a terminal as a job that can be stopped and continued.

    python job_shell.py TERMINAL [&] PROGRAM ARGUMENT...

``&`` starts it in the background. As bash and zsh do, it hands the terminal to a job that runs already without a word:
only one that was stopped gets SIGCONT. Unlike a real shell it leaves the terminal's modes alone, so that a test sees in
which state the program left them, except for a job that was started in the background: until that is in front, the
modes are those of a line editor. It writes ``started PID``, ``stopped`` and ``exited CODE`` to standard output, and
obeys each line of standard input: ``fg`` takes the job to the foreground, ``bg`` continues it in the background.
"""

from __future__ import annotations

import os
import signal
import sys
import termios


def main(terminal: str, *program: str) -> None:
    """Run it; the caller has made this process the leader of a new session."""
    # The first terminal that the leader of a session opens becomes its controlling terminal.
    fd = os.open(terminal, os.O_RDWR)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    behind = program[0] == "&"
    if behind:
        program = program[1:]
        before = termios.tcgetattr(fd)
        os.tcsetpgrp(fd, os.getpgrp())
        edit_lines(fd)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        if not behind:
            os.tcsetpgrp(fd, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for standard in (0, 1, 2):
            os.dup2(fd, standard)
        os.execv(program[0], program)
    print(f"started {job}", flush=True)
    if behind and sys.stdin.readline():
        termios.tcsetattr(fd, termios.TCSANOW, before)
        os.tcsetpgrp(fd, job)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            print(f"exited {os.waitstatus_to_exitcode(status)}", flush=True)
            return
        os.tcsetpgrp(fd, os.getpgrp())
        print("stopped", flush=True)
        is_running = False
        while (how := sys.stdin.readline().strip()) == "bg":
            os.kill(-job, signal.SIGCONT)
            is_running = True
        os.tcsetpgrp(fd, job)
        if how != "fg":
            os.kill(-job, signal.SIGKILL)
        if not is_running:
            os.kill(-job, signal.SIGCONT)


def edit_lines(fd: int) -> None:
    """Characters one by one and unechoed, as a shell's line editor wants them."""
    modes = termios.tcgetattr(fd)
    modes[0] &= ~termios.ICRNL
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(fd, termios.TCSANOW, modes)


if __name__ == "__main__":
    main(*sys.argv[1:])
