"""YAML files in, strictly checked and with locations, and out, with comments kept; only this package knows YAML.

load: load a project's definitions: all files read, checked and combined; start here
discovery: the definition files on disk, found in a stable order and read whole
channel_file: one channel file parsed, checked, and turned into desired channels and feeds
consistency: what is wrong with a channel file beyond its schema
templates: settings with placeholders that channels use, and what is wrong with one alone
template_filling: the templates of all files filled in, with where each value came from
fast_reader: unquoted scalars as values, and the fast reader for files of plain lines
yaml_reader: the full reader, for all other files: values, locations and every YAML error
yaml_syntax: YAML parsers as streams of events, and syntax errors as messages that name the usual mistake
file_problems: a problem at a key or value, and how messages name and quote it
document: the text of a file, the location of each key and value, and excerpts without secrets
schema: the JSON Schemas, and a compiled yes-or-no check for each
schema_errors: schema violations as messages with a fix
value_hints: what the author probably meant by a value of the wrong type
channel_writer: channels as the text of channel files
channel_editor: channel files updated and extended, with comments kept
template_drafting: channels that are alike, drafted as one template
project_file: reconciler.yaml, found, read and turned into records
git: git run safely; the current commit, branches and tracked files
commits: the files and the definitions of another commit, and whether the working tree differs from it
"""
