"""Whether tests notice a fault: `python -m tests.mutation` makes small ones and runs the tests that run their lines.

* `mutants.py`: the faults that can be made in a source text.
* `covering.py`, `recorder.py`: which tests run which line, and how long each takes.
* `forking.py`: runs of tests, each in a process that has the libraries already.
* `__main__.py`: a sample of them, each in a copy of the project.
* `equivalent.py`: those that change nothing anyone could see, with the reasons.
"""
