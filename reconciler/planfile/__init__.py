"""The saved plan: records to JSON and back, sealed with a digest, and refused if its parts disagree.

writing: a plan as the text of a plan file; read this first
reading: the text of a plan file as a plan, or why it is refused
rows: the objects of the file as types, and the words for what is damaged
agreement: whether the parts of a plan file agree with each other
"""
