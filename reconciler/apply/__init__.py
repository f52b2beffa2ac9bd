"""Carries out a plan step by step, checking before each that the world has not moved, and journals it."""
