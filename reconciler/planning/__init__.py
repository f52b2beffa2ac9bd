"""Pure decisions: a plan is made from the desired and the live channels; no file, clock or network.

plan: make_plan, the pipeline from desired and live channels to a plan; read this first
matching: each desired channel matched with its live one, or why it is not
identification: the vendor's "Channel Identification" over an index of live channels
translation: codes and names in files translated to ids, and back
diff: the edits that turn a live channel into the desired one
changes: drafts into changes: verdict, fingerprint, origin
context: what a change is judged against
preconditions: whether a change is legal now
conversions: whether a channel may become calculated or simple, and what its formula may use
plausibility: warnings about edits that are legal and improbable
dependencies: cycles, blocked dependents, the order of apply
feed_paths: where identifiers lead before and after each change
feed_impact: feeds through a plan, and once more at apply
approval: guards, and whether a reviewed plan still holds
removed: what the files no longer manage that they did at the base
unread_data: what the service would not let read, and which changes that blocks
offline_checks: what the files alone can get wrong across channels and feeds
constraints: what the service demands of the values of one channel
formula_checks: what can be wrong with a formula
messages: how findings quote values, name channels and suggest the nearest name
importing: live channels drafted as channel files
"""
