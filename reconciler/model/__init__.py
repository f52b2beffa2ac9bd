"""Plain data that every other package shares: records, the table of fields, and when two values are equal.

fields: the table of fields, one row for each value that git can manage; read this first
channels: desired channels from the files, live channels and reference data from the service
identifiers: how a channel is identified by a select, a feed or readings, and how that resolves
plan: a plan as data: changes, edits, blockers, the steps of feeds
outcomes: the result of an apply, and the events while it runs
findings: a finding, its severity, and its location in a file
project: the project file as records: environments and guards
effects: what a change does to stored values, as far as it is proved
windows: how far back stored readings are looked at
registers: stored readings, what a file says of a meter swap, and a fall of the register
values: values of fields, and how numbers and times are normalized
canonical: field values in canonical form, and whether two of them are equal
formulas: formulas as tokens: references, renaming, equality
units: units as people write them, and the factor between two of them
hosts: the hosts that may receive an API key
lookalikes: different texts that look alike, made distinguishable
"""
