"""Applies a plan change by change: checks each again on a fresh read, journals it, writes it and reads it back.

run: apply_plan: workers, when to stop, the final verification, the result; read this first
step: one change applied
recheck: whether a change still holds on a fresh read
writes: one write: what it says, and whether it was done
read_back: how a channel must read after a write, and the final read-back
scheduler: which change is next, and how many are applied at once
journal: a durable intent before each write, and its result after it
journal_entries: journal entries as JSON lines, and back
journal_reader: what a journal says: its plan, the writes, the result so far
rollback: the plan that reverts what a journal says was written
"""
