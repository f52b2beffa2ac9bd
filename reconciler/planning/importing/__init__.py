"""Decides what files would say of live channels so that a plan of these files is empty."""
