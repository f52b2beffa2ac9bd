"""How fast, and with how much memory, beside what others need for the same: figures are ratios of one run."""
