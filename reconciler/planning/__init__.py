"""Decides: finds each desired channel's live one, diffs, checks, classifies, routes, orders. Pure."""
