"""Files of readings: read, checked, routed to channels, sent, and read back.

readings_file: a file of readings opened as text, its format detected; read this first
file_check: the first pass, in which every reading is counted and checked before anything is sent
import_file: the second pass, in which the file is sent in batches, and the rejects are written
reading_rows: rows and groups of readings: how they name their channel, their values, and their errors
times: the times of a file, by one strict grammar
time_hints: what a text that is not a valid time probably means
zones: the time zones that a user, a header or a data point names
csv_header: the header of a CSV file: units, factors and zones that it names, and columns that flag readings
csv_layout: the delimiter, the decimal mark, and the meaning of each column of a CSV file
csv_reader: CSV read block by block
json_reader: JSON arrays and JSON lines, read value by value
routing: the channel that a group of readings goes to, or why it goes to none
clock_changes: local times that clocks skip or repeat
duplicates: readings with the same channel and the same time
delivery: one batch sent, and its outcome found out even if the response is lost
storage_check: whether imported readings are stored as they were sent
readings_report: routes and import results as text and as JSON
"""
