"""Whether the tests notice a fault: `python -m tests.mutation` makes small ones and runs the tests near them.

* `mutants.py`: the faults that can be made in a source text.
* `__main__.py`: a sample of them, each in a copy of the project.
* `equivalent.py`: those that change nothing anyone could see, with the reasons.
"""
