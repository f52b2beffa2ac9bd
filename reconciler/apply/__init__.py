"""Applies a plan change by change: checks each again on a fresh read, journals it, writes it and reads it back.

run: apply_plan: workers, when to stop, the final verification, the result; read this first
step: one change applied
recheck: whether a change still holds on a fresh read
remaining: what of a change is still to be written, by which writes, and how a channel must read after one
writes: one write: how it is sent, and whether it was done
read_back: how a channel differs from what is expected, and the final read-back
scheduler: which change is next, and how many are applied at once
new_channels: channels that may not be there, and the ids of new ones for what stands for them in a plan
write_history: the confirmed writes of a run, which reads may lag behind
journal: a durable intent before each write, and its result after it
journal_entries: journal entries as JSON lines, and back
journal_reader: what a journal says: its plan, the writes, the result so far
rollback: the plan that reverts what a journal says was written
"""
