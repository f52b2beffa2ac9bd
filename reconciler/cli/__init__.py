"""The commands: each module named after one reads like the table of contents of its job.

main: the entry point; standard streams, and errors as a message and an exit code
command_line: the group of commands, and the options they share
exit_codes: the exit codes, and which one a plan or a result gives

validate, validation: `validate`; the second runs without click, for speed
plan, show: `plan`, and a saved plan or a journal shown again
apply: `apply`, of a saved plan or a new one
recovery: `apply --resume` and `apply --undo`
apply_session: what every apply does: plan, guards, approval, progress, result
import_channels: `import`
snapshot: `snapshot`
readings: `readings route` and `readings import`
init, explain, sandbox: the commands of these names

inputs: what a command works on: the project, its definitions and the live state
build_plan: a plan made of these two, and its formats
swap_readings: what stored readings say of meter swaps
output: results and log messages: formats, files, colour, progress
file_io: whole files read and written, several at once
paths: where a project is in its repository, open streams, outputs that would overwrite a used file
signals: SIGINT, SIGTERM and SIGHUP
"""
