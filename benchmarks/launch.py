"""Runs one command and says what it cost; so small that its own memory does not show in the command's.

Run as a program: a file for the figures, then the command. The figures are seconds of wall time, seconds of CPU, and
the KiB of the largest process: a copy of whoever starts a process counts as that process until it is another program.
"""

import os
import sys
import time


def _main(figures: str, *command: str) -> int:
    start = time.perf_counter()
    process = os.fork()
    if process == 0:
        os.execvp(command[0], command)  # noqa: S606 - the command of the benchmark, without a shell
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - start
    with open(figures, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would be half of this program's memory
        file.write(f"{wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
