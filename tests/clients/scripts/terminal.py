"""Runs a program at a terminal and answers what it asks, as a person would.

Arguments: answers as JSON, then the program and its arguments. An answer is [text to wait for, what to
type]; the texts are waited for in their order, without the terminal's colours and movements. Out: all
that the program printed, in the same way. The exit code is the program's.
"""

import json
import os
import pty
import re
import select
import sys

# Seconds without a word after which a program counts as stuck.
PATIENCE = 120
CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>78]|\r")


def run(answers, program):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(program[0], program)
    said, seen = b"", 0
    while True:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        if not ready:
            os.kill(child, 9)
            return said, f"the program waits for something else than {answers[:1]}"
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the program has closed the terminal
            part = b""
        if not part:
            break
        said += part
        plain = CONTROLS.sub(b"", said).decode(errors="replace")
        while answers and (at := plain.find(answers[0][0], seen)) >= 0:
            text, answer = answers.pop(0)
            seen = at + len(text)
            os.write(terminal, answer.encode())
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if answers:
        return said, f"it was never said: {answers[0][0]}"
    return said, code


said, ended = run(json.loads(sys.argv[1]), sys.argv[2:])
sys.stdout.write(CONTROLS.sub(b"", said).decode(errors="replace"))
sys.exit(ended)
