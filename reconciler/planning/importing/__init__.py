"""Live channels drafted as channel files.

drafting: live channels drafted as desired ones; read this first
inventory: which live channels are managed, names and files for the others, which to import
listed_versions: live versions that are new since a file listed the versions of its channel
updates: live values written to files that manage them, and the check that the plan is then empty
"""
