"""The words of the trade as frozen records, and the table of fields."""
