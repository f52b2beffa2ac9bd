"""Live channels drafted as channel files.

drafting: live channels drafted as desired ones; read this first
selection: which live channels an import takes
naming: names and files for imported channels
updates: live values taken over into files, and the check that the plan is then empty
"""
