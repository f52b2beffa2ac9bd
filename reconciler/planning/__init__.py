"""Pure decisions: the desired and the live channels become a plan, without files, clock or network.

plan: make_plan, the pipeline from desired and live channels to a plan; read this first
matching: each desired channel matched with its live one, or why it is not
identification: the vendor's "Channel Identification" over an index of live channels
translation: codes and names in files translated to ids, and back
diff: the edits that turn a live channel into the desired one, and warnings on those that are probably mistakes
register_falls: where the register of a meter falls, probably because it was swapped
swap_facts: what a file says of meter swaps, checked against readings
versions: which of the versions that a file lists are edited, created, left alone or refused
creation: channels to be created, on which data point and with which values
changes: changes made from drafts, with verdict, fingerprint and origin
context: what a change is judged against: other channels and changes, and data that could not be read
preconditions: whether a change is legal now
conversions: whether a channel may become calculated or simple, and what its formula may use
dependencies: cycles, blocked dependents, the order of apply
feed_paths: what identifiers resolve to before and after each change
feed_impact: feeds through a plan, and a re-check before each change is applied
approval: guards, and whether a reviewed plan still holds
removed: what a change of the files removes, renames, or makes select another channel
environments: the definitions of one environment, and what is wrong with the environments that channels name
offline_checks: what the files alone can get wrong across channels and feeds
constraints: what EnergyCAP requires of the values of one channel
formula_checks: what can be wrong with a formula
messages: how findings quote values, name channels and suggest similar names
importing: live channels drafted as channel files
"""
